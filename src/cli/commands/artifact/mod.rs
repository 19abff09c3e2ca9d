//! `git xp artifact`: what was stored with runs, here and on remotes.

mod agent;
mod checkout;
mod choose;
mod fetch;
mod fsck;
mod list;
mod prune;
mod push;
mod report;
mod track;

pub use choose::Patterns;
pub use report::move_all;

use clap::{Args, Subcommand};

use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Files and folders that were stored with runs: models, data, predictions
///
/// They are Git LFS objects: pointers in the ledger, bytes in the repository's own lfs/objects, and, once pushed, on a remote: a folder, a bucket, or a server of
/// Git LFS.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git config xp.artifacts.shared /mnt/models    where they go to
  git xp artifact list last
  git xp artifact push
  git xp artifact checkout 7kq 'model*' --to models/")]
pub struct ArtifactArgs {
    #[command(subcommand)]
    command: ArtifactCommand,
}

#[derive(Debug, Subcommand)]
enum ArtifactCommand {
    List(list::ListArgs),
    Fetch(fetch::FetchArgs),
    Checkout(checkout::CheckoutArgs),
    Push(push::PushArgs),
    Prune(prune::PruneArgs),
    Fsck(fsck::FsckArgs),
    Track(track::TrackArgs),
    Untrack(track::UntrackArgs),
    Agent(agent::AgentArgs),
}

/// Do it.
///
/// # Errors
/// Those of what was asked for.
pub fn run(cx: &Context, args: &ArtifactArgs) -> Result<u8, CliError> {
    match &args.command {
        ArtifactCommand::List(args) => list::run(cx, args),
        ArtifactCommand::Fetch(args) => fetch::run(cx, args),
        ArtifactCommand::Checkout(args) => checkout::run(cx, args),
        ArtifactCommand::Push(args) => push::run(cx, args),
        ArtifactCommand::Prune(args) => prune::run(cx, args),
        ArtifactCommand::Fsck(args) => fsck::run(cx, args),
        ArtifactCommand::Track(args) => track::track(cx, args),
        ArtifactCommand::Untrack(args) => track::untrack(cx, args),
        ArtifactCommand::Agent(args) => agent::run(cx, args),
    }
}
