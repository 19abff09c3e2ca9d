//! Reading while git packs.
//!
//! A `git gc` takes loose objects and old packs away when a new pack has them. Who looks into the packs that were, and then for the loose objects, may come
//! too late for both. gix looks once more; a gc at every turn can be faster. So what could not be read is looked for with fresh eyes, as long as packs
//! come and go.

use std::path::Path;
use std::time::SystemTime;

use super::repo::Repo;

/// How many times at most.
const MOST_LOOKS: usize = 10;

impl Repo {
    /// Read something; where that fails and packs have changed since this process opened the repository, read it again.
    ///
    /// # Errors
    /// Those of the last attempt.
    pub(super) fn look<T>(&self, read: impl Fn(&gix::Repository) -> Result<T, gix::Error>) -> Result<T, gix::Error> {
        let mut found = read(&self.inner);
        let mut seen = self.packs;
        for _ in 0..MOST_LOOKS {
            if found.is_ok() {
                break;
            }
            let now = pack_time(self.inner.common_dir());
            if now == seen {
                break;
            }
            seen = now;
            let Ok(fresh) = gix::open(self.inner.common_dir()) else { break };
            found = read(&fresh);
        }
        found
    }
}

/// When packs last came or went.
pub(super) fn pack_time(common_dir: &Path) -> Option<SystemTime> {
    common_dir.join("objects/pack").metadata().and_then(|found| found.modified()).ok()
}
