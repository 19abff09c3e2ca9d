//! Selectors: an experiment's name, a run's id prefix, `last`, `last~1`, a commit.

use super::context::{Context, ShortIds};
use super::error::CliError;
use crate::model::id::is_prefix;
use crate::records::{ExperimentRecord, Records, RunRecord, Symbol};

/// What a selector names.
pub enum Selected<'a> {
    /// One run.
    Run(&'a RunRecord),
    /// One experiment.
    Experiment(&'a ExperimentRecord),
    /// The runs of a commit.
    Commit(String, Vec<&'a RunRecord>),
}

/// Resolve a selector.
///
/// # Errors
/// If it names nothing, or several things.
pub fn resolve<'a>(cx: &Context, records: &'a Records, text: &str) -> Result<Selected<'a>, CliError> {
    if let Some(back) = last(text) {
        return nth_last(cx, records, text, back).map(Selected::Run);
    }
    let prefix = &cx.settings.start.prefix;
    let name = text.strip_prefix("refs/heads/").unwrap_or(text);
    let name = name.strip_prefix(prefix.as_str()).unwrap_or(name);
    if let Some(experiment) = records.find_experiment_by_name(name) {
        return Ok(Selected::Experiment(experiment));
    }
    if is_prefix(text) {
        let runs: Vec<&RunRecord> =
            records.runs.iter().filter(|run| run.stem(&records.names).starts_with(text)).collect();
        let mut experiments = records.experiments.iter().filter(|found| found.id.as_str().starts_with(text));
        match (runs.as_slice(), experiments.next()) {
            ([run], None) => return Ok(Selected::Run(run)),
            ([], Some(experiment)) if experiments.next().is_none() => return Ok(Selected::Experiment(experiment)),
            ([], None) => {}
            _ => {
                let short = ShortIds::new(records.ids());
                let names: Vec<String> = runs.iter().take(8).map(|run| short.of(&run.id)).collect();
                return Err(CliError::new(format!("'{text}' is the beginning of several ids: {}", names.join(", ")))
                    .hint("type one more character"));
            }
        }
    }
    if let Ok(commit) = cx.repo.resolve(text) {
        let hex = commit.to_string();
        let runs = records.runs.iter().filter(|run| run.commit() == hex).collect();
        return Ok(Selected::Commit(hex, runs));
    }
    Err(unknown(records, text))
}

/// Resolve a selector that must name one run: for an experiment or a commit, its last one.
///
/// # Errors
/// If it names no run.
pub fn resolve_run<'a>(cx: &Context, records: &'a Records, text: &str) -> Result<&'a RunRecord, CliError> {
    let (run, what) = match resolve(cx, records, text)? {
        Selected::Run(run) => (Some(run), String::new()),
        Selected::Experiment(experiment) => {
            (records.runs_of(experiment.id).next_back(), records.text(experiment.current.name).to_owned())
        }
        Selected::Commit(hex, runs) => (runs.last().copied(), hex),
    };
    run.ok_or_else(|| CliError::new(format!("'{what}' has no run yet")).hint("git xp run --seed 1 -- <command>"))
}

/// As [`resolve_run`], but of an experiment or a commit the last run that counts: one that ended ok and was not withdrawn. Where none does, the last.
///
/// # Errors
/// If it names no run.
pub fn resolve_counting_run<'a>(cx: &Context, records: &'a Records, text: &str) -> Result<&'a RunRecord, CliError> {
    let counts = |run: &&RunRecord| run.counts();
    let found = match resolve(cx, records, text)? {
        Selected::Run(run) => Some(run),
        Selected::Experiment(experiment) => records.runs_of(experiment.id).rfind(counts),
        Selected::Commit(_, runs) => runs.into_iter().rfind(counts),
    };
    found.map_or_else(|| resolve_run(cx, records, text), Ok)
}

/// `last` is 0, `last~2` is 2.
pub fn last(text: &str) -> Option<usize> {
    match text.strip_prefix("last")? {
        "" => Some(0),
        "~" => Some(1),
        rest => rest.strip_prefix('~')?.parse().ok(),
    }
}

/// The last run of the branch that is checked out, else of the repository.
fn nth_last<'a>(cx: &Context, records: &'a Records, text: &str, back: usize) -> Result<&'a RunRecord, CliError> {
    let branch = cx.repo.head().ok().and_then(|head| head.branch);
    let branch = branch.as_deref().map_or(Some(Symbol::default()), |branch| records.names.find(branch));
    let here: Vec<&RunRecord> = records.runs.iter().filter(|run| Some(run.branch) == branch).collect();
    let all: Vec<&RunRecord> = if here.is_empty() { records.runs.iter().collect() } else { here };
    let count = all.len();
    all.into_iter().nth_back(back).ok_or_else(|| match count {
        0 => CliError::new("there is no run yet").hint("git xp run --seed 1 -- <command>"),
        _ => CliError::new(format!("'{text}' goes back too far: there are {count} runs")),
    })
}

fn unknown(records: &Records, text: &str) -> CliError {
    let error = CliError::new(format!("'{text}' is no experiment, run or commit"));
    let names = records.experiments.iter().map(|experiment| records.text(experiment.current.name));
    match nearest(text, names) {
        Some(name) => error.hint(format!("did you mean '{name}'?")),
        None => error.hint("git xp list, git xp list --runs    show what there is"),
    }
}

/// The name that is most like a mistyped one.
pub fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.map(|name| (strsim::jaro_winkler(text, name), name)).filter(|(score, _)| *score > 0.8);
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}
