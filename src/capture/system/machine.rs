//! The machine as a whole: processor, memory, the disk of the work tree.

use std::path::{Path, PathBuf};

use super::cgroup::Limited;
use super::proc::{Cpu, Memory};
use super::sampling::Values;
use super::{file, names};

/// What is remembered between looks.
pub(super) struct Machine {
    root: PathBuf,
    work_tree: PathBuf,
    cpu: Option<Cpu>,
    limited: Option<Limited>,
}

impl Machine {
    /// Look for the first time.
    pub(super) fn new(root: &Path, work_tree: &Path) -> Self {
        let mut new = Self { root: root.to_owned(), work_tree: work_tree.to_owned(), cpu: None, limited: None };
        new.cpu = new.read("proc/stat").and_then(|text| Cpu::parse(&text));
        new.limited = new.memory().and_then(|memory| Limited::find(root, memory.total));
        new
    }

    fn read(&self, path: &str) -> Option<String> {
        file::text(&self.root.join(path))
    }

    fn memory(&self) -> Option<Memory> {
        Memory::parse(&self.read("proc/meminfo")?)
    }

    /// Look again.
    pub(super) fn look(&mut self, values: &mut Values) {
        if let Some(now) = self.read("proc/stat").and_then(|text| Cpu::parse(&text)) {
            values.add_some(names::CPU, self.cpu.and_then(|before| now.since(&before)));
            self.cpu = Some(now);
        }
        if let Some(memory) = self.limited.as_ref().map_or_else(|| self.memory(), Limited::memory) {
            values.add_megabytes(names::MEMORY, memory.used);
            values.add_share(names::MEMORY_SHARE, memory.used, memory.total);
        }
        self.look_at_disk(values);
    }

    #[cfg(unix)]
    fn look_at_disk(&self, values: &mut Values) {
        if let Ok(disk) = rustix::fs::statvfs(&self.work_tree) {
            // As df counts: what is kept for root is neither used nor available.
            let used = disk.f_blocks.saturating_sub(disk.f_bfree);
            values.add_share(names::DISK_SHARE, used, used.saturating_add(disk.f_bavail));
            values.add_megabytes(names::DISK_AVAILABLE, disk.f_bavail.saturating_mul(disk.f_frsize));
        }
    }

    #[cfg(not(unix))]
    fn look_at_disk(&self, _values: &mut Values) {}
}
