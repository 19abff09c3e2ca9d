//! `git-xp lfs-agent`, hidden: what git-lfs starts to move objects.

use std::path::Path;

use clap::Args;

use crate::artifact::agent::{carry, serve};
use crate::artifact::remote::bucket;
use crate::artifact::remote::place::{is_path, open as open_place};
use crate::artifact::remote::{Remote, RemoteError};
use crate::artifact::store::Store;
use crate::cli::error::{CliError, exit};
use crate::git::Repo;

/// Move objects for git-lfs
///
/// A standalone custom transfer agent of Git LFS, which git-lfs itself starts: `git xp artifact agent --install` sets it up.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git config lfs.standalonetransferagent git-xp
  git config lfs.customtransfer.git-xp.path git-xp
  git config lfs.customtransfer.git-xp.args 'lfs-agent s3://bucket/folder'")]
pub struct LfsAgentArgs {
    /// A folder, or a bucket: s3://…, gs://…, az://…
    #[arg(value_name = "PLACE")]
    place: String,
}

/// Do it.
///
/// # Errors
/// If git-lfs cannot be read from or written to. All else is told to git-lfs.
pub fn run(cwd: &Path, args: &LfsAgentArgs) -> Result<u8, CliError> {
    let opened = open(cwd, &args.place);
    let ready = opened.as_ref().map(|_| ()).map_err(Clone::clone);
    let served =
        serve(std::io::stdin().lock(), &mut std::io::stdout().lock(), ready, &mut |operation, pointer, moved| {
            let (store, remote) = opened.as_ref().map_err(Clone::clone)?;
            carry(store, remote.as_ref(), operation, pointer, moved)
        });
    match served {
        // git-lfs was stopped.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(exit::BROKEN_PIPE),
        Err(error) => Err(CliError::new(format!("git-lfs cannot be answered: {error}"))),
        Ok(()) => Ok(exit::OK),
    }
}

fn open(cwd: &Path, place: &str) -> Result<(Store, Box<dyn Remote>), RemoteError> {
    let repo = Repo::open(cwd).map_err(|error| RemoteError::all(error.to_string()))?;
    // A name alone is a folder here: git remotes have an LFS server, and git-lfs needs no agent for those.
    let place = if is_path(place) || bucket::is_bucket(place) { place.to_owned() } else { format!("./{place}") };
    let remote = open_place(&repo, &place, &place)?;
    Ok((Store::of(&repo), remote))
}
