//! `git xp artifact push`.

use std::collections::BTreeSet;

use clap::Args;

use super::choose::of_selectors;
use super::report::move_all;
use crate::artifact::pointer::Pointer;
use crate::artifact::remote::Operation;
use crate::artifact::store::Store;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::remotes;
use crate::render::number::{bytes, plural};
use crate::store::artifacts::{all_pointers, pointers_of_tree};

/// Send what was stored with runs to a remote
///
/// Without a run: everything that the ledgers and the commit that is checked out point to. What the remote has is not sent again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp artifact push
  git xp artifact push last --to shared
  git xp artifact push --dry-run")]
pub(super) struct PushArgs {
    /// Runs: ids or beginnings of them, last, experiments, commits; all if none is named
    #[arg(value_name = "RUN")]
    runs: Vec<String>,

    /// The remote: a name of the settings, or a place
    #[arg(long, value_name = "REMOTE")]
    to: Option<String>,

    /// Say what would be sent, without asking the remote what it has
    #[arg(long)]
    dry_run: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Do it.
///
/// # Errors
/// If something did not arrive.
pub(super) fn run(cx: &Context, args: &PushArgs) -> Result<u8, CliError> {
    cx.seal();
    let mut pointers: BTreeSet<Pointer> = if args.runs.is_empty() {
        let mut all = all_pointers(&cx.repo)?;
        if let Ok(head) = cx.repo.head() {
            all.extend(pointers_of_tree(&cx.repo, cx.repo.commit_tree(head.commit)?)?);
        }
        all
    } else {
        let runs = of_selectors(cx, &args.runs)?;
        runs.iter().flat_map(|run| run.artifacts.iter().flat_map(|stored| stored.pointers().cloned())).collect()
    };
    let store = Store::of(&cx.repo);
    // What others stored and nobody fetched is not here, and they have pushed it, or will.
    let before = pointers.len();
    pointers.retain(|pointer| store.find(pointer).is_some());
    let elsewhere = before - pointers.len();
    if args.dry_run {
        let size = pointers.iter().map(|pointer| pointer.size).sum();
        cx.ui.print(&format!(
            "would send {} ({}), if they are not there\n",
            plural(pointers.len(), "object"),
            bytes(size)
        ));
        return Ok(exit::OK);
    }
    let remote = remotes::open(cx, args.to.as_deref())?;
    move_all(cx, remote.as_ref(), Operation::Upload, pointers.into_iter().collect(), args.json)?;
    if elsewhere > 0 {
        cx.ui.hint(&format!("{} not here, so whoever has them has to push them", plural(elsewhere, "object")));
    }
    Ok(exit::OK)
}
