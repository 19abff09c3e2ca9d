//! Processor, memory and GPUs.

mod ask;
mod cache;
mod gpus;
pub mod nvidia;
pub mod rocm;
mod watch;

use serde::{Deserialize, Serialize};

use super::surroundings::Surroundings;
use crate::capture::file;
use crate::model::text::printable;

pub use watch::GpuTool;

/// The GPUs of this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gpus {
    /// The version of the driver.
    pub driver: Option<String>,
    /// The GPUs, in the order of the driver.
    pub gpus: Vec<Gpu>,
}

/// A GPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gpu {
    /// Its name.
    pub name: String,
    /// Its memory in MiB, if it is known.
    pub memory: Option<u64>,
}

/// `nvidia-smi` as it is started here: one that is not in the repository, and did not hang a short while ago.
pub fn nvidia_smi(surroundings: &Surroundings) -> Option<std::path::PathBuf> {
    gpus::nvidia_smi(surroundings)
}

/// What `env.toml` says of the hardware.
pub(super) fn describe(surroundings: &Surroundings) -> toml::Table {
    let mut table = toml::Table::new();
    let cpu = file::head("/proc/cpuinfo".as_ref(), 4096).and_then(|bytes| cpu(&String::from_utf8_lossy(&bytes)));
    table.extend(cpu.map(|name| ("cpu".to_owned(), name.into())));
    let memory = file::text("/proc/meminfo".as_ref(), 64 * 1024).and_then(|text| memory(&text));
    table.extend(memory.map(|mib| ("memory_gib".to_owned(), gib(mib))));
    let found = gpus::find(surroundings);
    table.extend(found.driver.map(|driver| ("gpu_driver".to_owned(), driver.into())));
    let list = found.gpus.into_iter().enumerate().map(|(at, gpu)| {
        let mut one = toml::Table::new();
        one.insert("name".to_owned(), gpu.name.into());
        one.extend(gpu.memory.map(|mib| ("memory_gib".to_owned(), gib(mib))));
        (at.to_string(), one.into())
    });
    let list: toml::Table = list.collect();
    if !list.is_empty() {
        table.insert("gpus".to_owned(), list.into());
    }
    table
}

/// GiB with one decimal: a kernel keeps a little more or less for itself with every version.
fn gib(mib: u64) -> toml::Value {
    ((mib as f64 / 102.4).round() / 10.0).into()
}

/// The name of the first processor.
fn cpu(cpuinfo: &str) -> Option<String> {
    let names = ["model name", "cpu model", "cpu"];
    let values = cpuinfo.lines().filter_map(|line| line.split_once(':')).map(|(key, value)| (key.trim(), value.trim()));
    let values: Vec<(&str, &str)> = values.collect();
    let name =
        names.into_iter().find_map(|name| values.iter().find(|(key, value)| *key == name && !value.is_empty()))?.1;
    Some(short(&name.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// The memory of the machine in MiB.
fn memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
}

fn short(text: &str) -> String {
    printable(&text.chars().take(200).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{cpu, gib, memory};

    #[test]
    fn the_kernels_words_are_read() {
        assert_eq!(cpu("processor\t: 0\nmodel name\t: AMD  EPYC 7B13\nflags: x\n"), Some("AMD EPYC 7B13".to_owned()));
        assert_eq!(cpu("processor\t: 0\nCPU part\t: 0xd0c\n"), None);
        assert_eq!(memory("MemFree: 1 kB\nMemTotal:       24684084 kB\n"), Some(24105));
        assert_eq!(gib(24105), 23.5.into());
        assert_eq!(gib(81920), 80.0.into());
    }
}
