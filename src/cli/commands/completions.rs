//! `git xp completions`.

use clap::Args;
use clap_complete::Shell;

use crate::cli::error::{CliError, exit};
use crate::cli::ui::Ui;

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git-xp completions bash > ~/.local/share/bash-completion/completions/git-xp
  git-xp completions zsh > ~/.zfunc/_git-xp
  git-xp completions fish > ~/.config/fish/completions/git-xp.fish")]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Do it.
///
/// # Errors
/// None.
pub fn run(ui: &Ui, args: &CompletionsArgs) -> Result<u8, CliError> {
    let mut out = Vec::new();
    let mut command = crate::cli::command().bin_name("git-xp");
    clap_complete::generate(args.shell, &mut command, "git-xp", &mut out);
    ui.print(&String::from_utf8_lossy(&out));
    Ok(exit::OK)
}
