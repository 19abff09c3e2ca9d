//! `git xp artifact fetch`.

use clap::Args;

use super::choose::{Patterns, of_selectors};
use super::report::move_all;
use crate::artifact::pointer::Pointer;
use crate::artifact::remote::Operation;
use crate::artifact::store::Store;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::remotes;
use crate::render::number::{bytes, plural};

/// Get what was stored with runs from a remote
///
/// What is here already is not fetched again, and what an earlier call got half of goes on where that ended.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp artifact fetch last
  git xp artifact fetch bigger-lr --only 'model*'
  git xp artifact fetch --all --from shared")]
pub(super) struct FetchArgs {
    /// Runs: ids or beginnings of them, last, experiments, commits
    #[arg(value_name = "RUN", required_unless_present = "all")]
    runs: Vec<String>,

    /// Those of all runs
    #[arg(long, conflicts_with = "runs")]
    all: bool,

    /// Only those whose path fits: a name, a folder, or a pattern
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,

    /// The remote: a name of the settings, or a place
    #[arg(long, value_name = "REMOTE")]
    from: Option<String>,

    /// Say what would be fetched
    #[arg(long)]
    dry_run: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Do it.
///
/// # Errors
/// If something is not to be had.
pub(super) fn run(cx: &Context, args: &FetchArgs) -> Result<u8, CliError> {
    cx.seal();
    let patterns = Patterns::new(&args.only)?;
    let mut runs = of_selectors(cx, &args.runs)?;
    runs.iter_mut().for_each(|run| patterns.choose(&mut run.artifacts));
    let pointers: Vec<Pointer> =
        runs.iter().flat_map(|run| run.artifacts.iter().flat_map(|stored| stored.pointers().cloned())).collect();
    let store = Store::of(&cx.repo);
    if args.dry_run {
        let mut missing: Vec<&Pointer> = pointers.iter().filter(|pointer| store.find(pointer).is_none()).collect();
        missing.sort();
        missing.dedup();
        let size = missing.iter().map(|pointer| pointer.size).sum();
        cx.ui.print(&format!("would fetch {} ({})\n", plural(missing.len(), "object"), bytes(size)));
        return Ok(exit::OK);
    }
    if pointers.iter().all(|pointer| store.find(pointer).is_some()) && !args.json {
        cx.ui.status(&format!("{} here already", plural(pointers.len(), "object")));
        return Ok(exit::OK);
    }
    cx.repo.check_writable()?;
    let remote = remotes::open(cx, args.from.as_deref())?;
    move_all(cx, remote.as_ref(), Operation::Download, pointers, args.json)?;
    Ok(exit::OK)
}
