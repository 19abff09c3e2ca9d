//! `git xp forget`.

use std::collections::BTreeSet;

use clap::Args;
use regex::bytes::Regex;

use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::live;
use crate::cli::selector::{self, Selected};
use crate::git::Oid;
use crate::git::refs::Expected;
use crate::model::id::Id;
use crate::model::pattern;
use crate::model::text::printable;
use crate::render::number::plural;
use crate::store::folder::Stage;
use crate::store::forget::rewrite::{Rewritten, Wish};
use crate::store::forget::select::All;
use crate::store::forget::{local, remote, rewrite, tombstones};
use crate::store::owner::Host;

/// How many facts are listed before the question.
const LISTED: usize = 20;

/// Forget a run, an experiment with its runs, or every fact that holds a text: for secrets and personal data
///
/// Facts are immutable; this is the one exception. Ledgers and notes begin anew without the facts, their files and all that was said of them; a tombstone
/// for each keeps other clones from bringing it back. To take a run out of comparisons and keep it, use `git xp discard`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp forget 7kq --because 'the output held a key'
  git xp forget --match 'ghp_[A-Za-z0-9]{36}' --dry-run      says what it would forget
  git xp forget --match 'ada@example\\.org' --push            here, and in the ledgers of origin
  git xp forget --push                                       at origin what is forgotten here
  git xp forget bigger-lr --yes                              an experiment and its runs, unasked

It ends with what it cannot reach: other clones, a forge's caches, objects that wait for git gc, branches.
docs/security.md says how to go on from there. First of all, make a secret that was published useless where it was issued.")]
pub struct ForgetArgs {
    /// A run's id or the beginning of one, last, last~1, an experiment, a commit: then all its runs
    #[arg(required_unless_present_any = ["pattern", "push"], conflicts_with = "pattern")]
    selector: Option<String>,

    /// Every fact in which, or in whose files, this regular expression is found
    #[arg(long = "match", value_name = "REGEX")]
    pattern: Option<String>,

    /// Why; it stays readable, so do not repeat what is forgotten
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,

    /// Only say what would be forgotten
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Forget it at a remote too [default: origin]
    #[arg(long, value_name = "REMOTE", num_args = 0..=1, default_missing_value = "origin")]
    push: Option<String>,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// Do it.
///
/// # Errors
/// If nothing is found, nobody agrees, or a ref stays locked; then nothing has changed. If only the remote refuses, it is forgotten here.
pub fn run(cx: &Context, args: &ForgetArgs) -> Result<u8, CliError> {
    let pattern = match &args.pattern {
        Some(text) => Some(pattern::compile(text).map_err(|why| CliError::usage(format!("--match '{text}': {why}")))?),
        None => None,
    };
    // What is made and not sealed yet would come back.
    cx.seal();
    let all = All::read(&cx.repo)?;
    let chosen = match (&pattern, &args.selector) {
        (Some(pattern), _) => all.matching(&cx.repo, pattern)?,
        (None, Some(selector)) => choose(cx, selector)?,
        (None, None) => BTreeSet::new(),
    };
    let gone: Vec<Id> = all.with_dependants(&chosen).into_iter().collect();
    warn_of_runs_under_way(cx, &gone, pattern.as_ref());
    if gone.is_empty() && all.leftovers.is_empty() && args.push.is_none() {
        return Err(CliError::new("no fact holds that").hint("code is not searched: git log --all -G '<regex>'"));
    }
    list(cx, &all, &gone);
    if args.dry_run {
        cx.ui.status("nothing has changed: this was --dry-run");
        return Ok(exit::OK);
    }
    if !args.yes && !gone.is_empty() {
        agree(cx, gone.len())?;
    }
    forget(cx, args, &all, &gone, pattern.as_ref())
}

fn forget(cx: &Context, args: &ForgetArgs, all: &All, gone: &[Id], pattern: Option<&Regex>) -> Result<u8, CliError> {
    let because = args.because.as_deref().map(|text| cx.masker.mask_text(text));
    let new = tombstones(gone, &cx.by(), because.as_deref())?;
    let drops_line = |line: &str| pattern.is_some_and(|pattern| pattern.is_match(line.as_bytes()));
    let _patience = without_interruption();
    let rewritten = rewrite::forget(&cx.repo, &Wish { tombstones: &new, drops_line: &drops_line })?;
    clean_up(cx, &rewritten)?;
    let count = gone.len() + all.leftovers.len();
    if count > 0 {
        cx.ui.status(&format!("{} forgotten", plural(count, "fact")));
    }
    let Some(to) = args.push.as_deref() else {
        say_what_is_left(cx, &rewritten, None)?;
        return Ok(exit::OK);
    };
    // A remote may lack tombstones of earlier calls too.
    let stones = [all.tombstones.as_slice(), &new].concat();
    let pushed = remote::forget(&cx.repo, to, &Wish { tombstones: &stones, drops_line: &drops_line });
    say_what_is_left(cx, &rewritten, Some(to))?;
    let refs = pushed.map_err(|error| {
        CliError::new(format!("forgotten here, and not at {to}: {error}"))
            .hint(format!("git xp forget --push {to}    tries that again"))
    })?;
    match refs.as_slice() {
        [] => cx.ui.status(&format!("{to} has nothing of it")),
        refs => cx.ui.status(&format!("{to}: {} rewritten", refs.join(", "))),
    }
    Ok(exit::OK)
}

fn choose(cx: &Context, text: &str) -> Result<BTreeSet<Id>, CliError> {
    let records = cx.records()?;
    match selector::resolve(cx, records, text) {
        Ok(Selected::Run(run)) => Ok(BTreeSet::from([run.id])),
        Ok(Selected::Experiment(experiment)) => Ok(BTreeSet::from([experiment.id])),
        Ok(Selected::Commit(hex, runs)) if runs.is_empty() => {
            Err(CliError::new(format!("the commit {hex} has no run")).hint("git xp list --runs    shows what there is"))
        }
        Ok(Selected::Commit(_, runs)) => Ok(runs.iter().map(|run| run.id).collect()),
        Err(error) => match live::find(cx, text)? {
            Some(live) => Err(CliError::new(format!("run {} is under way", live.folder.id))
                .hint("end it first; what it has written lies in its folder until then")),
            None => Err(error),
        },
    }
}

/// Runs under way are in no ledger yet.
fn warn_of_runs_under_way(cx: &Context, gone: &[Id], pattern: Option<&Regex>) {
    let host = Host::this();
    for live in live::all(cx) {
        let is_in = |pattern: &Regex| {
            let files = [live.folder.journal(), live.folder.output()];
            files.iter().any(|file| std::fs::read(file).is_ok_and(|bytes| pattern.is_match(&bytes)))
        };
        let belongs = live.run.experiment.is_some_and(|experiment| gone.contains(&experiment));
        if (belongs || pattern.is_some_and(is_in)) && live.folder.stage(&host) != Stage::Pending {
            cx.ui.warning(&format!("run {} of it is under way: forget it when it has ended", live.folder.id));
        }
    }
}

fn list(cx: &Context, all: &All, gone: &[Id]) {
    let mut lines: Vec<String> = gone.iter().map(|id| format!("  {}\n", printable(&all.describe(*id)))).collect();
    let more = lines.len().saturating_sub(LISTED);
    lines.truncate(LISTED);
    if more > 0 {
        lines.push(format!("  and {more} more\n"));
    }
    if !all.leftovers.is_empty() {
        lines.push(format!("  {} with a tombstone already\n", plural(all.leftovers.len(), "fact")));
    }
    cx.ui.print(&lines.concat());
}

fn agree(cx: &Context, count: usize) -> Result<(), CliError> {
    let answer = cx.ui.ask(&format!("Forget {}, for good?", plural(count, "fact")));
    match answer.map_err(|error| CliError::new(error.to_string()))? {
        Some(true) => Ok(()),
        Some(false) => Err(CliError::new("nothing is forgotten")),
        None => Err(CliError::usage("there is no terminal to ask at, so nothing is forgotten").hint("add --yes")),
    }
}

/// From here on a Ctrl-C waits: refs, caches and reflogs are done with in a second, and half of it would be worse than none.
#[cfg(unix)]
fn without_interruption() -> Vec<signal_hook::SigId> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let ignore = |signal| signal_hook::flag::register(signal, std::sync::Arc::default()).ok();
    [SIGINT, SIGTERM, SIGHUP].into_iter().filter_map(ignore).collect()
}

#[cfg(not(unix))]
fn without_interruption() {}

/// What else there is of it here. All of this may be repeated.
pub(super) fn clean_up(cx: &Context, rewritten: &Rewritten) -> Result<(), CliError> {
    let fetched = rewrite::forget_fetched(&cx.repo, &rewritten.dead, rewritten.is_fresh)?;
    let names = rewritten.edits.iter().map(|edit| edit.name.as_str()).chain(fetched.iter().map(String::as_str));
    local::expire_reflogs(&cx.repo, names)?;
    local::clean(&cx.root, &rewritten.dead)
        .map_err(|error| CliError::new(format!("{}: {error}", cx.root.path().display())))?;
    let files = local::remove_large_files(&cx.repo, &rewritten.gone)?;
    if files > 0 {
        cx.ui.status(&format!("{} of Git LFS removed here; a remote may have them", plural(files, "object")));
    }
    Ok(())
}

/// Plainly, what is beyond this program.
fn say_what_is_left(cx: &Context, rewritten: &Rewritten, pushed: Option<&str>) -> Result<(), CliError> {
    let old = |expected| match expected {
        Expected::Is(old) => Some(old),
        Expected::Missing => None,
    };
    // A ledger that only got tombstones still contains what it was.
    let fresh = rewritten
        .edits
        .iter()
        .filter(|edit| edit.new.is_some_and(|new| cx.repo.commit_parents(new).is_ok_and(|parents| parents.is_empty())));
    let old: Vec<Oid> = fresh.filter_map(|edit| old(edit.expected)).collect();
    let others = local::other_refs(&cx.repo, &old)?;
    cx.ui.status("What this cannot reach:");
    if !others.is_empty() {
        let names = others.into_iter().collect::<Vec<_>>().join(" ");
        cx.ui.status(&format!("- refs that still hold it: {names}    (git update-ref -d <ref>)"));
    }
    cx.ui.status("- objects in this repository, until: git gc --prune=now");
    match pushed {
        Some(remote) => cx.ui.status(&format!(
            "- {remote}'s unreachable objects, reflogs, caches and pull requests: ask who runs it to collect garbage"
        )),
        None => cx.ui.status("- remotes: git xp forget … --push <remote>"),
    }
    cx.ui.status("- other clones and forks: each gets the tombstone with its next pull, and its own gc takes the rest");
    cx.ui.status("- branches, tags and files: code is not touched (git filter-repo)");
    Ok(())
}
