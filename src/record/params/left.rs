//! Params that are known only when the command has ended, because Hydra or papermill made them out of what it was given.

use std::path::Path;

use super::{hydra, notebook};
use crate::capture::params::merge;
use crate::capture::secrets::Masker;
use crate::data::pin::Place;
use crate::model::run::Run;
use crate::store::folder::Folder;

/// Where to look.
#[derive(Clone, Copy)]
pub struct Left<'a> {
    /// What was started.
    pub argv: &'a [String],
    /// Where.
    pub place: &'a Place,
    /// Whether to look for what Hydra leaves.
    pub hydra: bool,
    /// Whether to look for the notebook of papermill.
    pub papermill: bool,
}

/// Add to a run what was left; `is_fresh` tells whether a file was written since the run was opened. Returns sentences for the user.
pub(in crate::record) fn take(
    left: &Left<'_>,
    folder: &Folder,
    masker: &Masker,
    run: &mut Run,
    is_fresh: &dyn Fn(&Path) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut said = Vec::new();
    if left.hydra {
        found.extend(hydra::read(left, folder, masker, run, is_fresh, &mut said));
    }
    if left.papermill {
        found.extend(notebook::read(left, folder, masker, run, is_fresh, &mut said));
    }
    for (source, values) in found {
        said.extend(merge::add(&mut run.params, &mut run.param_sources, source, values, true));
    }
    said
}
