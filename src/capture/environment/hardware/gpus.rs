//! Finding the GPUs: from what was asked in this boot, else from the tools, else from the driver.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ask::{Answer, ask};
use super::cache::{Cache, Remembered};
use super::{Gpus, Surroundings, nvidia, rocm};
use crate::capture::environment::program;
use crate::capture::file;

/// How long a tool may take. It does once per boot, with many GPUs and without their persistence daemon for seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// A tool, what it is asked, how its answer is read.
type Tool<'a> = (Option<PathBuf>, &'a [&'a str], fn(&str) -> Gpus);

/// Names what `nvidia-smi` and `rocm-smi` tell; without them, or if they hang, what the driver does.
pub(super) fn find(surroundings: &Surroundings) -> Gpus {
    let root = Path::new("/");
    let [nvidia_smi, rocm_smi] = tools(surroundings);
    if nvidia_smi.is_none() && rocm_smi.is_none() {
        return nvidia::of_proc(root);
    }
    let cache = cache(root, &[&nvidia_smi, &rocm_smi], surroundings);
    match cache.as_ref().and_then(Cache::read) {
        Some(Remembered::Gpus(gpus)) => return gpus,
        Some(Remembered::TooLate) => return nvidia::of_proc(root),
        None => {}
    }
    let mut is_late = false;
    let tools: [Tool<'_>; 2] =
        [(nvidia_smi, &nvidia::QUESTION, nvidia::parse), (rocm_smi, &rocm::QUESTION, rocm::parse)];
    for (tool, question, parse) in tools {
        match tool.map(|tool| ask(&tool, question, PATIENCE)) {
            Some(Answer::Text(text)) => {
                let found = parse(&text);
                if !found.gpus.is_empty() {
                    cache.inspect(|cache| cache.write(&Remembered::Gpus(found.clone())));
                    return found;
                }
            }
            Some(Answer::TooLate) => is_late = true,
            Some(Answer::None) | None => {}
        }
    }
    // A tool that failed may answer the next time.
    if is_late {
        cache.inspect(|cache| cache.write(&Remembered::TooLate));
    }
    nvidia::of_proc(root)
}

/// `nvidia-smi`, unless it is not there, or hung a short while ago.
pub(super) fn nvidia_smi(surroundings: &Surroundings) -> Option<PathBuf> {
    let [nvidia_smi, rocm_smi] = tools(surroundings);
    let cache = cache(Path::new("/"), &[&nvidia_smi, &rocm_smi], surroundings);
    let hung = cache.and_then(|cache| cache.read()) == Some(Remembered::TooLate);
    nvidia_smi.filter(|_| !hung)
}

/// `nvidia-smi` and `rocm-smi`. Nobody typed their names: what this repository or another clone holds is not started, wherever PATH points to.
fn tools(surroundings: &Surroundings) -> [Option<PathBuf>; 2] {
    let is_in_clone = |path: &Path| path.ancestors().any(|above| above.join(".git").exists());
    let is_outside = |path: &Path| !path.starts_with(&surroundings.top) && !is_in_clone(path);
    let is_foreign = |path: &PathBuf| is_outside(path) && path.canonicalize().is_ok_and(|real| is_outside(&real));
    ["nvidia-smi", "rocm-smi"].map(|name| program::find_all(name, surroundings).find(is_foreign))
}

fn cache(root: &Path, tools: &[&Option<PathBuf>], surroundings: &Surroundings) -> Option<Cache> {
    let key = key(root, tools.iter().copied().flatten())?;
    Some(Cache::new(&surroundings.common_dir, key))
}

/// What an answer holds for: this boot, these tools, this driver, these devices (of a container, some of the host's). `None` where a boot has no id.
fn key<'a>(root: &Path, tools: impl Iterator<Item = &'a PathBuf>) -> Option<String> {
    let boot = file::text(&root.join("proc/sys/kernel/random/boot_id"), 4096)?;
    let mut key = vec![boot.trim().to_owned()];
    for tool in tools {
        let found = tool.metadata().ok()?;
        key.push(format!("{} {} {:?}", tool.display(), found.len(), found.modified().ok()));
    }
    key.extend(file::text(&root.join("proc/driver/nvidia/version"), 64 * 1024));
    let entries = std::fs::read_dir(root.join("dev")).into_iter().flatten().filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut devices: Vec<String> = names.filter(|name| name.starts_with("nvidia") || name == "kfd").collect();
    devices.sort();
    key.extend(devices);
    Some(key.join("\n"))
}
