//! `git xp log-artifact`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::artifact::store::Store;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::logging;
use crate::cli::ui::Ui;
use crate::record::artifacts;
use crate::render::number::{bytes, plural};
use crate::settings::Overrides;

/// Store a file or folder with a run, as Git LFS objects
///
/// Its bytes are read once, on their way into the repository's own store; the run gets pointers to them. What becomes of the file afterwards is nothing to the
/// run. Inside `git xp run` it never fails the training.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp log-artifact model.pt --type model
  git xp log-artifact checkpoints/epoch-10 --name checkpoint
  git xp log-artifact predictions.parquet --run last    adds to a sealed run
  git xp artifact push    sends what was stored")]
pub struct LogArtifactArgs {
    /// The file or folder
    path: PathBuf,

    /// What to call it; if nothing is said, as the file is called
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// What it is: model, data, predictions, or any other word
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    /// A sealed run to add to: an id or the beginning of one, or last
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
}

/// Do it.
///
/// # Errors
/// If it cannot be read or stored; inside a run that is a warning.
pub fn run(ui: &Ui, cwd: &Path, overrides: &Overrides, args: &LogArtifactArgs) -> Result<u8, CliError> {
    let open = || Context::open(ui.clone(), cwd.to_owned(), overrides);
    logging::log(ui, cwd, args.run.as_deref(), || store(&open()?, cwd, args), open)?;
    Ok(exit::OK)
}

fn store(cx: &Context, cwd: &Path, args: &LogArtifactArgs) -> Result<Vec<u8>, CliError> {
    if let Some(kind) = &args.kind {
        artifacts::check_type(kind).map_err(|allowed| CliError::usage(format!("--type {kind}: write {allowed}")))?;
    }
    cx.repo.check_writable()?;
    let path = cwd.join(&args.path);
    let name = match &args.name {
        Some(name) => name.clone(),
        None => {
            let real =
                path.canonicalize().map_err(|error| CliError::new(format!("{}: {error}", args.path.display())))?;
            let name = real.file_name().map(|name| name.to_string_lossy().into_owned());
            name.ok_or_else(|| CliError::usage(format!("{} has no name", args.path.display())).hint("--name NAME"))?
        }
    };
    let name = cx.masker.mask_text(&name);
    let artifact =
        artifacts::store(&Store::of(&cx.repo), &cx.root.path().join("data"), &path, &name, args.kind.clone())?;
    let files =
        artifact.files.map(|files| format!(", {}", plural(usize::try_from(files).unwrap_or(usize::MAX), "file")));
    cx.ui.status(&format!(
        "stored {} ({}{}) {}",
        artifact.name.trim_start_matches("out/"),
        bytes(artifact.size),
        files.unwrap_or_default(),
        &artifact.oid[..artifact.oid.len().min("sha256:".len() + 12)]
    ));
    Ok(artifacts::line(&artifact)?)
}
