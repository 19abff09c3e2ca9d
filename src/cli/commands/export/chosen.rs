//! Which runs and experiments an export is about: the one place that decides.

use std::collections::HashSet;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::fields::{Facts, RunFields};
use crate::cli::selector::{self, Selected};
use crate::model::id::Id;
use crate::query::Query;
use crate::records::Records;
use crate::store::walk::{Found, Walk};

/// What was chosen, in the order in which it is written.
pub(super) struct Chosen {
    /// Runs, by time.
    pub(super) runs: Vec<Found>,
    /// The registrations of each experiment, by time: those chosen, and those of chosen runs.
    pub(super) experiments: Vec<(Id, Vec<Found>)>,
}

impl Chosen {
    /// What the selectors name and the filter lets through; everything without them. What cannot be read was named when this returns.
    ///
    /// # Errors
    /// If a selector names nothing, or the filter is wrong.
    pub(super) fn find(
        cx: &Context,
        selectors: &[String],
        filter: Option<&str>,
        walk: &mut Walk,
    ) -> Result<Self, CliError> {
        let (mut runs, mut experiments) = (std::mem::take(&mut walk.runs), std::mem::take(&mut walk.experiments));
        if selectors.is_empty() && filter.is_none() {
            cx.name_unreadable(&walk.unreadable);
            return Ok(Self { runs, experiments });
        }
        let records = cx.records()?;
        let mut wanted_experiments = HashSet::new();
        if !selectors.is_empty() {
            let (wanted_runs, named) = select(cx, records, selectors)?;
            runs.retain(|run| wanted_runs.contains(&run.id) || run.experiment.is_some_and(|id| named.contains(&id)));
            wanted_experiments = named;
        }
        if let Some(filter) = filter {
            let query = Query::parse(filter)?;
            let facts = Facts::new(cx, records)?;
            facts.check(query.fields())?;
            let lookup = facts.lookup(query.fields());
            runs.retain(|run| {
                records.find_run(run.id).is_some_and(|run| query.matches(&RunFields::new(&facts, &lookup, run)))
            });
            // An experiment none of whose runs fit is not asked for.
            wanted_experiments.clear();
        }
        wanted_experiments.extend(runs.iter().filter_map(|run| run.experiment));
        experiments.retain(|(id, _)| wanted_experiments.contains(id));
        Ok(Self { runs, experiments })
    }
}

/// The runs and the experiments that selectors name.
fn select(cx: &Context, records: &Records, selectors: &[String]) -> Result<(HashSet<Id>, HashSet<Id>), CliError> {
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
