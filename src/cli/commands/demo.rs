//! `git-xp demo`: a scratch repository, a baseline and three experiments, through the commands a user types.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::error::{CliError, exit};
use crate::cli::notices::shell_quote;
use crate::cli::ui::Ui;
use crate::demo::{COMMAND, CONFIG, EXPERIMENTS, FILES, SEEDS};
use crate::git::process::typed_command;

/// Show git-xp at work: real training in a scratch repository, through the commands you would type
///
/// Trains a classifier on Fisher's iris data (150 rows, built in): a baseline and three experiments with five seeds each. It needs nothing but git.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git-xp demo
  git-xp demo --dir /tmp/iris")]
pub struct DemoArgs {
    /// Where to make the repository; it must not exist [default: a new folder among the temporary ones]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Do it.
///
/// # Errors
/// If a command fails.
pub fn run(ui: &Ui, args: &DemoArgs) -> Result<u8, CliError> {
    let dir = make_folder(args)?;
    let steps = Steps { ui, dir: &dir };
    steps.say("A project: a classifier of iris flowers, in an ordinary git repository.");
    steps.type_out(&["git", "init", "--quiet", "--initial-branch=main"])?;
    steps.give_identity()?;
    for file in &FILES {
        steps.write(file.path, file.text)?;
    }
    steps.type_out(&["git", "add", "--all"])?;
    steps.type_out(&["git", "commit", "--quiet", "-m", "A classifier of iris flowers"])?;
    steps.say("The baseline: five seeds on main.");
    steps.run_seeds(&["--seeds", SEEDS])?;
    for experiment in &EXPERIMENTS {
        steps.say(&format!("An experiment: {}.", experiment.method));
        let mut start = vec!["git", "xp", "start", experiment.name, "--base", "main", "--planned-seeds", "5"];
        start.extend(["--data", experiment.data, "--method", experiment.method]);
        experiment.expect.iter().for_each(|expect| start.extend(["--expect", expect]));
        start.extend(["--because", experiment.because]);
        steps.type_out(&start)?;
        steps.write(CONFIG.path, &experiment.config())?;
        steps.run_seeds(&["-a", "-m", experiment.method, "--seeds", SEEDS])?;
    }
    steps.say("What came of it:");
    steps.type_out(&["git", "xp", "compare", "main..exp/"])?;
    ui.print(&format!(
        "\nThe repository is {}. Look around in it:\n\n  git xp log --all\n  git xp show last\n  git log --notes=xp exp/{}\n  git log --format=%s $(git for-each-ref --format='%(refname)' refs/xp/runs)\n",
        dir.display(),
        EXPERIMENTS[0].name,
    ));
    Ok(exit::OK)
}

fn make_folder(args: &DemoArgs) -> Result<PathBuf, CliError> {
    match &args.dir {
        Some(dir) => {
            std::fs::create_dir(dir).map_err(|error| {
                CliError::new(format!("{}: {error}", dir.display()))
                    .hint("name a folder that does not exist, in one that does")
            })?;
            dir.canonicalize().map_err(|error| CliError::new(error.to_string()))
        }
        None => {
            let dir = tempfile::Builder::new().prefix("git-xp-demo-").tempdir();
            dir.map(tempfile::TempDir::keep).map_err(|error| CliError::new(format!("no temporary folder: {error}")))
        }
    }
}

struct Steps<'a> {
    ui: &'a Ui,
    dir: &'a Path,
}

impl Steps<'_> {
    fn say(&self, text: &str) {
        self.ui.print(&format!("\n# {text}\n"));
    }

    /// Git refuses to commit for somebody without a name; the demo's repository then gets one of its own.
    fn give_identity(&self) -> Result<(), CliError> {
        for (key, value) in [("user.name", "Demo"), ("user.email", "demo@example.org")] {
            if typed_command(&["git", "config", key], self.dir, true).is_err() {
                self.type_out(&["git", "config", key, value])?;
            }
        }
        Ok(())
    }

    fn write(&self, path: &str, text: &str) -> Result<(), CliError> {
        self.ui.print(&format!("  (write {path})\n"));
        std::fs::write(self.dir.join(path), text).map_err(|error| CliError::new(format!("{path}: {error}")))
    }

    fn run_seeds(&self, options: &[&str]) -> Result<(), CliError> {
        let mut words = vec!["git", "xp", "run"];
        words.extend_from_slice(options);
        words.extend(["--config", CONFIG.path, "--"]);
        words.extend(COMMAND);
        self.type_out(&words)
    }

    fn type_out(&self, words: &[&str]) -> Result<(), CliError> {
        let line = words.iter().map(|word| shell_quote(word)).collect::<Vec<_>>().join(" ");
        self.ui.print(&format!("$ {line}\n"));
        typed_command(words, self.dir, false).map_err(|why| CliError::new(format!("{line}: {why}")))
    }
}
