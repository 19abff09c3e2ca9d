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

/// Whose params are looked for, and with what.
#[derive(Clone, Copy)]
pub(in crate::record) struct Search<'a> {
    /// Where to look.
    pub(in crate::record) left: &'a Left<'a>,
    /// The folder of the run, where files are stored.
    pub(in crate::record) folder: &'a Folder,
    /// Masks what is stored.
    pub(in crate::record) masker: &'a Masker,
    /// Whether a file was written since the run was opened.
    pub(in crate::record) is_fresh: &'a dyn Fn(&Path) -> bool,
}

impl Search<'_> {
    /// Add to a run what was left. Returns sentences for the user.
    pub(in crate::record) fn take(&self, run: &mut Run) -> Vec<String> {
        let mut found = Vec::new();
        let mut said = Vec::new();
        if self.left.hydra {
            found.extend(hydra::read(self, run, &mut said));
        }
        if self.left.papermill {
            found.extend(notebook::read(self, run, &mut said));
        }
        for (source, values) in found {
            said.extend(merge::add(&mut run.params, &mut run.param_sources, source, values, true));
        }
        said
    }
}
