//! The right side: local branches, else remote-tracking ones, else experiments known only from facts (merged, squashed, deleted).

use std::collections::HashMap;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::notices::compared;
use crate::cli::range::{Range, is_named, is_pattern};
use crate::cli::selector::nearest;
use crate::compare::{State, Subject};
use crate::git::Oid;
use crate::git::head::short;
use crate::model::experiment::{Baseline, RecordedHypothesis};
use crate::model::id::Id;
use crate::store::records::{ExperimentRecord, Records, RunRecord};

/// One experiment, or a branch with runs that is none.
pub(super) struct Found {
    /// As `compare` takes it.
    pub(super) subject: Subject,
    /// Its own baseline.
    pub(super) baseline: Option<Baseline>,
    /// The tip of its branch, or its last known commit.
    pub(super) tip: Option<Oid>,
}

/// Where branches are.
struct Branches {
    local: HashMap<String, Oid>,
    remote: HashMap<String, (String, Oid)>,
}

/// Find what the range names.
///
/// # Errors
/// If a name names nothing.
pub(super) fn find(cx: &Context, records: &Records, range: &Range) -> Result<Vec<Found>, CliError> {
    let branches = Branches::read(cx)?;
    let mut runs: HashMap<Id, Vec<&RunRecord>> = HashMap::new();
    let mut by_branch: HashMap<&str, Vec<&RunRecord>> = HashMap::new();
    for run in &records.runs {
        match (run.run.experiment, &run.run.branch) {
            (Some(id), _) => runs.entry(id).or_default().push(run),
            (None, Some(branch)) => by_branch.entry(branch).or_default().push(run),
            _ => {}
        }
    }
    let prefix = &cx.settings.start.prefix;
    let wanted = |branch: &str, name: &str| {
        range.patterns.is_empty() || range.patterns.iter().any(|pattern| is_named(pattern, prefix, branch, name))
    };
    let merged_into = cx.repo.default_branch().and_then(|branch| cx.repo.find_ref(&branch).ok().flatten());
    let mut found: Vec<Found> = records
        .experiments
        .iter()
        .filter(|experiment| wanted(short(&experiment.current.branch), &experiment.current.name))
        .map(|experiment| {
            of_experiment(cx, experiment, runs.remove(&experiment.id).unwrap_or_default(), &branches, merged_into)
        })
        .collect();
    // A branch with runs that is no experiment can be compared by its name.
    for pattern in range.patterns.iter().filter(|pattern| !is_pattern(pattern)) {
        let full = format!("refs/heads/{pattern}");
        let is_known =
            found.iter().any(|found| found.subject.branch.as_deref() == Some(&full) || found.subject.name == *pattern);
        if let (false, Some(runs)) = (is_known, by_branch.get(full.as_str())) {
            found.push(of_branch(pattern, full.clone(), runs, &branches));
        }
    }
    check_all_named(records, range, prefix, &found)?;
    Ok(found)
}

fn check_all_named(records: &Records, range: &Range, prefix: &str, found: &[Found]) -> Result<(), CliError> {
    for pattern in &range.patterns {
        let is_used = found.iter().any(|found| {
            let branch = found.subject.branch.as_deref().map(short).unwrap_or_default();
            is_named(pattern, prefix, branch, &found.subject.name)
        });
        if !is_used {
            let what = if is_pattern(pattern) { "no experiment matches" } else { "there is no experiment" };
            let error = CliError::new(format!("{what} '{pattern}'"));
            let names = records.experiments.iter().map(|experiment| experiment.current.name.as_str());
            return Err(match nearest(pattern, names) {
                Some(name) if !is_pattern(pattern) => error.hint(format!("did you mean '{name}'?")),
                _ => error.hint("git xp log --all    shows what there is"),
            });
        }
    }
    Ok(())
}

fn of_experiment(
    cx: &Context,
    experiment: &ExperimentRecord,
    runs: Vec<&RunRecord>,
    branches: &Branches,
    merged_into: Option<Oid>,
) -> Found {
    let branch = &experiment.current.branch;
    let last = runs.iter().rev().find_map(|run| cx.repo.parse_oid(&run.run.commit));
    let last = last.or_else(|| cx.repo.parse_oid(&experiment.current.commit));
    let (state, tip) = match (branches.local.get(branch), branches.remote.get(short(branch))) {
        (Some(tip), _) => (State::Local, Some(*tip)),
        (None, Some((remote, tip))) => (State::Remote(remote.clone()), Some(*tip)),
        (None, None) => match (merged_into, last) {
            (Some(into), Some(last)) if cx.repo.merge_base(into, last) == Some(last) => (State::Merged, Some(last)),
            _ => (State::Deleted, last),
        },
    };
    Found {
        subject: Subject {
            name: experiment.current.name.clone(),
            branch: Some(branch.clone()),
            commit: tip.map(|oid| oid.to_string()),
            state,
            hypothesis: experiment.current.hypothesis.clone(),
            planned_seeds: experiment.current.planned_seeds,
            runs: runs.into_iter().map(compared).collect(),
        },
        baseline: experiment.current.baseline.clone(),
        tip,
    }
}

fn of_branch(name: &str, full: String, runs: &[&RunRecord], branches: &Branches) -> Found {
    let tip = branches.local.get(&full).copied();
    Found {
        subject: Subject {
            name: name.to_owned(),
            commit: tip.map(|oid| oid.to_string()),
            state: if tip.is_some() { State::Local } else { State::Deleted },
            branch: Some(full),
            hypothesis: RecordedHypothesis::default(),
            planned_seeds: None,
            runs: runs.iter().map(|run| compared(run)).collect(),
        },
        baseline: None,
        tip,
    }
}

impl Branches {
    fn read(cx: &Context) -> Result<Self, CliError> {
        let local = cx.repo.list_refs("refs/heads/")?.into_iter().collect();
        let mut remote = HashMap::new();
        for (name, tip) in cx.repo.list_refs("refs/remotes/")? {
            if let Some((remote_name, branch)) = short(&name).split_once('/') {
                remote.entry(branch.to_owned()).or_insert((remote_name.to_owned(), tip));
            }
        }
        Ok(Self { local, remote })
    }
}
