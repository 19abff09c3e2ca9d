//! `git xp discard`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::selector;
use crate::model::run::Status;
use crate::record::close::{self, Closing};
use crate::record::{late, manual};

/// Withdraw a run: it is kept and counted, and no longer compared
///
/// Without RUN the manual run of this branch is ended and withdrawn.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp discard 7kq --because 'wrong labels'
  git xp discard --because 'a try'")]
pub struct DiscardArgs {
    /// The run: an id or the beginning of one, or last
    run: Option<String>,

    /// Why; readers of the comparison see it
    #[arg(long, value_name = "TEXT", required = true)]
    because: String,
}

/// Do it.
///
/// # Errors
/// If there is no such run, or it was withdrawn before.
pub fn run(cx: &Context, args: &DiscardArgs) -> Result<u8, CliError> {
    cx.repo.check_writable()?;
    let branch = manual::branch_of(cx.repo.git_dir()).unwrap_or_default();
    let open = manual::find(cx.repo.git_dir(), &branch);
    let selector = match (&args.run, open) {
        (Some(selector), _) => selector.clone(),
        (None, Some(id)) => {
            let direction = |metric: &str| cx.direction(metric);
            let closing = Closing { direction: &direction, masker: &cx.masker, work_tree: None };
            let end = close::ending(Status::Killed, None, None, None);
            close::close(&cx.repo, &cx.root.folder(id), Some(&end), &closing)?;
            manual::release(cx.repo.git_dir(), &branch).map_err(|error| CliError::new(error.to_string()))?;
            id.to_string()
        }
        (None, None) => {
            return Err(CliError::usage("no manual run is open on this branch, so the run has to be named")
                .hint("git xp discard last --because '…'"));
        }
    };
    cx.seal();
    let records = cx.records_about(&[&selector])?;
    let record = selector::resolve_run(cx, records, &selector)?;
    if let Some(because) = record.withdrawn.map(|because| records.text(because)) {
        return Err(CliError::new(format!("run {} is withdrawn already: {because}", record.id)));
    }
    late::withdraw((&cx.root, &cx.masker), (record.id, record.commit()), &cx.by(), &args.because)?;
    cx.seal();
    cx.ui.status(&format!("run {} withdrawn: {}", &record.id.as_str()[..4], args.because));
    Ok(exit::OK)
}
