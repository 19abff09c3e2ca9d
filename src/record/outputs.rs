//! What a command left in its output folder: small files go into the ledger with the run, larger ones become Git LFS objects.
//!
//! Nothing here fails a run that has ended: what cannot be taken is said and stays where it is.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{RecordError, artifacts};
use crate::artifact::digest;
use crate::artifact::stat::is_executable;
use crate::artifact::store::Store;
use crate::capture::params::hydra;
use crate::capture::secrets::Masker;
use crate::data::files::{Found, Kind, Walk, open_file};
use crate::git::Repo;
use crate::model::run::{Artifact, Run};
use crate::store::folder::Folder;
use crate::store::ledger::safe_path;

/// A larger file becomes an LFS object, in bytes: hosts refuse large objects of git, and one that is refused makes every later push of the ledger fail.
const LARGEST: u64 = 10 << 20;

/// What is kept in the ledger of one run in all, in bytes; beyond it, files of any size become LFS objects.
const LARGEST_SUM: u64 = 50 << 20;

/// How many files of one run are named one by one.
const MOST: usize = 1000;

/// Take the outputs of a run into its folder, and name them in its fact. Returns sentences for the user.
pub(super) fn take(repo: &Repo, folder: &Folder, masker: &Masker, run: &mut Run) -> Vec<String> {
    let (Some(out), Ok(top)) = (&run.out, repo.work_dir()) else { return Vec::new() };
    let mut taking = Taking {
        folder,
        masker,
        out,
        names: BTreeSet::new(),
        sum: 0,
        store: Store::of(repo),
        caches: repo.common_dir().join("xp/data"),
        artifacts: Vec::new(),
        warnings: Vec::new(),
    };
    taking.take_all(&top.join(out));
    let warnings = taking.warnings;
    run.artifacts.append(&mut taking.artifacts);
    warnings
}

struct Taking<'a> {
    store: Store,
    caches: PathBuf,
    folder: &'a Folder,
    masker: &'a Masker,
    out: &'a str,
    names: BTreeSet<String>,
    sum: u64,
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
        if Walk::new(root).is_ok_and(|walk| walk.take(MOST + 1).count() > MOST) {
            return self.take_folder(root);
        }
        let walk = match Walk::new(root) {
            Ok(walk) => walk,
            Err(error) => return self.warnings.push(format!("{error}; no output is stored")),
        };
        for found in walk {
            match found {
                Ok(found) => self.take_one(found),
                Err(error) => self.warnings.push(format!("{error}; what lies there is not stored")),
            }
        }
    }

    /// Very many files become one artifact: a fact that names each would be too long for every reader.
    fn take_folder(&mut self, root: &Path) {
        let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let artifact = artifacts::store(&self.store, &self.caches, root, &self.masker.mask_text(&name), None);
        let taken = artifact.and_then(|artifact| Ok((artifacts::files(&self.store, &artifact)?, artifact)));
        let written = taken.and_then(|(files, artifact)| {
            for (name, bytes) in files {
                self.folder.write_file(&name, &bytes).map_err(RecordError::io(self.folder.files()))?;
            }
            Ok(artifact)
        });
        match written {
            Ok(artifact) => self.artifacts.push(artifact),
            Err(error) => self.warnings.push(format!("{}: {error}; no output is stored", self.out)),
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
            return Ok(Artifact { name, oid, size, executable, stored, ..Artifact::default() });
        }
        drop(bytes);
        let pointer = self.store.take(full).map_err(io::Error::other)?.pointer;
        self.store.settle(std::slice::from_ref(&pointer)).map_err(io::Error::other)?;
        self.folder.write_file(&name, pointer.to_string().as_bytes())?;
        let oid = format!("sha256:{}", pointer.oid);
        Ok(Artifact { name, oid, size: pointer.size, executable, stored: true, ..Artifact::default() })
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
        Ok(Artifact { name, oid, size, link: Some(text), stored: true, ..Artifact::default() })
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
