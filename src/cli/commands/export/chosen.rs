//! Which runs and experiments an export is about: the one place that decides.

use std::collections::HashSet;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::selector::{self, Selected};
use crate::model::id::Id;
use crate::store::walk::{Found, Walk};

/// What was chosen, in the order in which it is written.
pub(super) struct Chosen {
    /// Runs, by time.
    pub(super) runs: Vec<Found>,
    /// The registrations of each experiment, by time: those chosen, and those of chosen runs.
    pub(super) experiments: Vec<(Id, Vec<Found>)>,
}

impl Chosen {
    /// What the selectors name; everything without one. What cannot be read was named when this returns.
    ///
    /// # Errors
    /// If a selector names nothing.
    pub(super) fn find(cx: &Context, selectors: &[String], walk: &mut Walk) -> Result<Self, CliError> {
        let (mut runs, mut experiments) = (std::mem::take(&mut walk.runs), std::mem::take(&mut walk.experiments));
        if selectors.is_empty() {
            cx.name_unreadable(&walk.unreadable);
            return Ok(Self { runs, experiments });
        }
        let (wanted_runs, mut wanted_experiments) = select(cx, selectors)?;
        runs.retain(|run| {
            wanted_runs.contains(&run.id) || run.experiment.is_some_and(|id| wanted_experiments.contains(&id))
        });
        wanted_experiments.extend(runs.iter().filter_map(|run| run.experiment));
        experiments.retain(|(id, _)| wanted_experiments.contains(id));
        Ok(Self { runs, experiments })
    }
}

/// The runs and the experiments that selectors name.
fn select(cx: &Context, selectors: &[String]) -> Result<(HashSet<Id>, HashSet<Id>), CliError> {
    let records = cx.records()?;
    let (mut runs, mut experiments) = (HashSet::new(), HashSet::new());
    for text in selectors {
        match selector::resolve(cx, records, text)? {
            Selected::Run(run) => drop(runs.insert(run.id)),
            Selected::Experiment(experiment) => drop(experiments.insert(experiment.id)),
            Selected::Commit(hex, found) if found.is_empty() => {
                return Err(
                    CliError::new(format!("commit {hex} has no run")).hint("git xp log --all    shows what there is")
                );
            }
            Selected::Commit(_, found) => runs.extend(found.into_iter().map(|run| run.id)),
        }
    }
    Ok((runs, experiments))
}
