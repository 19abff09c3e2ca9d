//! Looking at the system while the command runs.

use std::path::PathBuf;

use crate::capture::environment::Surroundings;
use crate::capture::system::{Sampling, is_there};
use crate::cli::context::Context;
use crate::record::samples;

/// Begin, if that is wanted; it ends when what this returns is dropped.
pub(super) fn start(cx: &Context, pid: u32, surroundings: &Surroundings, journal: PathBuf) -> Option<Sampling> {
    let every = cx.settings.run.sample?;
    if !is_there() {
        cx.ui.warning("system metrics are read on Linux only: run.sample does nothing here");
    }
    samples::start(pid, every, surroundings.clone(), journal)
}
