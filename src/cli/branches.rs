//! Where the branches of experiments are: here, on a remote, merged, squashed, or gone.

use std::cell::OnceCell;
use std::collections::HashSet;

use ahash::{HashMap, HashMapExt};

use super::context::Context;
use super::error::CliError;
use crate::compare::State;
use crate::git::Oid;
use crate::git::head::short;
use crate::git::merged::Merged;
use crate::records::{ExperimentRecord, Records, RunRecord, Symbol};

/// The branches of this many experiments are looked up one by one.
const FEW: usize = 16;

/// All branches, local and of remotes, and what became part of the default branch.
pub struct Branches<'a> {
    cx: &'a Context,
    records: &'a Records,
    local: HashMap<Symbol, Oid>,
    remote: HashMap<Symbol, (String, Oid)>,
    merged: OnceCell<Merged>,
    patches: OnceCell<HashSet<String>>,
}

impl<'a> Branches<'a> {
    /// Look at the refs.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn read(cx: &'a Context, records: &'a Records) -> Result<Self, CliError> {
        if records.experiments.len() <= FEW {
            return Self::of_few(cx, records);
        }
        // Branches that no fact names are nobody's here.
        let mut local = HashMap::with_capacity(records.experiments.len());
        cx.repo.each_ref("refs/heads/", &mut |name, tip| {
            if let Some(branch) = records.names.find(name) {
                local.insert(branch, tip);
            }
        })?;
        let remote = remote_branches(cx, records)?;
        Ok(Self { cx, records, local, remote, merged: OnceCell::new(), patches: OnceCell::new() })
    }

    /// Look at the branches of a few experiments and their runs alone.
    fn of_few(cx: &'a Context, records: &'a Records) -> Result<Self, CliError> {
        let of_experiments = records.experiments.iter().map(|experiment| experiment.current.branch);
        let wanted: HashSet<Symbol> =
            of_experiments.chain(records.runs.iter().filter_map(|run| run.branch.some())).collect();
        let (mut local, mut missing) = (HashMap::new(), HashSet::new());
        for branch in wanted {
            // What is no name of a branch is none: facts come from anywhere.
            match cx.repo.find_ref(records.text(branch)) {
                Ok(Some(tip)) => _ = local.insert(branch, tip),
                _ => _ = missing.insert(branch),
            }
        }
        let mut remote = if missing.is_empty() { HashMap::new() } else { remote_branches(cx, records)? };
        remote.retain(|branch, _| missing.contains(branch));
        Ok(Self { cx, records, local, remote, merged: OnceCell::new(), patches: OnceCell::new() })
    }

    /// The tip of a local branch.
    pub fn local(&self, branch: Symbol) -> Option<Oid> {
        self.local.get(&branch).copied()
    }

    /// Where an experiment is, and the tip of its branch or its last known commit.
    pub fn locate(&self, experiment: &ExperimentRecord, runs: &[&RunRecord]) -> (State, Option<Oid>) {
        let branch = experiment.current.branch;
        if let Some(tip) = self.local.get(&branch) {
            return (State::Local, Some(*tip));
        }
        if let Some((remote, tip)) = self.remote.get(&branch) {
            return (State::Remote(remote.clone()), Some(*tip));
        }
        let commit = |hex: &str| self.cx.repo.parse_oid(hex);
        let last_run = runs.iter().rev().find_map(|run| commit(run.commit()));
        let current = &experiment.current;
        let Some(last) = last_run.or_else(|| commit(current.told().commit)) else {
            return (State::Deleted, None);
        };
        let merged = self.merged.get_or_init(|| self.merged());
        let trees = || runs.iter().filter(|run| !run.dirty).map(|run| run.tree());
        let base_tree = commit(current.told().base).and_then(|base| self.cx.repo.commit_tree(base).ok());
        let base_tree = base_tree.map(|tree| tree.to_string()).unwrap_or_default();
        let state = if merged.has_commit(last) {
            State::Merged
        } else if trees().any(|tree| tree != base_tree && merged.has_tree(tree)) || self.has_patch(merged, runs) {
            State::Squashed
        } else {
            State::Deleted
        };
        (state, Some(last))
    }

    /// Whether the default branch has all of an experiment's local branch.
    pub fn is_merged(&self, experiment: &ExperimentRecord) -> bool {
        let tip = self.local.get(&experiment.current.branch);
        tip.is_some_and(|tip| self.merged.get_or_init(|| self.merged()).has_commit(*tip))
    }

    /// Whether a commit of the default branch makes the same changes as a run's code did since its baseline.
    fn has_patch(&self, merged: &Merged, runs: &[&RunRecord]) -> bool {
        let mut patches = runs.iter().map(|run| run.patch_id()).filter(|patch| !patch.is_empty());
        patches.any(|patch| self.patches.get_or_init(|| self.cx.repo.patch_ids(merged)).contains(patch))
    }

    /// What the default branch has that is not older than any experiment.
    fn merged(&self) -> Merged {
        let oldest = self.records.experiments.iter().map(|experiment| experiment.time.seconds()).min().unwrap_or(0);
        let tip = self.cx.repo.default_branch().and_then(|branch| self.cx.repo.find_ref(&branch).ok().flatten());
        tip.map(|tip| self.cx.repo.merged_since(tip, oldest)).unwrap_or_default()
    }
}

/// Branches of remotes that facts name, with the remote and the tip; of two remotes the first by name.
fn remote_branches(cx: &Context, records: &Records) -> Result<HashMap<Symbol, (String, Oid)>, CliError> {
    let mut all = HashMap::new();
    for (name, tip) in cx.repo.list_refs("refs/remotes/")? {
        if let Some((remote, branch)) = short(&name).split_once('/')
            && let Some(branch) = records.names.find(&format!("refs/heads/{branch}"))
        {
            all.entry(branch).or_insert((remote.to_owned(), tip));
        }
    }
    Ok(all)
}
