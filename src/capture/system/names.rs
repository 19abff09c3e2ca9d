//! The names of the series, MLflow's where it has the same thing. `docs/capture.md` describes them.

/// Of all cores of the machine, 0 to 100.
pub const CPU: &str = "system/cpu_utilization_percentage";
/// Memory in use, in 10^6 bytes: the machine's, or the container's where that has a limit.
pub const MEMORY: &str = "system/system_memory_usage_megabytes";
/// The same of the machine's memory, or of the container's limit, 0 to 100.
pub const MEMORY_SHARE: &str = "system/system_memory_usage_percentage";
/// How full the file system of the work tree is, 0 to 100.
pub const DISK_SHARE: &str = "system/disk_usage_percentage";
/// What is left of it, in 10^6 bytes.
pub const DISK_AVAILABLE: &str = "system/disk_available_megabytes";
/// CPU of the command's processes: 100 is one core.
pub const PROCESS_CPU: &str = "system/process_cpu_utilization_percentage";
/// Their resident memory, added up, in 10^6 bytes.
pub const PROCESS_MEMORY: &str = "system/process_memory_usage_megabytes";
/// What they have read from disks since the start, in 10^6 bytes.
pub const PROCESS_READ: &str = "system/process_disk_read_megabytes";
/// What they have written to disks since the start, in 10^6 bytes.
pub const PROCESS_WRITE: &str = "system/process_disk_write_megabytes";

/// The name of one of a GPU's series, `system/gpu_0_utilization_percentage`.
pub fn of_gpu(index: u32, what: &str) -> String {
    format!("system/gpu_{index}_{what}")
}
