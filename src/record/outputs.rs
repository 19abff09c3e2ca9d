//! What a command left in its output folder: small files go into the ledger with the run, larger ones are named.
//!
//! Nothing here fails a run that has ended: what cannot be taken is said and stays where it is.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use crate::artifact::objects::digest;
use crate::capture::params::hydra;
use crate::capture::secrets::Masker;
use crate::data::files::{Found, Kind, Walk, hash_file, open_file};
use crate::git::Repo;
use crate::model::run::{Artifact, Run};
use crate::model::text::enumerate;
use crate::store::folder::Folder;
use crate::store::ledger::safe_path;

/// A larger file is not stored, in bytes: hosts refuse large objects, and one that is refused makes every later push of the ledger fail.
const LARGEST: u64 = 10 << 20;

/// What is stored of one run in all, in bytes.
const LARGEST_SUM: u64 = 50 << 20;

/// How many files of one run are named.
const MOST: usize = 1000;

/// How many files a warning names.
const NAMED: usize = 3;

/// Take the outputs of a run into its folder, and name them in its fact. Returns sentences for the user.
pub(super) fn take(repo: &Repo, folder: &Folder, masker: &Masker, run: &mut Run) -> Vec<String> {
    let (Some(out), Ok(top)) = (&run.out, repo.work_dir()) else { return Vec::new() };
    let mut taking = Taking {
        folder,
        masker,
        out,
        names: BTreeSet::new(),
        sum: 0,
        large: Vec::new(),
        artifacts: Vec::new(),
        warnings: Vec::new(),
    };
    taking.take_all(&top.join(out));
    let mut warnings = std::mem::take(&mut taking.warnings);
    if !taking.large.is_empty() {
        warnings.push(format!(
            "{} not stored, because outputs are stored up to {} MiB a file and {} MiB a run: {} stays where it is and is recorded by \
             its digest; large files need [artifacts], which this version does not have yet",
            if taking.large.len() == 1 { "an output is".to_owned() } else { format!("{} outputs are", taking.large.len()) },
            LARGEST >> 20,
            LARGEST_SUM >> 20,
            enumerate(&taking.large, NAMED)
        ));
    }
    run.artifacts.append(&mut taking.artifacts);
    warnings
}

struct Taking<'a> {
    folder: &'a Folder,
    masker: &'a Masker,
    out: &'a str,
    names: BTreeSet<String>,
    sum: u64,
    large: Vec<String>,
    artifacts: Vec<Artifact>,
    warnings: Vec<String>,
}

impl Taking<'_> {
    fn take_all(&mut self, root: &Path) {
        let found = match fs::symlink_metadata(root) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return self.warnings.push(format!("the command wrote nothing to {}", self.out));
            }
            Err(error) => return self.warnings.push(format!("{}: {error}; no output is stored", self.out)),
        };
        if found.is_symlink() {
            return self
                .warnings
                .push(format!("{} has become a symbolic link, which is not followed; no output is stored", self.out));
        }
        if !found.is_dir() {
            let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            return self.take_one(Found {
                path: name.into_bytes(),
                full: root.to_owned(),
                kind: Kind::of(found.file_type()),
            });
        }
        let walk = match Walk::new(root) {
            Ok(walk) => walk,
            Err(error) => return self.warnings.push(format!("{error}; no output is stored")),
        };
        let mut left_out = 0_u64;
        for found in walk {
            match found {
                Ok(_) if self.artifacts.len() >= MOST => left_out += 1,
                Ok(found) => self.take_one(found),
                Err(error) => self.warnings.push(format!("{error}; what lies there is not stored")),
            }
        }
        if left_out > 0 {
            self.warnings
                .push(format!("{} holds more than {MOST} files: {left_out} are neither stored nor named", self.out));
        }
    }

    fn take_one(&mut self, found: Found) {
        let name = self.name(&found.path);
        let taken = match found.kind {
            Kind::Link => self.take_link(&found.full, name),
            Kind::File => self.take_file(&found.full, name),
            // Sockets and pipes are no results.
            Kind::Other => return,
        };
        match taken {
            Ok(artifact) => self.artifacts.push(artifact),
            Err(error) => self.warnings.push(format!("{}: {error}; it is not stored", found.full.display())),
        }
    }

    fn take_file(&mut self, full: &Path, name: String) -> io::Result<Artifact> {
        let file = open_file(full)?;
        let metadata = file.metadata()?;
        let executable = is_executable(&metadata);
        let mut bytes = Vec::new();
        if metadata.len() <= LARGEST.min(LARGEST_SUM.saturating_sub(self.sum)) {
            // It may grow meanwhile.
            file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        }
        let size = bytes.len() as u64;
        let is_small =
            size <= LARGEST.min(LARGEST_SUM.saturating_sub(self.sum)) && size >= metadata.len().min(LARGEST + 1);
        if is_small {
            let (masked, stored) = match self.mask(full, &bytes) {
                Ok(masked) => (masked, true),
                Err(masked) => (Cow::Owned(masked), false),
            };
            let (oid, size) = (digest(&masked), masked.len() as u64);
            if stored {
                self.sum += size;
                self.folder.write_file(&name, &masked)?;
            } else {
                self.warnings.push(format!("{} holds a secret and is no text; it is not stored", full.display()));
            }
            return Ok(Artifact { name, oid, size, executable, link: None, stored });
        }
        drop(bytes);
        let (sha256, stat) = hash_file(full, &mut Vec::new()).map_err(io::Error::other)?;
        self.large.push(full.display().to_string());
        let oid = crate::data::manifest::named(&sha256);
        Ok(Artifact { name, oid, size: stat.size, executable, link: None, stored: false })
    }

    /// Of a file that is no text and holds a secret, an error. What Hydra leaves is configs; other files are what they say, whatever they are called.
    fn mask<'b>(&self, full: &Path, bytes: &'b [u8]) -> Result<Cow<'b, [u8]>, Vec<u8>> {
        let name = full.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_text = !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok();
        let is_hydras =
            is_text && full.parent().and_then(Path::file_name).is_some_and(|folder| folder == hydra::FOLDER);
        match (is_hydras, name) {
            (true, hydra::OVERRIDES) => {
                Ok(self.masker.mask_overrides(bytes, &hydra::overrides(bytes).unwrap_or_default()))
            }
            (true, hydra::CONFIG | hydra::ITSELF) => Ok(self.masker.mask_config(name, bytes)),
            _ => self.masker.mask_any_file(bytes),
        }
    }

    /// A link is its text. What it points to is stored if it lies in the folder, under its own name.
    fn take_link(&self, full: &Path, name: String) -> io::Result<Artifact> {
        let text = self.masker.mask_text(&fs::read_link(full)?.to_string_lossy());
        let (oid, size) = (digest(text.as_bytes()), text.len() as u64);
        Ok(Artifact { name, oid, size, executable: false, link: Some(text), stored: true })
    }

    /// The name in the ledger. Two paths that become the same there get names of their own.
    fn name(&mut self, path: &[u8]) -> String {
        let plain = safe_path(&format!("out/{}", self.masker.mask_text(&String::from_utf8_lossy(path))));
        // On disks that do not tell cases apart, one would overwrite the other.
        let name = if self.names.contains(&plain.to_lowercase()) {
            let mark = digest(path);
            format!("{plain}+{}", &mark["sha256:".len()..][..8])
        } else {
            plain
        };
        self.names.insert(name.to_lowercase());
        name
    }
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &fs::Metadata) -> bool {
    false
}
