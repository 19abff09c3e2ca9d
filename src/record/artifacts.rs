//! Files and folders that a program or a person logs: their bytes go into the store of Git LFS objects at once, and one line into the journal. When the
//! run is closed, pointers take their place among its files.

use std::collections::BTreeMap;
use std::path::Path;

use super::RecordError;
use crate::artifact::pointer::Pointer;
use crate::artifact::stat::{self, Stat};
use crate::artifact::store::{Store, StoreError, hex};
use crate::data::DataError;
use crate::data::manifest::{self, Kind};
use crate::data::scan::{Read, scan_with};
use crate::model::run::Artifact;
use crate::store::artifacts::manifest_name;
use crate::store::ledger::safe_path;

/// How many executable files of a folder are named.
const MOST_EXECUTABLES: usize = 1000;

/// What a type may have, in bytes.
const LONGEST_TYPE: usize = 64;

/// Store a file or folder, and say what it is. `caches` remembers what was stored before.
///
/// # Errors
/// If it cannot be read or stored, or changes all the time; nothing is said of it then.
pub fn store(
    store: &Store,
    caches: &Path,
    path: &Path,
    name: &str,
    kind: Option<String>,
) -> Result<Artifact, RecordError> {
    let found = scan_with(path, caches, &Storing(store))?;
    let name = safe_path(&format!("out/{name}"));
    let sha256 = hex(&found.sha256);
    let artifact = Artifact {
        name,
        oid: format!("sha256:{sha256}"),
        size: found.bytes,
        stored: true,
        kind,
        ..Artifact::default()
    };
    if path.is_file() {
        let pointer = Pointer { oid: sha256, size: found.bytes };
        store.settle(std::slice::from_ref(&pointer))?;
        return Ok(Artifact { executable: is_executable(path), ..artifact });
    }
    let Some(manifest) = found.manifest else {
        return Err(RecordError::TooManyFiles { path: path.to_owned(), files: found.files });
    };
    store.put(&manifest)?;
    let entries = manifest::parse(&manifest).unwrap_or_default();
    let mut executables = Vec::new();
    let mut pointers = Vec::new();
    for entry in &entries {
        let own = path.join(path_of(&entry.path));
        match entry.kind {
            Kind::Link => {
                let text = std::fs::read_link(&own).map_err(RecordError::io(&own))?;
                store.put(text.as_os_str().as_encoded_bytes())?;
            }
            Kind::File if executables.len() < MOST_EXECUTABLES && is_executable(&own) => {
                executables.push(String::from_utf8_lossy(&entry.path).into_owned());
            }
            Kind::File => {}
        }
        pointers.push(Pointer { oid: hex(&entry.sha256), size: entry.size });
    }
    store.settle(&pointers)?;
    Ok(Artifact { files: Some(found.files), executables, ..artifact })
}

/// What an artifact is among the files of its run: pointers, the texts of links, and of a folder its manifest. An empty file is itself.
///
/// # Errors
/// If the manifest of a folder is not here.
pub fn files(store: &Store, artifact: &Artifact) -> Result<BTreeMap<String, Vec<u8>>, RecordError> {
    let mut files = BTreeMap::new();
    let oid = artifact.oid.trim_start_matches("sha256:");
    if artifact.files.is_none() {
        files.insert(artifact.name.clone(), pointer(oid, artifact.size));
        return Ok(files);
    }
    let bytes = store.read_whole(oid, manifest::LARGEST_KEPT as u64)?;
    let entries = manifest::parse(&bytes).ok_or_else(|| RecordError::Manifest { name: artifact.name.clone() })?;
    for entry in entries {
        let name = safe_path(&format!("{}/{}", artifact.name, String::from_utf8_lossy(&entry.path)));
        let content = match entry.kind {
            Kind::Link => store.read_whole(&hex(&entry.sha256), entry.size)?,
            Kind::File => pointer(&hex(&entry.sha256), entry.size),
        };
        files.insert(name, content);
    }
    files.insert(manifest_name(&artifact.name), bytes);
    Ok(files)
}

/// What may stand for a type.
///
/// # Errors
/// Says what may.
pub fn check_type(text: &str) -> Result<(), &'static str> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.len() > LONGEST_TYPE || !text.chars().all(is_word) {
        return Err("a word, as in model, data or predictions");
    }
    Ok(())
}

/// As a line of a journal.
pub fn line(artifact: &Artifact) -> Result<Vec<u8>, RecordError> {
    let mut line = serde_json::to_vec(&serde_json::json!({ "artifact": artifact }))?;
    line.push(b'\n');
    Ok(line)
}

/// Artifacts of a journal, each under a name of its own: what is logged again under a name with other content lies beside the first, as everywhere in a ledger.
/// Lines may come from any program: a name that leads elsewhere is led below `out/`. `others` have their names already.
pub(super) fn named(artifacts: Vec<Artifact>, others: &[Artifact]) -> Vec<Artifact> {
    let key =
        |artifact: &Artifact| (artifact.name.to_lowercase(), artifact.oid.trim_start_matches("sha256:").to_owned());
    let mut taken: BTreeMap<String, String> = others.iter().map(key).collect();
    let mut out: Vec<Artifact> = Vec::new();
    for mut artifact in artifacts {
        let name = artifact.name.strip_prefix("out/").unwrap_or(&artifact.name);
        let plain = safe_path(&format!("out/{name}"));
        let oid = artifact.oid.trim_start_matches("sha256:");
        let is_valid = crate::artifact::pointer::is_oid(oid) && artifact.link.is_none() && plain.len() > "out/".len();
        if !is_valid {
            continue;
        }
        let beside = format!("{plain}+{}", &oid[..8]);
        let name = match taken.get(&plain.to_lowercase()) {
            Some(other) if other == oid => continue,
            Some(_) if taken.contains_key(&beside.to_lowercase()) => continue,
            Some(_) => beside,
            None => plain,
        };
        taken.insert(name.to_lowercase(), oid.to_owned());
        artifact.name = name;
        artifact.stored = true;
        out.push(artifact);
    }
    out
}

fn pointer(oid: &str, size: u64) -> Vec<u8> {
    if size == 0 { Vec::new() } else { Pointer { oid: oid.to_owned(), size }.to_string().into_bytes() }
}

/// Reading files by storing them.
struct Storing<'a>(&'a Store);

impl Read for Storing<'_> {
    fn read(&self, path: &Path, _buffer: &mut Vec<u8>) -> Result<([u8; 32], Stat), DataError> {
        let stored = self.0.take(path).map_err(|error| match error {
            StoreError::Io { path, source } => DataError::Io { path, source },
            StoreError::Changing { path } => DataError::Changing { path },
            other => DataError::Io { path: path.to_owned(), source: std::io::Error::other(other.to_string()) },
        })?;
        let sha256 =
            manifest::read_hex(stored.pointer.oid.as_bytes()).expect("the store names objects by 64 hex digits");
        Ok((sha256, stored.stat))
    }

    fn is_done(&self, sha256: &[u8; 32], size: u64) -> bool {
        self.0.find(&Pointer { oid: hex(sha256), size }).is_some()
    }
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> std::path::PathBuf {
    std::path::PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> std::path::PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

fn is_executable(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| stat::is_executable(&found))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{files, named, store};
    use crate::artifact::store::Store;
    use crate::model::run::Artifact;

    #[test]
    fn a_folder_becomes_pointers_and_a_manifest() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("model");
        fs::create_dir_all(root.join("deep")).expect("made");
        fs::write(root.join("deep/weights"), "0123456789").expect("written");
        fs::write(root.join("empty"), "").expect("written");
        #[cfg(unix)]
        std::os::unix::fs::symlink("deep/weights", root.join("link")).expect("linked");
        let lfs = Store::new(dir.path().join("lfs"), Vec::new());
        let caches = dir.path().join("caches");
        let found = store(&lfs, &caches, &root, "best", Some("model".to_owned())).expect("stored");
        assert_eq!((found.name.as_str(), found.kind.as_deref()), ("out/best", Some("model")));
        let all = files(&lfs, &found).expect("read");
        assert!(all["out/best/deep/weights"].starts_with(b"version https://git-lfs"));
        assert!(all["out/best/empty"].is_empty());
        assert!(all["artifacts/best.manifest"].starts_with(b"git-xp manifest 1\n"));
        #[cfg(unix)]
        assert_eq!(all["out/best/link"], b"deep/weights");
        assert_eq!(found.files, Some(all.len() as u64 - 1));
    }

    #[test]
    fn names_lead_nowhere_and_are_taken_once() {
        let artifact = |name: &str, digit: &str| Artifact {
            name: name.to_owned(),
            oid: format!("sha256:{}", digit.repeat(64)),
            ..Artifact::default()
        };
        let all = ["out/a", "a", "../../a", "out/A", "", ".git/config"].map(|name| artifact(name, "1"));
        let names: Vec<String> = named(all.to_vec(), &[]).into_iter().map(|artifact| artifact.name).collect();
        assert_eq!(names, ["out/a", "out/_../_../a", "out/_.git/config"]);
        let names: Vec<String> =
            named(vec![artifact("a", "1"), artifact("a", "2"), artifact("a", "2"), artifact("b", "x")], &[])
                .into_iter()
                .map(|artifact| artifact.name)
                .collect();
        assert_eq!(names, ["out/a", "out/a+22222222"]);
    }
}
