//! What the words mean: which are metrics, which name runs.

use std::collections::{HashMap, HashSet};

use super::PlotArgs;
use super::runs::{Live, Plotted};
use crate::cli::context::{Context, ShortIds};
use crate::cli::error::CliError;
use crate::cli::selector::{self, Selected, nearest};
use crate::model::id::{Id, is_prefix};
use crate::model::run::Run;
use crate::model::text::enumerate;
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
    let is_elsewhere = |word: &str| known.is_metric(word);
    check_metrics(&metrics, &runs, unresolved, is_elsewhere)?;
    Ok(Choice { metrics, runs, left_out, short: known.short })
}

/// What is known of runs, each looked at once.
struct Known<'a> {
    cx: &'a Context,
    records: &'a Records,
    runs: HashMap<Id, Plotted>,
    /// By start.
    live: Vec<Live>,
    short: ShortIds,
}

impl<'a> Known<'a> {
    fn new(cx: &'a Context, records: &'a Records) -> Self {
        let folders = cx.root.under_way().into_iter().filter(|folder| records.find_run(folder.id).is_none());
        let mut live: Vec<Live> = folders.filter_map(Live::find).collect();
        live.sort_by_key(|live| (live.run.start, live.id()));
        let mut ids = records.ids();
        ids.extend(live.iter().map(Live::id));
        ids.sort();
        Self { cx, records, runs: HashMap::new(), live, short: ShortIds::new(ids) }
    }

    /// The runs that a word names.
    fn find(&self, word: &str) -> Result<Named, CliError> {
        let named = |ids, is_group| Named { word: word.to_owned(), ids, is_group };
        match selector::resolve(self.cx, self.records, word) {
            Ok(Selected::Run(record)) => Ok(named(vec![record.id], false)),
            Ok(Selected::Experiment(experiment)) => Ok(named(self.of_experiment(experiment.id), true)),
            Ok(Selected::Commit(hex, runs)) => {
                let live = self.live_ids(|run| run.commit == hex);
                Ok(named(runs.iter().map(|record| record.id).chain(live).collect(), true))
            }
            Err(error) => {
                let begins = |id: &Id| is_prefix(word) && id.as_str().starts_with(word);
                let mut live = self.live.iter().map(Live::id).filter(begins);
                match (live.next(), live.next()) {
                    (Some(id), None) => Ok(named(vec![id], false)),
                    _ => Err(error),
                }
            }
        }
    }

    /// Whether any run at all has a metric of this name.
    fn is_metric(&self, word: &str) -> bool {
        let name = self.records.names.find(word);
        name.is_some_and(|name| self.records.runs.iter().any(|run| run.shape.metrics.contains(&name)))
    }

    fn of_experiment(&self, experiment: Id) -> Vec<Id> {
        let live = self.live_ids(|run| run.experiment == Some(experiment));
        self.records.runs_of(experiment).map(|record| record.id).chain(live).collect()
    }

    fn live_ids(&self, is_meant: impl Fn(&Run) -> bool) -> impl Iterator<Item = Id> {
        self.live.iter().filter(move |live| is_meant(&live.run)).map(Live::id)
    }

    /// The experiment that the user stands on, else what runs on this branch, else the last run.
    fn default(&self) -> Result<Named, CliError> {
        let cx = self.cx;
        let head = cx.repo.head()?;
        let Some(branch) = head.branch else { return self.find("last") };
        if let Some((id, found)) = belonging::find(&cx.repo, &cx.settings.start.prefix, &branch, head.commit)? {
            return Ok(Named { word: found.name, ids: self.of_experiment(id), is_group: true });
        }
        let live: Vec<Id> = self.live_ids(|run| run.branch.as_ref() == Some(&branch)).collect();
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
        if !self.runs.contains_key(&id) {
            let live = self.live.iter().find(|live| live.id() == id);
            let run = match (self.records.find_run(id), live) {
                (Some(record), _) => Plotted::sealed(self.cx, self.records, record)?,
                (None, Some(live)) => Plotted::live(live)?,
                (None, None) => return Ok(None),
            };
            self.runs.insert(id, run);
        }
        Ok(self.runs.get(&id))
    }

    /// The runs to draw and those to leave out, each once.
    fn take(&mut self, named: &[Named]) -> Result<(Vec<Plotted>, Vec<Plotted>), CliError> {
        let by_id: HashSet<Id> =
            named.iter().filter(|found| !found.is_group).flat_map(|found| found.ids.clone()).collect();
        let (mut drawn, mut left_out) = (Vec::new(), Vec::new());
        for found in named {
            let mut of_word = Vec::new();
            for id in &found.ids {
                self.look_at(*id)?;
                of_word.extend(self.runs.remove(id));
            }
            // Where nothing ended well, what failed is all there is to see.
            let is_telling = |run: &Plotted| run.counts() || run.is_live();
            let is_choosy = of_word.iter().any(is_telling);
            let (good, bad): (Vec<_>, Vec<_>) =
                of_word.into_iter().partition(|run| !is_choosy || is_telling(run) || by_id.contains(&run.id));
            drawn.extend(good);
            left_out.extend(bad);
        }
        Ok((drawn, left_out))
    }
}

fn check_metrics(
    metrics: &[String],
    runs: &[Plotted],
    unresolved: Vec<(&String, CliError)>,
    is_elsewhere: impl Fn(&str) -> bool,
) -> Result<(), CliError> {
    let mut there: Vec<&str> = runs.iter().flat_map(|run| run.metrics.iter()).map(String::as_str).collect();
    there.sort_unstable();
    there.dedup();
    let listed = || format!("metrics there are: {}", enumerate(&there, METRICS_LISTED));
    if there.is_empty() {
        return Err(CliError::new("these runs have no metrics").hint("git xp log-metric <name> <value> --step <n>"));
    }
    if metrics.is_empty() {
        return Err(CliError::usage("no metric is named").hint(format!("git xp plot '{}'", there[0])).hint(listed()));
    }
    let is_there = |metric: &str| there.binary_search(&metric).is_ok();
    // It may have been meant as a selector, unless other runs have such a metric.
    let unresolved = unresolved.into_iter().find(|(word, _)| !is_there(word) && !is_elsewhere(word));
    let error = match (unresolved, metrics.iter().find(|metric| !is_there(metric))) {
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
