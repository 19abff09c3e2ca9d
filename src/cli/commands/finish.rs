//! `git xp finish`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::notices::{metrics_line, report_closed};
use crate::model::fact::Body;
use crate::model::run::Status;
use crate::record::close::{self, Closing, WorkTree};
use crate::record::{log, manual};
use crate::store::line::Event;
use crate::store::owner::Host;

/// End the manual run of this branch and record it
///
/// A manual run begins with the first `git xp log-metric` or `git xp log-param` outside of `git xp run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp log-metric val_acc 0.93 && git xp finish
  git xp finish --failed")]
pub struct FinishArgs {
    /// Record it as failed
    #[arg(long)]
    failed: bool,
}

/// Do it.
///
/// # Errors
/// If no manual run is open.
pub fn run(cx: &Context, args: &FinishArgs) -> Result<u8, CliError> {
    cx.repo.check_writable()?;
    let branch = manual::branch_of(cx.repo.git_dir()).unwrap_or_default();
    let Some(id) = manual::find(cx.repo.git_dir(), &branch) else {
        cx.seal();
        return Err(CliError::new("no manual run is open on this branch")
            .hint("git xp log-metric <metric> <value>    opens one"));
    };
    let folder = cx.root.folder(id);
    if !folder.path.exists() {
        // It was closed and sealed, and a crash left the pointer.
        manual::release(cx.repo.git_dir(), &branch).map_err(|error| CliError::new(error.to_string()))?;
        cx.seal();
        return Err(
            CliError::new(format!("the manual run {} has ended already", &id.as_str()[..4])).hint("git xp show last")
        );
    }
    // Whoever comes meanwhile sees that somebody is at it.
    let owner = Host::this().owner("git-xp", std::process::id());
    let _ = log::append_event(&folder.journal(), &Event::Owner(owner));
    let status = if args.failed { Status::Failed } else { Status::Ok };
    let end = close::ending(status, None, None, None);
    let direction = |metric: &str| cx.direction(metric);
    let is_no_code = |path: &str| cx.settings.is_no_code(path);
    let work_tree =
        WorkTree { env_toml: None, metrics_files: &cx.settings.metrics_files, is_no_code: &is_no_code, params: None };
    let closing = Closing { direction: &direction, masker: &cx.masker, work_tree: Some(work_tree) };
    let mut lint = super::run::Lint::new(cx.records().ok());
    let closed = close::close(&cx.repo, &folder, Some(&end), &closing)?;
    manual::release(cx.repo.git_dir(), &branch).map_err(|error| CliError::new(error.to_string()))?;
    cx.seal();
    report_closed(cx, &closed);
    if let Body::Run(run) = &closed.fact.body {
        lint.report(cx, run);
        cx.ui.status(&format!(
            "run {} {}  {}",
            &id.as_str()[..4],
            run.status,
            metrics_line(run.metrics.iter().map(|(name, summary)| (name.as_str(), summary.r#final.clone())))
        ));
    }
    Ok(exit::OK)
}
