//! What the GPU's tools answered in this boot: `<git common dir>/xp/gpus/<host>.json`. It may be deleted at any time.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Gpus, file};

/// How long a tool that hung is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(600);

/// The file, and what its content must have been found with.
pub(super) struct Cache {
    path: PathBuf,
    key: String,
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Remembered {
    /// These GPUs.
    Gpus(Gpus),
    /// No answer in time.
    TooLate,
}

#[derive(Serialize, Deserialize)]
struct Content {
    key: String,
    found: Remembered,
}

impl Cache {
    /// That of this host: a work tree on a shared disk is used by several.
    pub(super) fn new(common_dir: &Path, key: String) -> Self {
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let host: String = host().chars().filter(is_plain).take(64).collect();
        Self { path: common_dir.join("xp/gpus").join(format!("{host}.json")), key }
    }

    /// What is remembered, if it still holds.
    pub(super) fn read(&self) -> Option<Remembered> {
        let content: Content = serde_json::from_slice(&file::read(&self.path, 1024 * 1024)?).ok()?;
        let is_fresh = || self.path.metadata().ok()?.modified().ok()?.elapsed().ok().filter(|age| *age < LEFT_ALONE);
        let holds = content.key == self.key && (content.found != Remembered::TooLate || is_fresh().is_some());
        holds.then_some(content.found)
    }

    /// Remember it. Where that fails, the tool is asked again.
    pub(super) fn write(&self, found: &Remembered) {
        let write = || -> Option<()> {
            let folder = self.path.parent()?;
            std::fs::create_dir_all(folder).ok()?;
            let text = serde_json::to_vec(&Content { key: self.key.clone(), found: found.clone() }).ok()?;
            let mut file = tempfile::NamedTempFile::new_in(folder).ok()?;
            file.write_all(&text).ok()?;
            file.persist(&self.path).ok().map(drop)
        };
        let _ = write();
    }
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    String::new()
}

#[cfg(test)]
mod tests {
    use super::super::{Gpu, Gpus};
    use super::{Cache, Remembered};

    #[test]
    fn what_was_found_holds_for_its_key_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let gpus = vec![Gpu { name: "A".to_owned(), memory: Some(1) }];
        let found = Remembered::Gpus(Gpus { driver: Some("nvidia 1".to_owned()), gpus });
        let cache = Cache::new(dir.path(), "boot 1".to_owned());
        assert_eq!(cache.read(), None);
        cache.write(&found);
        assert_eq!(cache.read(), Some(found));
        assert_eq!(Cache::new(dir.path(), "boot 2".to_owned()).read(), None);
        cache.write(&Remembered::TooLate);
        assert_eq!(cache.read(), Some(Remembered::TooLate));
        let hour = std::time::SystemTime::UNIX_EPOCH;
        std::fs::File::options().write(true).open(&cache.path).and_then(|file| file.set_modified(hour)).expect("set");
        assert_eq!(cache.read(), None);
        std::fs::write(&cache.path, "{").expect("written");
        assert_eq!(cache.read(), None);
    }
}
