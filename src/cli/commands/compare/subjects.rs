//! The right side: local branches, else remote-tracking ones, else experiments known only from facts (merged, squashed, deleted).

use crate::cli::branches::Branches;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::range::{Names, Range, is_pattern};
use crate::cli::selector::nearest;
use crate::compare::{State, Subject};
use crate::git::Oid;
use crate::git::head::short;
use crate::records::{ExperimentRecord, Records, RunRecord, Symbol};

/// One experiment, or a branch with runs that is none.
pub(super) struct Found<'a> {
    /// As `compare` takes it.
    pub(super) subject: Subject<'a>,
    /// Its own baseline: revision and commit.
    pub(super) baseline: Option<(Symbol, Symbol)>,
    /// The tip of its branch, or its last known commit.
    pub(super) tip: Option<Oid>,
}

/// Find what the range names.
///
/// # Errors
/// If a name names nothing.
pub(super) fn find<'a>(
    cx: &Context,
    records: &'a Records,
    branches: &Branches<'_>,
    range: &Range,
) -> Result<Vec<Found<'a>>, CliError> {
    let names = Names::new(&range.patterns, &cx.settings.start.prefix);
    let mut found: Vec<Found<'a>> = records
        .experiments
        .iter()
        .filter(|experiment| {
            let current = &experiment.current;
            names.is_any(short(records.text(current.branch)), records.text(current.name))
        })
        .map(|experiment| of_experiment(records, experiment, branches))
        .collect();
    // A branch with runs that is no experiment can be compared by its name.
    let of_branches = range.patterns.iter().filter(|pattern| !is_pattern(pattern));
    for (pattern, branch) in of_branches.filter_map(|name| Some((name, records.names.find(&full(name))?))) {
        let branch_name = records.text(branch);
        let is_known = found
            .iter()
            .any(|found| found.subject.branch == Some(branch_name) || found.subject.name == pattern.as_str());
        let runs: Vec<&RunRecord> = records.runs_on(Some(branch_name)).filter(|run| run.experiment.is_none()).collect();
        if !is_known && !runs.is_empty() {
            found.push(of_branch(branch_name, runs, branches.local(branch)));
        }
    }
    check_all_named(records, range, &cx.settings.start.prefix, &found)?;
    Ok(found)
}

fn full(name: &str) -> String {
    format!("refs/heads/{name}")
}

fn check_all_named(records: &Records, range: &Range, prefix: &str, found: &[Found<'_>]) -> Result<(), CliError> {
    let all = || found.iter().map(|found| (found.subject.branch.map(short).unwrap_or_default(), found.subject.name));
    for pattern in &range.patterns {
        let names = Names::new(std::slice::from_ref(pattern), prefix);
        if !all().any(|(branch, name)| names.is_any(branch, name)) {
            let what = if is_pattern(pattern) { "no experiment matches" } else { "there is no experiment" };
            let error = CliError::new(format!("{what} '{pattern}'"));
            let known = records.experiments.iter().map(|experiment| records.text(experiment.current.name));
            return Err(match nearest(pattern, known) {
                Some(name) if !is_pattern(pattern) => error.hint(format!("did you mean '{name}'?")),
                _ => error.hint("git xp list    shows what there is"),
            });
        }
    }
    Ok(())
}

fn of_experiment<'a>(records: &'a Records, experiment: &'a ExperimentRecord, branches: &Branches<'_>) -> Found<'a> {
    let current = &experiment.current;
    let runs: Vec<&RunRecord> = records.runs_of(experiment.id).collect();
    let (state, tip) = branches.locate(experiment, &runs);
    Found {
        subject: Subject {
            name: records.text(current.name),
            branch: Some(records.text(current.branch)),
            commit: tip.filter(|_| runs.is_empty()).map(|oid| oid.to_string()),
            state,
            expect: &current.expect,
            planned_seeds: current.planned_seeds,
            runs,
        },
        baseline: current.baseline,
        tip,
    }
}

fn of_branch<'a>(branch: &'a str, runs: Vec<&'a RunRecord>, tip: Option<Oid>) -> Found<'a> {
    Found {
        subject: Subject {
            name: short(branch),
            branch: Some(branch),
            commit: None,
            state: if tip.is_some() { State::Local } else { State::Deleted },
            expect: &[],
            planned_seeds: None,
            runs,
        },
        baseline: None,
        tip,
    }
}
