//! NVIDIA's GPUs: as `nvidia-smi` prints them, and as the kernel's driver tells without it.

use std::path::Path;

use super::{Gpu, Gpus, short};
use crate::capture::file;

/// How many GPUs are listed at most.
pub(super) const MAX_GPUS: usize = 256;

/// What `nvidia-smi` is asked.
pub(super) const QUESTION: [&str; 2] =
    ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"];

/// Read its answer: a line for each GPU, `NVIDIA A100-SXM4-80GB, 81920, 550.54.15`.
pub fn parse(answer: &str) -> Gpus {
    let mut found = Gpus::default();
    for line in answer.lines().take(MAX_GPUS) {
        // Only a name could hold a comma.
        let mut cells = line.rsplitn(3, ',').map(str::trim);
        let (Some(driver), Some(memory), Some(name)) = (cells.next(), cells.next(), cells.next()) else { continue };
        found.driver.get_or_insert_with(|| format!("nvidia {}", short(driver)));
        found.gpus.push(Gpu { name: short(name), memory: memory.parse().ok() });
    }
    found
}

/// What the driver says below `/proc`, which has no word on the memory.
pub(super) fn of_proc(root: &Path) -> Gpus {
    let folder = root.join("proc/driver/nvidia");
    let version = file::text(&folder.join("version"), 64 * 1024);
    let driver = version.as_deref().and_then(driver).map(|version| format!("nvidia {version}"));
    let entries = std::fs::read_dir(folder.join("gpus")).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<_> = entries.map(|entry| entry.path().join("information")).collect();
    paths.sort();
    let texts = paths.iter().take(MAX_GPUS).filter_map(|path| file::text(path, 64 * 1024));
    let names = texts.filter_map(|text| Some(short(text.lines().find_map(|line| line.strip_prefix("Model:"))?.trim())));
    Gpus { driver, gpus: names.map(|name| Gpu { name, memory: None }).collect() }
}

/// `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue …`: the first word that is a version.
fn driver(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with("NVRM version:"))?;
    let is_version = |word: &&str| word.contains('.') && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    line.split_whitespace().find(is_version).map(short)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Gpu, MAX_GPUS, of_proc, parse};

    #[test]
    fn an_answer_is_read() {
        let found = parse("NVIDIA A100-SXM4-80GB, 81920, 550.54.15\nOdd, Inc. X, [N/A], 550.54.15\n");
        assert_eq!(found.driver.as_deref(), Some("nvidia 550.54.15"));
        assert_eq!(found.gpus[0], Gpu { name: "NVIDIA A100-SXM4-80GB".to_owned(), memory: Some(81920) });
        assert_eq!(found.gpus[1], Gpu { name: "Odd, Inc. X".to_owned(), memory: None });
        assert!(parse("No devices were found\n").gpus.is_empty());
    }

    #[test]
    fn the_driver_tells_without_the_tool() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("proc/driver/nvidia/gpus/0000:01:00.0");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("information"), "Model: \t NVIDIA L4\nIRQ: 1\n").expect("written");
        let version =
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5\nGCC version: gcc 12.2.0\n";
        std::fs::write(dir.path().join("proc/driver/nvidia/version"), version).expect("written");
        let found = of_proc(dir.path());
        assert_eq!(found.driver.as_deref(), Some("nvidia 550.54.15"));
        assert_eq!(found.gpus, [Gpu { name: "NVIDIA L4".to_owned(), memory: None }]);
    }

    proptest! {
        #[test]
        fn any_answer_is_read(text in any::<String>(), lines in "([a-zA-Z0-9, .]{0,12}\n){0,9}") {
            assert!(parse(&text).gpus.len() <= MAX_GPUS && parse(&lines).gpus.len() <= MAX_GPUS);
        }
    }
}
