//! AMD's GPUs, as their driver tells in `/sys`. `rocm-smi` reads the same files, and needs a good part of a second to do it.

use std::path::{Path, PathBuf};

use super::super::file;
use super::Load;

/// AMD, as PCI knows it.
const AMD: &str = "0x1002";

/// A GPU's folder.
#[derive(Debug)]
pub(super) struct Card {
    device: PathBuf,
    power: Option<PathBuf>,
}

/// Those that this process could use, in the order of their places on the bus.
pub(super) fn cards(root: &Path) -> Vec<Card> {
    let entries = std::fs::read_dir(root.join("sys/class/drm")).into_iter().flatten().filter_map(Result::ok);
    let is_card = |name: &str| name.strip_prefix("card").is_some_and(|rest| rest.parse::<u32>().is_ok());
    let devices = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_card));
    let devices = devices.map(|entry| entry.path().join("device")).filter(|device| is_usable(root, device));
    let mut devices: Vec<PathBuf> = devices.map(|device| device.canonicalize().unwrap_or(device)).collect();
    devices.sort();
    devices.into_iter().map(|device| Card { power: power(&device), device }).collect()
}

/// A container sees the folders of all, and the devices of its own.
fn is_usable(root: &Path, device: &Path) -> bool {
    let is_amd = file::text(&device.join("vendor")).is_some_and(|vendor| vendor.trim() == AMD);
    let nodes = std::fs::read_dir(device.join("drm")).into_iter().flatten().filter_map(Result::ok);
    let mut nodes = nodes.map(|entry| entry.file_name()).filter(|name| name.to_string_lossy().starts_with("renderD"));
    is_amd && device.join("gpu_busy_percent").exists() && nodes.any(|name| root.join("dev/dri").join(name).exists())
}

fn power(device: &Path) -> Option<PathBuf> {
    let monitors = std::fs::read_dir(device.join("hwmon")).ok()?.filter_map(Result::ok);
    let mut files = monitors.flat_map(|found| ["power1_average", "power1_input"].map(|name| found.path().join(name)));
    files.find(|path| path.exists())
}

impl Card {
    pub(super) fn load(&self) -> Load {
        let number = |name: &str| file::number(&self.device.join(name));
        let microwatts = self.power.as_ref().and_then(|path| file::number(path));
        Load {
            busy: number("gpu_busy_percent").map(|share| share.min(100) as f64),
            used: number("mem_info_vram_used"),
            memory: number("mem_info_vram_total"),
            power: microwatts.map(|power| power as f64 / 1e6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Load, cards};

    #[test]
    fn the_drivers_files_are_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("written");
        };
        for (card, vendor, node) in
            [("card1", "0x1002", "renderD128"), ("card0", "0x8086", "renderD129"), ("card2", "0x1002", "renderD130")]
        {
            let device = format!("sys/class/drm/{card}/device");
            write(&format!("{device}/vendor"), &format!("{vendor}\n"));
            write(&format!("{device}/gpu_busy_percent"), "97\n");
            write(&format!("{device}/mem_info_vram_used"), "1000\n");
            write(&format!("{device}/mem_info_vram_total"), "4000\n");
            write(&format!("{device}/hwmon/hwmon3/power1_average"), "41000000\n");
            write(&format!("{device}/drm/{node}/dev"), "");
        }
        write("dev/dri/renderD128", "");
        let found: Vec<Load> = cards(dir.path()).iter().map(super::Card::load).collect();
        assert_eq!(found, [Load { busy: Some(97.0), used: Some(1000), memory: Some(4000), power: Some(41.0) }]);
    }
}
