//! `git xp artifact prune`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use clap::Args;
use serde::Serialize;

use super::choose::of_selectors;
use super::fsck::{Swept, objects, sweep};
use crate::artifact::pointer::Pointer;
use crate::artifact::remote::{Presence, Remote};
use crate::artifact::store::Store;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::remotes;
use crate::git::process::Git;
use crate::model::duration;
use crate::model::id::Id;
use crate::model::time::Time;
use crate::render::number::{bytes, plural};
use crate::store::artifacts::pointers_of_tree;
use crate::store::ledger::PREFIX;

/// How many objects are asked for at once.
const AT_ONCE: usize = 100;

/// Runs that ended so lately keep their objects if nothing else is said, in seconds.
const RECENT: f64 = 7.0 * 24.0 * 3600.0;

/// Delete stored objects here that a remote has
///
/// The remote is asked for every one; what it does not have stays. So does what belongs to a commit that is checked out in any worktree, to a stash, to a run
/// under way or one that no git remote has yet, and to runs of the last seven days. What was deleted can be fetched again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp artifact prune --dry-run
  git xp artifact prune --recent 1d --yes")]
pub(super) struct PruneArgs {
    /// Keep the objects of runs that ended in this time, as in 12h, 30d or 0
    #[arg(long, value_name = "TIME")]
    recent: Option<String>,

    /// The remote that has to have them: a name of the settings, or a place
    #[arg(long, value_name = "REMOTE")]
    verify: Option<String>,

    /// Say what would be deleted
    #[arg(long)]
    dry_run: bool,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Default, Serialize)]
struct Report {
    version: u32,
    remote: String,
    dry_run: bool,
    /// Deleted, or to be deleted.
    pruned: usize,
    bytes: u64,
    /// Kept because something here needs them.
    needed: usize,
    /// Kept because the remote does not have them.
    only_here: usize,
    /// Kept because the remote could not say.
    unknown: usize,
    /// Half-written files that were taken away.
    #[serde(flatten)]
    swept: Swept,
}

/// Do it.
///
/// # Errors
/// If the remote cannot be asked, or a file not be deleted.
pub(super) fn run(cx: &Context, args: &PruneArgs) -> Result<u8, CliError> {
    cx.seal();
    cx.repo.check_writable()?;
    let recent = match &args.recent {
        None => RECENT,
        Some(text) if text == "0" => 0.0,
        Some(text) => duration::parse(text).ok_or_else(|| {
            CliError::usage(format!("--recent {text}: that is no time")).hint("as in 12h, 30d, or 0 for none")
        })?,
    };
    let store = Store::of(&cx.repo);
    let remote = remotes::open(cx, args.verify.as_deref())?;
    let needed = needed(cx, recent)?;
    let all: Vec<(Pointer, std::path::PathBuf)> = objects(&store)
        .into_iter()
        .filter_map(|(oid, path)| Some((Pointer { oid, size: path.metadata().ok()?.len() }, path)))
        .collect();
    let candidates: Vec<&(Pointer, std::path::PathBuf)> =
        all.iter().filter(|(pointer, _)| !needed.contains(&pointer.oid)).collect();
    let mut report = Report {
        version: 1,
        remote: remote.name().to_owned(),
        dry_run: args.dry_run,
        needed: all.len() - candidates.len(),
        ..Report::default()
    };
    let pointers: Vec<Pointer> = candidates.iter().map(|(pointer, _)| pointer.clone()).collect();
    let proven = prove(cx, remote.as_ref(), &pointers, &mut report)?;
    let chosen: Vec<&(Pointer, std::path::PathBuf)> =
        candidates.into_iter().filter(|(pointer, _)| proven.contains(&pointer.oid)).collect();
    report.pruned = chosen.len();
    report.bytes = chosen.iter().map(|(pointer, _)| pointer.size).sum();
    if !args.dry_run {
        if !chosen.is_empty() && !args.yes && !agrees(cx, &report)? {
            return Ok(exit::OK);
        }
        for (_, path) in &chosen {
            fs::remove_file(path).map_err(|error| CliError::new(format!("{}: {error}", path.display())))?;
        }
        report.swept = sweep(&store);
    }
    if args.json {
        cx.ui.print_json(&report)
    } else {
        cx.ui.print(&text(&report))
    }
    Ok(exit::OK)
}

fn text(report: &Report) -> String {
    let verb = if report.dry_run { "would delete" } else { "deleted" };
    let mut out =
        format!("{verb} {} ({}), which {} has\n", plural(report.pruned, "object"), bytes(report.bytes), report.remote);
    let kept = [
        (report.needed, "needed here"),
        (report.only_here, "not there"),
        (report.unknown, "not known to be whole there"),
    ];
    let kept: Vec<String> = kept.iter().filter(|(n, _)| *n > 0).map(|(n, why)| format!("{n} {why}")).collect();
    if !kept.is_empty() {
        out += &format!("kept: {}\n", kept.join(", "));
    }
    out + &report.swept.to_string()
}

/// Ask who sits at the terminal.
fn agrees(cx: &Context, report: &Report) -> Result<bool, CliError> {
    let question =
        format!("delete {} ({}), which {} has?", plural(report.pruned, "object"), bytes(report.bytes), report.remote);
    let answer = cx.ui.ask(&question).map_err(|error| CliError::new(error.to_string()))?;
    answer.ok_or_else(|| {
        CliError::usage("there is no terminal to ask at, so nothing is deleted")
            .hint("git xp artifact prune --yes, or --dry-run to see what it would delete")
    })
}

/// Which of them the remote has, by its own word.
fn prove(
    cx: &Context,
    remote: &dyn Remote,
    pointers: &[Pointer],
    report: &mut Report,
) -> Result<BTreeSet<String>, CliError> {
    let mut proven = BTreeSet::new();
    let mut progress = cx.ui.progress("objects asked for");
    for (at, batch) in pointers.chunks(AT_ONCE).enumerate() {
        progress(at * AT_ONCE, pointers.len());
        let answers = remote.look(batch).map_err(remotes::failed)?;
        for (pointer, answer) in batch.iter().zip(answers) {
            match answer {
                Presence::Has => {
                    proven.insert(pointer.oid.clone());
                }
                Presence::Lacks => report.only_here += 1,
                Presence::Unknown(_) => report.unknown += 1,
            }
        }
    }
    progress(pointers.len(), pointers.len());
    Ok(proven)
}

/// The objects that something here needs.
fn needed(cx: &Context, recent: f64) -> Result<BTreeSet<String>, CliError> {
    let mut needed = BTreeSet::new();
    let mut trees = BTreeSet::new();
    for commit in checked_out(cx)? {
        trees.insert(cx.repo.commit_tree(commit)?);
    }
    for tree in trees {
        needed.extend(pointers_of_tree(&cx.repo, tree)?.into_iter().map(|pointer| pointer.oid));
    }
    let pushed = pushed(cx)?;
    let since = Time::now().0 as f64 / 1000.0 - recent;
    let records = cx.records()?;
    let is_recent: BTreeSet<Id> =
        records.runs.iter().filter(|run| run.end.0 as f64 / 1000.0 >= since).map(|run| run.id).collect();
    for run in of_selectors(cx, &[])? {
        for stored in &run.artifacts {
            let is_unpushed = pushed.as_ref().is_some_and(|pushed| !pushed.contains(&stored.fact.to_string()));
            if is_recent.contains(&run.id) || is_unpushed {
                needed.extend(stored.pointers().map(|pointer| pointer.oid.clone()));
            }
        }
    }
    // Runs under way name theirs in their journals.
    for folder in cx.root.under_way() {
        if let Ok(journal) = folder.read_journal() {
            let oids = journal.artifacts.iter().map(|artifact| artifact.oid.trim_start_matches("sha256:").to_owned());
            needed.extend(oids);
        }
    }
    Ok(needed)
}

/// What is checked out anywhere, and what is stashed.
fn checked_out(cx: &Context) -> Result<Vec<crate::git::Oid>, CliError> {
    let listed = cx.repo.git("worktree").args(["list", "--porcelain"]).text()?;
    let mut commits: Vec<String> =
        listed.lines().filter_map(|line| line.strip_prefix("HEAD ")).map(str::to_owned).collect();
    let stashes = cx.repo.git("rev-list").args(["--walk-reflogs", "--parents", "refs/stash", "--"]).text();
    for line in stashes.unwrap_or_default().lines() {
        commits.extend(line.split(' ').map(str::to_owned));
    }
    let found = commits.iter().filter_map(|hex| cx.repo.parse_oid(hex)).filter(|oid| !oid.is_null());
    Ok(found.filter(|oid| cx.repo.has_object(*oid)).collect())
}

/// The facts that a git remote has; `None` where there is no git remote that could have any.
fn pushed(cx: &Context) -> Result<Option<BTreeSet<String>>, CliError> {
    let names = cx.repo.git("remote").text()?;
    let Some(remote) = names.lines().find(|name| *name == "origin").or(names.lines().next()) else { return Ok(None) };
    let git = Git::new(cx.repo.any_dir(), "ls-remote");
    let Ok(listed) = git.args(["--quiet", "--", remote, &format!("{PREFIX}*")]).text() else {
        cx.ui
            .warning(&format!("the git remote {remote} cannot be asked for its ledgers: all runs count as not pushed"));
        return Ok(Some(BTreeSet::new()));
    };
    let mut facts = BTreeSet::new();
    let tips: BTreeMap<&str, &str> = listed.lines().filter_map(|line| line.split_once('\t')).collect();
    for hex in tips.keys() {
        let Some(tip) = cx.repo.parse_oid(hex).filter(|tip| cx.repo.has_object(*tip)) else { continue };
        let Some((mode, tree)) = cx.repo.find_path(cx.repo.commit_tree(tip)?, "facts")? else { continue };
        if mode.is_tree() {
            let names = cx.repo.list_files(tree)?.into_keys();
            facts.extend(names.filter_map(|path| Some(path.rsplit('/').next()?.split(['.', '+']).next()?.to_owned())));
        }
    }
    Ok(Some(facts))
}
