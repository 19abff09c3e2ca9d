//! `git xp man`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::error::{CliError, exit};
use crate::cli::ui::Ui;

/// Write the man pages into a folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git-xp man ~/.local/share/man/man1    then: man git-xp-run, or: git help xp-run")]
pub struct ManArgs {
    /// The folder; it is created
    dir: PathBuf,
}

/// Do it.
///
/// # Errors
/// If the folder cannot be written.
pub fn run(ui: &Ui, args: &ManArgs) -> Result<u8, CliError> {
    let failed = |error: std::io::Error| CliError::new(format!("{}: {error}", args.dir.display()));
    std::fs::create_dir_all(&args.dir).map_err(failed)?;
    clap_mangen::generate_to(crate::cli::command().bin_name("git-xp"), &args.dir).map_err(failed)?;
    ui.status(&format!("wrote the man pages to {}", args.dir.display()));
    Ok(exit::OK)
}
