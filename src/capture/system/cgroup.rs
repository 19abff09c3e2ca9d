//! The control group of this process, which in a container has the memory's limit.

use std::path::{Component, Path, PathBuf};

use super::file;
use super::proc::{Memory, value};

/// The group in which memory is limited the most.
#[derive(Debug)]
pub(super) struct Limited {
    folder: PathBuf,
    limit: u64,
}

impl Limited {
    /// Find it: this process's group or one above, of version 2. `None` without a limit below `total` bytes.
    pub(super) fn find(root: &Path, total: u64) -> Option<Self> {
        let top = root.join("sys/fs/cgroup");
        let own = path(&file::text(&root.join("proc/self/cgroup"))?)?;
        let folders = own.ancestors().map(|below| top.join(below));
        let limited =
            folders.filter_map(|folder| Some(Self { limit: file::number(&folder.join("memory.max"))?, folder }));
        limited.filter(|found| found.limit < total && found.limit > 0).min_by_key(|found| found.limit)
    }

    /// Its memory now. Files that were read and can be dropped any time are not in use.
    pub(super) fn memory(&self) -> Option<Memory> {
        let used = file::number(&self.folder.join("memory.current"))?;
        let droppable = file::text(&self.folder.join("memory.stat")).and_then(|text| value(&text, "inactive_file "));
        Some(Memory { total: self.limit, used: used.saturating_sub(droppable.unwrap_or(0)) })
    }
}

/// The group's path below the mount, from `/proc/self/cgroup`: the line of version 2, `0::/user.slice/…`. One that leads out of a container's own
/// view is that view's top.
pub fn path(text: &str) -> Option<PathBuf> {
    let path = Path::new(text.lines().find_map(|line| line.strip_prefix("0::/"))?);
    let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    Some(if is_inside { path.to_owned() } else { PathBuf::new() })
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::{any, proptest};

    use super::{Limited, Memory, path};

    #[test]
    fn the_lowest_limit_on_the_way_up_counts() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("written");
        };
        write("proc/self/cgroup", "12:memory:/x\n0::/pod/app\n");
        write("sys/fs/cgroup/pod/app/memory.max", "max\n");
        write("sys/fs/cgroup/pod/memory.max", "2000\n");
        write("sys/fs/cgroup/pod/memory.current", "1500\n");
        write("sys/fs/cgroup/pod/memory.stat", "file 9\ninactive_file 300\n");
        let found = Limited::find(dir.path(), 10_000).expect("a limit");
        assert_eq!(found.memory(), Some(Memory { total: 2000, used: 1200 }));
        assert!(Limited::find(dir.path(), 2000).is_none());
        write("sys/fs/cgroup/memory.max", "1000\n");
        assert_eq!(Limited::find(dir.path(), 10_000).expect("a limit").limit, 1000);
    }

    #[test]
    fn paths_stay_below_the_mount() {
        assert_eq!(path("0::/\n").as_deref(), Some(Path::new("")));
        assert_eq!(path("1:cpu:/a\n0::/a b/c\n").as_deref(), Some(Path::new("a b/c")));
        assert_eq!(path("0::/../../other\n").as_deref(), Some(Path::new("")));
        assert_eq!(path("1:cpu:/a\n"), None);
    }

    proptest! {
        #[test]
        fn any_text_stays_below_the_mount(text in any::<String>(), near in r"(0::)?(/[a.]{0,3}){0,5}\n") {
            for path in [path(&text), path(&near)].into_iter().flatten() {
                assert!(path.components().all(|part| matches!(part, Component::Normal(_))));
            }
        }
    }
}
