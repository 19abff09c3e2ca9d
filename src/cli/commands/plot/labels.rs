//! What the legend calls a line.

use std::collections::BTreeMap;

use serde_json::Value;

use super::runs::Plotted;
use crate::cli::context::ShortIds;
use crate::git::head;

/// The longest value of a param in a name, in characters.
const LONGEST_VALUE: usize = 20;

/// The experiment, the branch, or the commit of a run.
pub(super) fn origin(run: &Plotted) -> String {
    let run = &run.run;
    let branch = || run.branch.as_deref().map(head::short).map(str::to_owned);
    run.name.clone().or_else(branch).unwrap_or_else(|| run.commit.chars().take(7).collect())
}

/// A run by itself: `bigger-lr 7kq seed 42`.
pub(super) fn of_run(run: &Plotted, short: &ShortIds, differing: &[String]) -> String {
    let seed = run.run.seed.map(|seed| format!(" seed {seed}")).unwrap_or_default();
    let state = if run.counts() { String::new() } else { format!(" ({})", state(run)) };
    format!("{} {}{seed}{}{state}", origin(run), short.of(&run.id), params(&agreed(&[run]), differing))
}

/// `running`, `withdrawn`, or how it ended.
pub(super) fn state(run: &Plotted) -> String {
    match run {
        run if run.is_live() => "running".to_owned(),
        run if run.is_withdrawn => "withdrawn".to_owned(),
        run => run.run.status.to_string(),
    }
}

/// Several seeds: `bigger-lr lr=0.1 (mean ± sd of 5 runs)`.
pub(super) fn of_group(runs: &[&Plotted], differing: &[String]) -> String {
    let spread = if runs.len() == 2 { "mean, min to max of" } else { "mean ± sd of" };
    format!("{}{} ({spread} {} runs)", origin(runs[0]), params(&agreed(runs), differing), runs.len())
}

/// Names of params in which groups of one experiment differ: without them their lines would have the same name.
pub(super) fn differing(groups: &[Vec<&Plotted>]) -> Vec<String> {
    let mut of_origin: BTreeMap<String, Vec<BTreeMap<&str, &Value>>> = BTreeMap::new();
    for group in groups.iter().filter(|group| !group.is_empty()) {
        of_origin.entry(origin(group[0])).or_default().push(agreed(group));
    }
    let mut names: Vec<String> = Vec::new();
    for of_group in of_origin.values() {
        for name in of_group.iter().flat_map(BTreeMap::keys) {
            let first = of_group[0].get(name);
            if of_group.iter().any(|params| params.get(name) != first) && !names.iter().any(|known| known == name) {
                names.push((*name).to_owned());
            }
        }
    }
    names.sort();
    names
}

/// Params that all runs of a group agree on; the seed under its own name is none.
fn agreed<'a>(runs: &[&'a Plotted]) -> BTreeMap<&'a str, &'a Value> {
    let (first, others) = (runs[0], &runs[1..]);
    let is_agreed =
        |(name, value): &(&String, &Value)| others.iter().all(|other| other.params.get(*name) == Some(value));
    let is_seed = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
        last.contains("seed") || last == "random_state"
    };
    let params = first.params.iter().filter(is_agreed).filter(|(name, _)| !is_seed(name));
    params.map(|(name, value)| (name.as_str(), value)).collect()
}

fn params(agreed: &BTreeMap<&str, &Value>, names: &[String]) -> String {
    let shown = |value: &Value| -> String {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let cut = text.chars().count() > LONGEST_VALUE;
        text.chars().take(LONGEST_VALUE).chain(cut.then_some('…')).collect()
    };
    names.iter().filter_map(|name| Some(format!(" {name}={}", shown(agreed.get(name.as_str())?)))).collect()
}
