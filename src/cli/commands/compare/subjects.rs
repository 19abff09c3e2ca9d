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

/// Experiments, and branches with runs that are none.
#[derive(Default)]
pub(super) struct Found<'a> {
    /// As `compare` takes them, each with the index of its baseline.
    pub(super) subjects: Vec<(Subject<'a>, usize)>,
    /// What else is known of each.
    pub(super) origins: Vec<Origin>,
}

/// Where an experiment comes from.
pub(super) struct Origin {
    /// Its own baseline: revision and commit.
    pub(super) baseline: Option<(Symbol, Symbol)>,
    /// The tip of its branch, or its last known commit.
    pub(super) tip: Option<Oid>,
}

impl<'a> Found<'a> {
    fn push(&mut self, subject: Subject<'a>, origin: Origin) {
        self.subjects.push((subject, 0));
        self.origins.push(origin);
    }
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
) -> Result<Found<'a>, CliError> {
    let names = Names::new(&range.patterns, &cx.settings.start.prefix);
    let mut found = Found::default();
    for experiment in &records.experiments {
        let current = &experiment.current;
        if names.is_any(short(records.text(current.branch)), records.text(current.name)) {
            add_experiment(&mut found, records, experiment, branches);
        }
    }
    // A branch with runs that is no experiment can be compared by its name.
    let of_branches = range.patterns.iter().filter(|pattern| !is_pattern(pattern));
    for (pattern, branch) in of_branches.filter_map(|name| Some((name, records.names.find(&full(name))?))) {
        let branch_name = records.text(branch);
        let is_known = found
            .subjects
            .iter()
            .any(|(subject, _)| subject.branch == Some(branch_name) || subject.name == pattern.as_str());
        let runs: Vec<&RunRecord> = records.runs_on(Some(branch_name)).filter(|run| run.experiment.is_none()).collect();
        if !is_known && !runs.is_empty() {
            add_branch(&mut found, branch_name, runs, branches.local(branch));
        }
    }
    check_all_named(records, range, &cx.settings.start.prefix, &found)?;
    Ok(found)
}

fn full(name: &str) -> String {
    format!("refs/heads/{name}")
}

fn check_all_named(records: &Records, range: &Range, prefix: &str, found: &Found<'_>) -> Result<(), CliError> {
    let subjects = || found.subjects.iter().map(|(subject, _)| subject);
    let all = || subjects().map(|subject| (subject.branch.map(short).unwrap_or_default(), subject.name));
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

fn add_experiment<'a>(
    found: &mut Found<'a>,
    records: &'a Records,
    experiment: &'a ExperimentRecord,
    branches: &Branches<'_>,
) {
    let current = &experiment.current;
    let runs: Vec<&RunRecord> = records.runs_of(experiment.id).collect();
    let (state, tip) = branches.locate(experiment, &runs);
    let subject = Subject {
        name: records.text(current.name),
        branch: Some(records.text(current.branch)),
        commit: tip.filter(|_| runs.is_empty()).map(|oid| oid.to_string()),
        state,
        expect: &current.expect,
        planned_seeds: current.planned_seeds,
        runs,
    };
    found.push(subject, Origin { baseline: current.baseline, tip });
}

fn add_branch<'a>(found: &mut Found<'a>, branch: &'a str, runs: Vec<&'a RunRecord>, tip: Option<Oid>) {
    let subject = Subject {
        name: short(branch),
        branch: Some(branch),
        commit: None,
        state: if tip.is_some() { State::Local } else { State::Deleted },
        expect: &[],
        planned_seeds: None,
        runs,
    };
    found.push(subject, Origin { baseline: None, tip });
}
