//! Which experiment a branch is.

use crate::git::{GitError, Oid, Repo};
use crate::model::experiment::Experiment;
use crate::model::fact::{Body, Fact};
use crate::model::id::Id;
use crate::store::index;
use crate::store::ledger::find_fact;

/// The trailer of a registration commit.
pub const TRAILER: &str = "Xp-Experiment";

/// How far back a branch's registration is looked for. A branch with more commits is found by its name.
const FARTHEST: usize = 200;

/// The key of `git config` that remembers a branch's experiment; `git branch -m` carries it along.
pub fn config_key(short_branch: &str) -> String {
    format!("branch.{short_branch}.xpExperiment")
}

/// The experiment of a branch, by its id and newest registration.
///
/// Three places are asked, the cheap ones first, because every run asks: git's config, the branch's own commits, and (for branches with the
/// experiments' prefix) all facts, by the branch's name.
///
/// # Errors
/// If the repository cannot be read.
pub fn find(repo: &Repo, prefix: &str, branch: &str, tip: Oid) -> Result<Option<(Id, Experiment)>, GitError> {
    let short = crate::git::head::short(branch);
    if let Some(id) = repo.config(&config_key(short)).and_then(|text| text.parse().ok())
        && let Some(found) = read(repo, id)?
    {
        return Ok(Some(found));
    }
    if let Some(id) = registration(repo, tip)?
        && let Some(found) = read(repo, id)?
        && found.1.branch == branch
    {
        return Ok(Some(found));
    }
    if !short.starts_with(prefix) {
        return Ok(None);
    }
    let records = index::read(repo, &mut |_, _| {})?;
    Ok(records
        .find_experiment_by_branch(branch)
        .map(|record| (record.id, record.current.to_experiment(&records.names))))
}

fn read(repo: &Repo, id: Id) -> Result<Option<(Id, Experiment)>, GitError> {
    Ok(match find_fact(repo, id)? {
        Some(Fact { header, body: Body::Experiment(experiment) }) => {
            Some((experiment.experiment.unwrap_or(header.id), *experiment))
        }
        _ => None,
    })
}

/// The nearest registration among the first parents of a commit.
fn registration(repo: &Repo, tip: Oid) -> Result<Option<Id>, GitError> {
    let mut next = Some(tip);
    for _ in 0..FARTHEST {
        let Some(commit) = next else { break };
        // A shallow clone ends somewhere.
        let Ok(message) = repo.commit_message(commit) else { break };
        if let Some(id) = trailer(&message) {
            return Ok(Some(id));
        }
        next = repo.commit_parents(commit)?.first().copied();
    }
    Ok(None)
}

/// The experiment that a commit message registers.
pub fn trailer(message: &str) -> Option<Id> {
    message.lines().rev().find_map(|line| line.strip_prefix(TRAILER)?.strip_prefix(':')?.trim().parse().ok())
}
