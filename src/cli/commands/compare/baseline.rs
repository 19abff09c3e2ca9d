//! The left side: the runs of the baseline's commit, else the metrics file in its tree, else the runs of its nearest ancestor.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;

use ahash::{HashMap, HashMapExt};

use super::subjects::Found;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::range::Range;
use crate::compare::{Baseline, BaselineSource};
use crate::git::Oid;
use crate::git::head::short;
use crate::model::number::Number;
use crate::record::metrics_file;
use crate::records::{Records, RunRecord};

/// The runs of so many commits are looked for one after the other, before all runs are sorted by commit.
const FEW: usize = 4;

/// How many ancestors are looked at for runs.
const FARTHEST: usize = 1000;

/// The baselines; each experiment gets the index of its own.
///
/// # Errors
/// If the range's left side names no commit.
pub(super) fn find<'a>(
    cx: &Context,
    records: &'a Records,
    range: &Range,
    found: &mut Found<'_>,
) -> Result<Vec<Baseline<'a>>, CliError> {
    let measured = Measured::new(cx, records);
    let mut baselines: Vec<Baseline<'a>> = Vec::new();
    let mut index_of: HashMap<(String, Oid), usize> = HashMap::new();
    let left =
        range.baseline.as_deref().map(|rev| cx.repo.resolve(rev).map(|oid| (rev.to_owned(), oid))).transpose()?;
    for ((_, index), origin) in found.subjects.iter_mut().zip(&found.origins) {
        let own = || {
            let recorded = origin.baseline.as_ref();
            recorded.and_then(|(rev, commit)| {
                Some((records.text(*rev).to_owned(), cx.repo.parse_oid(records.text(*commit))?))
            })
        };
        let named = match (&left, range.from_merge_base, origin.tip) {
            (Some((rev, commit)), true, Some(tip)) => {
                Some((rev.clone(), cx.repo.merge_base(*commit, tip).unwrap_or(*commit)))
            }
            (Some(left), ..) => Some(left.clone()),
            (None, ..) => own().or_else(|| default_branch(cx)),
        };
        let Some((name, commit)) = named else {
            *index = push_unknown(&mut baselines);
            continue;
        };
        *index = match index_of.get(&(name.clone(), commit)) {
            Some(index) => *index,
            None => {
                baselines.push(measured.baseline(&name, commit));
                index_of.insert((name, commit), baselines.len() - 1);
                baselines.len() - 1
            }
        };
    }
    if found.subjects.is_empty()
        && let Some((name, commit)) = left.or_else(|| default_branch(cx))
    {
        baselines.push(measured.baseline(&name, commit));
    }
    Ok(baselines)
}

fn default_branch(cx: &Context) -> Option<(String, Oid)> {
    let branch = cx.repo.default_branch()?;
    Some((short(&branch).to_owned(), cx.repo.find_ref(&branch).ok()??))
}

fn push_unknown(baselines: &mut Vec<Baseline<'_>>) -> usize {
    let reason =
        "there is no default branch to compare with: git xp compare <baseline>..<experiments> names one".to_owned();
    baselines.push(Baseline {
        name: "none".to_owned(),
        commit: None,
        source: BaselineSource::None { reason },
        runs: Vec::new(),
        file_metrics: BTreeMap::new(),
    });
    baselines.len() - 1
}

/// The runs of each commit.
struct Measured<'a, 'b> {
    /// How many commits were asked for.
    asked: Cell<usize>,
    cx: &'b Context,
    records: &'a Records,
    by_commit: OnceCell<HashMap<&'a str, Vec<&'a RunRecord>>>,
}

impl<'a, 'b> Measured<'a, 'b> {
    fn new(cx: &'b Context, records: &'a Records) -> Self {
        Self { cx, records, by_commit: OnceCell::new(), asked: Cell::new(0) }
    }

    /// The runs of a commit; those of an experiment count too, if its branch was merged by moving the baseline onto it.
    fn runs_at(&self, hex: &str) -> Vec<&'a RunRecord> {
        self.asked.set(self.asked.get() + 1);
        if self.asked.get() <= FEW {
            return self.records.runs.iter().filter(|run| run.commit() == hex).collect();
        }
        let by_commit = self.by_commit.get_or_init(|| {
            let mut all: HashMap<&str, Vec<&RunRecord>> = HashMap::with_capacity(self.records.runs.len());
            self.records.runs.iter().for_each(|run| all.entry(run.commit()).or_default().push(run));
            all
        });
        by_commit.get(hex).cloned().unwrap_or_default()
    }

    /// The same, if one of them counts: runs that failed or were withdrawn are nothing to compare with.
    fn counting_at(&self, hex: &str) -> Option<Vec<&'a RunRecord>> {
        Some(self.runs_at(hex)).filter(|runs| runs.iter().any(|run| run.counts()))
    }

    fn baseline(&self, name: &str, commit: Oid) -> Baseline<'a> {
        let hex = commit.to_string();
        let with = |source, runs: Vec<&'a RunRecord>, file_metrics| Baseline {
            name: name.to_owned(),
            commit: Some(hex.clone()),
            source,
            runs,
            file_metrics,
        };
        if let Some(runs) = self.counting_at(&hex) {
            return with(BaselineSource::Runs, runs, BTreeMap::new());
        }
        if let Some((path, metrics)) = metrics_file_at(self.cx, commit) {
            return with(BaselineSource::MetricsFile(path), Vec::new(), metrics);
        }
        let parent = |commit| self.cx.repo.commit_parents(commit).ok().and_then(|parents| parents.first().copied());
        let mut next = parent(commit);
        for distance in 1..FARTHEST {
            let Some(ancestor) = next else { break };
            let hex = ancestor.to_string();
            if let Some(runs) = self.counting_at(&hex) {
                return with(BaselineSource::Ancestor { commit: hex, distance }, runs, BTreeMap::new());
            }
            next = parent(ancestor);
        }
        let runs = self.runs_at(&hex);
        if !runs.is_empty() {
            return with(BaselineSource::Runs, runs, BTreeMap::new());
        }
        let reason = format!(
            "{name} ({}) has no runs and no metrics file, so there is nothing to compare with: git switch {name} && git xp run …",
            &hex[..hex.len().min(10)]
        );
        with(BaselineSource::None { reason }, Vec::new(), BTreeMap::new())
    }
}

fn metrics_file_at(cx: &Context, commit: Oid) -> Option<(String, BTreeMap<String, Number>)> {
    let tree = cx.repo.commit_tree(commit).ok()?;
    cx.settings.metrics_files.iter().find_map(|path| {
        let (mode, blob) = cx.repo.find_path(tree, path).ok()??;
        let metrics = metrics_file::parse(&cx.repo.read_blob(blob).ok().filter(|_| mode.is_blob())?).ok()?;
        (!metrics.is_empty()).then(|| (path.clone(), metrics.into_iter().collect()))
    })
}
