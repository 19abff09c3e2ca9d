//! The left side: the runs of the baseline's commit, else the metrics file in its tree, else the runs of its nearest ancestor.

use std::collections::{BTreeMap, HashMap};

use super::subjects::Found;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::notices::compared;
use crate::cli::range::Range;
use crate::compare::{Baseline, BaselineSource};
use crate::git::Oid;
use crate::git::head::short;
use crate::model::number::Number;
use crate::record::metrics_file;
use crate::store::records::{Records, RunRecord};

/// How many ancestors are looked at for runs.
const FARTHEST: usize = 1000;

/// The baselines, and for each experiment the index of its own.
///
/// # Errors
/// If the range's left side names no commit.
pub(super) fn find(
    cx: &Context,
    records: &Records,
    range: &Range,
    subjects: &[Found],
) -> Result<(Vec<Baseline>, Vec<usize>), CliError> {
    let mut by_commit: HashMap<&str, Vec<&RunRecord>> = HashMap::new();
    for run in &records.runs {
        by_commit.entry(&run.run.commit).or_default().push(run);
    }
    let mut baselines: Vec<Baseline> = Vec::new();
    let mut index_of: HashMap<(String, Oid), usize> = HashMap::new();
    let mut indices = Vec::with_capacity(subjects.len());
    let left =
        range.baseline.as_deref().map(|rev| cx.repo.resolve(rev).map(|oid| (rev.to_owned(), oid))).transpose()?;
    for found in subjects {
        let own = || {
            let recorded = found.baseline.as_ref();
            recorded.and_then(|baseline| Some((baseline.rev.clone(), cx.repo.parse_oid(&baseline.commit)?)))
        };
        let named = match (&left, range.from_merge_base, found.tip) {
            (Some((rev, commit)), true, Some(tip)) => {
                Some((rev.clone(), cx.repo.merge_base(*commit, tip).unwrap_or(*commit)))
            }
            (Some(left), ..) => Some(left.clone()),
            (None, ..) => own().or_else(|| default_branch(cx)),
        };
        let Some((name, commit)) = named else {
            indices.push(push_unknown(&mut baselines));
            continue;
        };
        let index = match index_of.get(&(name.clone(), commit)) {
            Some(index) => *index,
            None => {
                baselines.push(measure(cx, &by_commit, &name, commit));
                index_of.insert((name, commit), baselines.len() - 1);
                baselines.len() - 1
            }
        };
        indices.push(index);
    }
    if subjects.is_empty()
        && let Some((name, commit)) = left.or_else(|| default_branch(cx))
    {
        baselines.push(measure(cx, &by_commit, &name, commit));
    }
    Ok((baselines, indices))
}

fn default_branch(cx: &Context) -> Option<(String, Oid)> {
    let branch = cx.repo.default_branch()?;
    Some((short(&branch).to_owned(), cx.repo.find_ref(&branch).ok()??))
}

fn push_unknown(baselines: &mut Vec<Baseline>) -> usize {
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

fn measure(cx: &Context, by_commit: &HashMap<&str, Vec<&RunRecord>>, name: &str, commit: Oid) -> Baseline {
    let hex = commit.to_string();
    let with = |source, runs: &[&RunRecord], file_metrics| Baseline {
        name: name.to_owned(),
        commit: Some(hex.clone()),
        source,
        runs: runs.iter().map(|run| compared(run)).collect(),
        file_metrics,
    };
    if let Some(runs) = runs_at(by_commit, &hex) {
        return with(BaselineSource::Runs, runs, BTreeMap::new());
    }
    if let Some((path, metrics)) = metrics_file_at(cx, commit) {
        return with(BaselineSource::MetricsFile(path), &[], metrics);
    }
    let mut next = cx.repo.commit_parents(commit).ok().and_then(|parents| parents.first().copied());
    for distance in 1..FARTHEST {
        let Some(ancestor) = next else { break };
        let hex = ancestor.to_string();
        if let Some(runs) = runs_at(by_commit, &hex) {
            return with(BaselineSource::Ancestor { commit: hex, distance }, runs, BTreeMap::new());
        }
        next = cx.repo.commit_parents(ancestor).ok().and_then(|parents| parents.first().copied());
    }
    let reason = format!(
        "{name} ({}) has no runs and no metrics file, so there is nothing to compare with: git switch {name} && git xp run …",
        &hex[..hex.len().min(10)]
    );
    with(BaselineSource::None { reason }, &[], BTreeMap::new())
}

/// The runs of a commit; those of an experiment count too, if its branch was merged by moving the baseline onto it.
fn runs_at<'a, 'b>(by_commit: &'b HashMap<&str, Vec<&'a RunRecord>>, hex: &str) -> Option<&'b [&'a RunRecord]> {
    by_commit.get(hex).map(Vec::as_slice).filter(|runs| !runs.is_empty())
}

fn metrics_file_at(cx: &Context, commit: Oid) -> Option<(String, BTreeMap<String, Number>)> {
    let tree = cx.repo.commit_tree(commit).ok()?;
    cx.settings.metrics_files.iter().find_map(|path| {
        let (mode, blob) = cx.repo.find_path(tree, path).ok()??;
        let metrics = metrics_file::parse(&cx.repo.read_blob(blob).ok().filter(|_| mode.is_blob())?)?;
        (!metrics.is_empty()).then(|| (path.clone(), metrics.into_iter().collect()))
    })
}
