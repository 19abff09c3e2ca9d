//! `git xp artifact agent`.

use clap::Args;

use crate::artifact::agent::install::{Installed, install, installed, uninstall};
use crate::artifact::remote::bucket::is_bucket;
use crate::artifact::remote::place::is_path;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::remotes;
use crate::model::text::printable;

/// Let plain git-lfs reach a folder or a bucket, by git-xp as its transfer agent
///
/// It sets lfs.standalonetransferagent and what belongs to it in the config of this repository. From then on `git lfs push` and `git lfs pull` use the remote of artifacts
/// instead of a Git LFS server.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp artifact agent --install
  git xp artifact agent --install --to bucket
  git xp artifact agent --uninstall")]
pub(super) struct AgentArgs {
    /// Set it up
    #[arg(long, conflicts_with = "uninstall")]
    install: bool,

    /// Take it away
    #[arg(long)]
    uninstall: bool,

    /// The remote: a name of the settings, or a place
    #[arg(long, value_name = "REMOTE")]
    to: Option<String>,
}

/// Do it.
///
/// # Errors
/// If there is no such remote, it is a Git LFS server itself, or git's config cannot be written.
pub(super) fn run(cx: &Context, args: &AgentArgs) -> Result<u8, CliError> {
    if args.uninstall {
        cx.ui.status(if uninstall(&cx.repo)? {
            "git-lfs moves objects by itself again"
        } else {
            "git-xp is no transfer agent here"
        });
        return Ok(exit::OK);
    }
    if !args.install {
        return tell(cx);
    }
    let (name, place) = remotes::find(cx, args.to.as_deref())?;
    if !is_bucket(&place) && !place.starts_with("file://") && !is_path(&place) {
        return Err(CliError::new(format!("{name} is a Git LFS server, which git-lfs reaches by itself"))
            .hint("git xp artifact agent --install --to <folder or bucket>"));
    }
    if let Installed::Other(agent) = installed(&cx.repo) {
        return Err(CliError::new(format!("git-lfs has another transfer agent here: {agent}"))
            .hint("git config --unset lfs.standalonetransferagent    takes it away"));
    }
    let program = std::env::current_exe().map_err(|error| CliError::new(format!("git-xp itself: {error}")))?;
    install(&cx.repo, &program, &place)?;
    cx.ui.status(&format!("git-lfs moves objects to and from {place} now"));
    Ok(exit::OK)
}

fn tell(cx: &Context) -> Result<u8, CliError> {
    match installed(&cx.repo) {
        Installed::Yes => {
            let arguments = cx.repo.config("lfs.customtransfer.git-xp.args").unwrap_or_default();
            cx.ui.print(&format!("git-lfs moves objects by git-xp {}\n", printable(&arguments)));
        }
        Installed::Other(agent) => cx.ui.print(&format!("git-lfs has another transfer agent: {}\n", printable(&agent))),
        Installed::No => {
            cx.ui.print("git-lfs moves objects by itself\n");
            cx.ui.hint("git xp artifact agent --install    lets it reach a folder or a bucket");
        }
    }
    Ok(exit::OK)
}
