//! `git xp worktree`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::notices::shell_quote;
use crate::cli::placing;
use crate::cli::selector;
use crate::store::details::Details;

/// Make a work tree of a run: its code, its config, what was stored with it
///
/// The code is the commit that ran, or the snapshot of the tree if that differed, with HEAD detached. Copies of configs lie in xp-config/, what was stored in
/// xp-out/ (git ignores both there).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp worktree bigger-lr ../look
  git xp worktree 7kq /tmp/7kq --no-artifacts
  git worktree remove ../look    takes it away again")]
pub struct WorktreeArgs {
    /// The run: an id or the beginning of one, last, an experiment or a commit (the last run of it that ended ok)
    run: String,

    /// The folder that is made
    dir: PathBuf,

    /// Leave out what was stored with the run
    #[arg(long)]
    no_artifacts: bool,

    /// The remote to fetch from: a name of the settings, or a place
    #[arg(long, value_name = "REMOTE")]
    from: Option<String>,
}

/// Do it.
///
/// # Errors
/// If the folder is there, or the code or an artifact is not to be had.
pub fn run(cx: &Context, args: &WorktreeArgs) -> Result<u8, CliError> {
    cx.seal();
    cx.repo.check_writable()?;
    let records = cx.records()?;
    let record = selector::resolve_counting_run(cx, records, &args.run)?;
    let details = Details::read(&cx.repo, records, record)?;
    let code = details.run.snapshot.as_deref().unwrap_or(&details.run.commit);
    let dir = cx.cwd.join(&args.dir);
    if dir.symlink_metadata().is_ok() {
        return Err(
            CliError::new(format!("{} is there already", args.dir.display())).hint("name a folder that is not there")
        );
    }
    let known = cx.repo.parse_oid(code).filter(|oid| cx.repo.has_object(*oid));
    let Some(commit) = known else {
        return Err(CliError::new(format!("the code of run {}, commit {code}, is not here", &record.id.as_str()[..4]))
            .hint("git fetch <remote> 'refs/xp/keep/*:refs/xp/keep/*'    gets the code of runs"));
    };
    let text = dir.to_string_lossy().into_owned();
    cx.repo.git("worktree").args(["add", "--quiet", "--detach", "--", &text, &commit.to_string()]).output()?;
    ignore(&dir)?;
    let mut written = placing::Done::default();
    let configs = details.files.iter().filter(|(name, _)| is_config(name));
    let configs: Vec<(String, crate::git::Oid)> = configs.map(|(name, blob)| (name.clone(), *blob)).collect();
    written += placing::blobs(cx, &dir.join("xp-config"), &configs)?;
    if !args.no_artifacts {
        let artifacts = crate::store::artifacts::of_run(&cx.repo, &details)?;
        placing::fetch_missing(cx, &artifacts, args.from.as_deref())?;
        written += placing::artifacts(cx, &dir.join("xp-out"), artifacts)?;
    }
    cx.ui.status(&format!(
        "{} has the code of run {} ({}){written}",
        args.dir.display(),
        &record.id.as_str()[..4],
        &code[..10]
    ));
    cx.ui.hint(&format!("cd {}    git worktree remove takes it away", shell_quote(&args.dir.to_string_lossy())));
    written.check().map(|()| exit::OK)
}

fn is_config(name: &str) -> bool {
    ["config/", "params/", "hydra/"].iter().any(|folder| name.starts_with(folder))
}

/// What git-xp puts there is nobody's change of the code.
fn ignore(dir: &Path) -> Result<(), CliError> {
    for folder in ["xp-config", "xp-out"] {
        let path = dir.join(folder);
        let made = std::fs::create_dir(&path).and_then(|()| std::fs::write(path.join(".gitignore"), "*\n"));
        match made {
            // The code has a folder of this name itself.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => made.map_err(|error| CliError::new(format!("{}: {error}", path.display())))?,
        }
    }
    Ok(())
}
