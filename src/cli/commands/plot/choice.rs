//! What the words mean: which are metrics, which name runs.

use std::collections::{HashMap, HashSet};

use super::PlotArgs;
use super::runs::Plotted;
use crate::cli::context::{Context, ShortIds};
use crate::cli::error::CliError;
use crate::cli::selector::{self, Selected, nearest};
use crate::model::id::{Id, is_prefix};
use crate::record::belonging;
use crate::records::Records;

/// How many metrics an error lists.
const METRICS_LISTED: usize = 20;

/// What is to be drawn.
pub(super) struct Choice {
    /// Metrics, each once, in the order typed.
    pub(super) metrics: Vec<String>,
    /// Runs, each once, in the order named.
    pub(super) runs: Vec<Plotted>,
    /// Runs that were named only by their experiment or commit, and tell nothing of what it can do.
    pub(super) left_out: Vec<Plotted>,
    /// Ids as people see them.
    pub(super) short: ShortIds,
}

/// The runs that a word names.
struct Named {
    word: String,
    ids: Vec<Id>,
    /// Whether it names an experiment or a commit.
    is_group: bool,
}

/// Find out what to draw.
///
/// # Errors
/// If a word names nothing, no metric is named, or there is no run.
pub(super) fn choose(cx: &Context, records: &Records, args: &PlotArgs) -> Result<Choice, CliError> {
    let mut known = Known::new(cx, records);
    let (mut metrics, mut named, mut unresolved) = (args.metrics.clone(), Vec::new(), Vec::new());
    for word in &args.words {
        match known.find(word) {
            Ok(found) => named.push(found),
            Err(error) => {
                metrics.push(word.clone());
                unresolved.push((word, error));
            }
        }
    }
    // A word that could be both is a metric if what the other words name has it. With -m nothing is left to guess.
    if args.metrics.is_empty() {
        let mut both = Vec::new();
        for at in 0..named.len() {
            let others: Vec<&Named> =
                named.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, found)| found).collect();
            if known.have(&others, &named[at].word)? {
                both.push(at);
            }
        }
        both.into_iter().rev().for_each(|at| metrics.push(named.remove(at).word));
    }
    if named.is_empty() {
        named.push(known.default()?);
    }
    if let Some(empty) = named.iter().find(|found| found.ids.is_empty()) {
        return Err(CliError::new(format!("'{}' has no run yet", empty.word)).hint("git xp run --seed 1 -- <command>"));
    }
    let (runs, left_out) = known.take(&named)?;
    let mut seen = HashSet::new();
    metrics.retain(|metric| seen.insert(metric.clone()));
    check_metrics(&metrics, &runs, unresolved)?;
    Ok(Choice { metrics, runs, left_out, short: known.short })
}

/// What is known of runs, each looked at once.
struct Known<'a> {
    cx: &'a Context,
    records: &'a Records,
    runs: HashMap<Id, Plotted>,
    live: Vec<Id>,
    short: ShortIds,
}

impl<'a> Known<'a> {
    fn new(cx: &'a Context, records: &'a Records) -> Self {
        let folders = cx.root.under_way().into_iter().filter(|folder| records.find_run(folder.id).is_none());
        let runs: HashMap<Id, Plotted> =
            folders.filter_map(|folder| Plotted::live(&folder)).map(|run| (run.id, run)).collect();
        let mut live: Vec<Id> = runs.keys().copied().collect();
        live.sort_by_key(|id| (runs[id].run.start, *id));
        let mut ids = records.ids();
        ids.extend(&live);
        ids.sort();
        Self { cx, records, runs, live, short: ShortIds::new(ids) }
    }

    /// The runs that a word names.
    fn find(&self, word: &str) -> Result<Named, CliError> {
        let named = |ids, is_group| Named { word: word.to_owned(), ids, is_group };
        match selector::resolve(self.cx, self.records, word) {
            Ok(Selected::Run(record)) => Ok(named(vec![record.id], false)),
            Ok(Selected::Experiment(experiment)) => Ok(named(self.of_experiment(experiment.id), true)),
            Ok(Selected::Commit(hex, runs)) => {
                let live = self.live.iter().copied().filter(|id| self.runs[id].run.commit == hex);
                Ok(named(runs.iter().map(|record| record.id).chain(live).collect(), true))
            }
            Err(error) => {
                let begins = |id: &&Id| is_prefix(word) && id.as_str().starts_with(word);
                let mut live = self.live.iter().filter(begins);
                match (live.next(), live.next()) {
                    (Some(id), None) => Ok(named(vec![*id], false)),
                    _ => Err(error),
                }
            }
        }
    }

    fn of_experiment(&self, experiment: Id) -> Vec<Id> {
        let live = self.live.iter().copied().filter(|id| self.runs[id].run.experiment == Some(experiment));
        self.records.runs_of(experiment).map(|record| record.id).chain(live).collect()
    }

    /// The experiment that the user stands on, else what runs on this branch, else the last run.
    fn default(&self) -> Result<Named, CliError> {
        let cx = self.cx;
        let head = cx.repo.head()?;
        let Some(branch) = head.branch else { return self.find("last") };
        if let Some((id, found)) = belonging::find(&cx.repo, &cx.settings.start.prefix, &branch, head.commit)? {
            return Ok(Named { word: found.name, ids: self.of_experiment(id), is_group: true });
        }
        let is_here = |id: &Id| self.runs[id].run.branch.as_deref() == Some(branch.as_str());
        let live: Vec<Id> = self.live.iter().copied().filter(is_here).collect();
        if live.is_empty() { self.find("last") } else { Ok(Named { word: branch, ids: live, is_group: true }) }
    }

    /// Whether some of these runs, or the default ones if there are none, have a metric.
    fn have(&mut self, named: &[&Named], metric: &str) -> Result<bool, CliError> {
        let mut ids: Vec<Id> = named.iter().flat_map(|found| found.ids.iter().copied()).collect();
        if ids.is_empty() {
            // Without any run the word is no metric; that there is none is said later.
            ids = self.default().map(|found| found.ids).unwrap_or_default();
        }
        for id in ids {
            if self.look_at(id)?.is_some_and(|run| run.has(metric)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn look_at(&mut self, id: Id) -> Result<Option<&Plotted>, CliError> {
        if !self.runs.contains_key(&id)
            && let Some(record) = self.records.find_run(id)
        {
            self.runs.insert(id, Plotted::sealed(self.cx, self.records, record)?);
        }
        Ok(self.runs.get(&id))
    }

    /// The runs to draw and those to leave out, each once.
    fn take(&mut self, named: &[Named]) -> Result<(Vec<Plotted>, Vec<Plotted>), CliError> {
        let (mut drawn, mut left_out) = (Vec::new(), Vec::new());
        for found in named {
            let mut of_word = Vec::new();
            for id in &found.ids {
                self.look_at(*id)?;
                of_word.extend(self.runs.remove(id));
            }
            // Where nothing ended well, what failed is all there is to see.
            let is_choosy = found.is_group && of_word.iter().any(|run| run.counts() || run.is_live());
            let (good, bad): (Vec<_>, Vec<_>) =
                of_word.into_iter().partition(|run| !is_choosy || run.counts() || run.is_live());
            drawn.extend(good);
            left_out.extend(bad);
        }
        Ok((drawn, left_out))
    }
}

fn check_metrics(metrics: &[String], runs: &[Plotted], unresolved: Vec<(&String, CliError)>) -> Result<(), CliError> {
    let mut there: Vec<&str> = runs.iter().flat_map(|run| run.metrics.iter()).map(String::as_str).collect();
    there.sort_unstable();
    there.dedup();
    let listed = || {
        let more = there.len().saturating_sub(METRICS_LISTED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!(
            "metrics there are: {}{more}",
            there.iter().take(METRICS_LISTED).copied().collect::<Vec<_>>().join(", ")
        )
    };
    if there.is_empty() {
        return Err(CliError::new("these runs have no metrics").hint("git xp log-metric <name> <value> --step <n>"));
    }
    if metrics.is_empty() {
        return Err(CliError::usage("no metric is named").hint(format!("git xp plot '{}'", there[0])).hint(listed()));
    }
    let is_there = |metric: &str| there.binary_search(&metric).is_ok();
    let unresolved = unresolved.into_iter().find(|(word, _)| !is_there(word));
    let error = match (unresolved, metrics.iter().find(|metric| !is_there(metric))) {
        // It may have been meant as a selector.
        (Some((word, error)), _) => (word, error),
        (None, Some(metric)) => (metric, CliError::new(format!("no run to draw has a metric '{metric}'"))),
        (None, None) => return Ok(()),
    };
    let (word, error) = error;
    let error = match nearest(word, there.iter().copied()) {
        Some(name) => error.hint(format!("did you mean the metric '{name}'?")),
        None => error,
    };
    Err(error.hint(listed()))
}
