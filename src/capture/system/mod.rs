//! System metrics: what a command and the machine under it are busy with, looked at now and then while the command runs.
//!
//! Everything is read from `/proc` and `/sys`, which costs some microseconds a process; NVIDIA's GPUs are told by one `nvidia-smi` that runs beside the
//! command. [`Sampling`] is the thread that looks, `tree` follows the command's processes, `machine` is the rest of the machine, `gpu` its GPUs. The names
//! of the series are in [`names`].

mod cgroup;
mod file;
mod gpu;
mod machine;
pub mod names;
pub mod proc;
mod sampling;
mod tree;

pub use cgroup::path as cgroup_path;
pub use gpu::nvidia::parse as nvidia_line;
pub use gpu::visible::Visible;
pub use sampling::{Sample, Sampling, Sink, is_there};
