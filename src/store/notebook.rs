//! Subjects of ledger commits: `git log refs/xp/runs/2026-11` reads as the team's lab notebook. Pure.

use std::collections::BTreeMap;

use crate::model::fact::{Body, Fact};
use crate::model::id::SHORTEST_PREFIX;
use crate::model::metric::{Summary, is_system};
use crate::model::run::{Run, Status};
use crate::model::tag;
use crate::model::text::printable;

/// How many metrics a subject names.
const METRICS_NAMED: usize = 3;

/// The message of a ledger commit.
pub fn message(facts: &[&Fact]) -> String {
    match facts {
        [fact] => format!("{}\n", entry(fact)),
        facts => {
            let lines: Vec<String> = facts.iter().map(|fact| entry(fact)).collect();
            format!("{} facts\n\n{}\n", facts.len(), lines.join("\n"))
        }
    }
}

/// One line about a fact.
pub fn entry(fact: &Fact) -> String {
    let id = &fact.header.id.as_str()[..SHORTEST_PREFIX + 1];
    let target = fact.target().map(|id| id.as_str()[..SHORTEST_PREFIX + 1].to_owned()).unwrap_or_default();
    let line = match &fact.body {
        Body::Experiment(experiment) => {
            let promise = experiment.hypothesis.expect.join(", ");
            let verb = if experiment.experiment.is_some() { "amended" } else { "started" };
            join(&[&experiment.name, id, verb], &promise)
        }
        Body::Run(run) => run_entry(run, id),
        Body::Late(late) => join(&[&target, "late"], &metrics(&late.metrics)),
        Body::Withdrawal(about) => join(&[&target, "withdrawn"], about.because.as_deref().unwrap_or_default()),
        Body::Tombstone(_) => format!("{target} forgotten"),
        Body::Other(about) => {
            let what = about.text.clone().unwrap_or_else(|| tag::words(about));
            join(&[&target, &fact.header.kind], &what)
        }
    };
    shorten(printable(&line))
}

fn run_entry(run: &Run, id: &str) -> String {
    let name = run.name.as_deref().or(run.branch.as_deref().map(crate::git::head::short)).unwrap_or("detached");
    let seed = run.seed.map(|seed| format!("seed {seed}")).unwrap_or_default();
    let status = if run.status == Status::Ok { String::new() } else { run.status.to_string() };
    join(&[name, id, &seed, &status], &metrics(&run.metrics))
}

/// `val_acc 0.913, loss 0.2`: the first few by name, without those of the system.
fn metrics(all: &BTreeMap<String, Summary>) -> String {
    all.iter()
        .filter(|(name, _)| !is_system(name))
        .take(METRICS_NAMED)
        .map(|(name, summary)| format!("{name} {}", summary.r#final))
        .collect::<Vec<_>>()
        .join(", ")
}

fn join(words: &[&str], rest: &str) -> String {
    let words = words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ");
    if rest.is_empty() { words } else { format!("{words}: {rest}") }
}

/// A subject is one line that a terminal can show.
fn shorten(line: String) -> String {
    const LONGEST: usize = 120;
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST - 1).chain(['…']).collect() }
}
