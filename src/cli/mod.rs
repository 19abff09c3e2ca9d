//! The command line: one file per verb in `commands`, which resolves what was typed, calls into a slice, and renders.

pub mod args;
pub mod branches;
pub mod commands;
pub mod context;
pub mod error;
pub mod fields;
pub mod files;
pub mod format;
pub mod live;
pub mod logging;
pub mod notices;
pub mod placing;
pub mod range;
pub mod remotes;
pub mod selector;
pub mod target;
pub mod ui;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
#[cfg(unix)]
use rustix::process::Signal;

use crate::model::text::printable_lines;
use args::{Cli, Command};
use context::Context;
use error::{CliError, exit};
use ui::Ui;

/// Parse the command line, do what it says, return the exit code.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        let ui = Ui::new(false);
        ui.stderr(&format!(
            "error: internal: {info}\nhint: this is a defect of git-xp; please report it with what you typed\n"
        ));
        std::process::exit(exit::INTERNAL.into());
    }));
    survive_file_size_limit();
    let cli = match Cli::try_parse_from(typed()) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let ui = Ui::new(cli.quiet);
    match run(cli, &ui) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            ui.stderr(&error.text());
            ExitCode::from(error.code())
        }
    }
}

/// A write over the limit of a file's size (`ulimit -f`) must be an error, not the end of git-xp: the training's exit code is at stake. A handler
/// that does nothing is not handed on to the command, as an ignored signal would be.
#[cfg(unix)]
fn survive_file_size_limit() {
    // Without it git-xp ends at that limit, as other programs do.
    let _ = signal_hook::flag::register(Signal::XFSZ.as_raw(), std::sync::Arc::default());
}

#[cfg(not(unix))]
fn survive_file_size_limit() {}

/// What was typed. clap takes `-3` for a number and `-inf` for five options: the same infinity is written as a number that overflows.
fn typed() -> Vec<OsString> {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    let is_minus_infinity = |arg: &OsString| {
        let text = arg.to_str().unwrap_or_default();
        ["-inf", "-infinity"].iter().any(|word| text.eq_ignore_ascii_case(word))
    };
    if let Some(verb) =
        args.iter().position(|arg| arg == "log-metric").filter(|verb| !args[..*verb].iter().any(|arg| arg == "--"))
    {
        args[verb..].iter_mut().filter(|arg| is_minus_infinity(arg)).for_each(|arg| *arg = "-1e999".into());
    }
    args
}

/// clap's own text; help and version are no errors, and a mistyped `log-metric` must not fail the training that calls it.
fn usage(error: &clap::Error) -> ExitCode {
    let code = if error.use_stderr() && !logging::is_logging_in_a_run() { exit::USAGE } else { exit::OK };
    // clap repeats what was typed, and that may come from a script of somebody else.
    let plain = error.render().to_string();
    let is_safe = printable_lines(&plain) == plain;
    let printed = if is_safe { error.print() } else { write!(std::io::stderr(), "{}", printable_lines(&plain)) };
    match printed {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::from(exit::BROKEN_PIPE),
        _ => ExitCode::from(code),
    }
}

fn run(cli: Cli, ui: &Ui) -> Result<u8, CliError> {
    let cwd = working_dir(cli.directory.as_deref())?;
    let overrides = cli.overrides()?;
    let open = || Context::open(ui.clone(), cwd.clone(), &overrides);
    match cli.command {
        // Those that need no repository, or must not pay for opening one.
        Command::LogMetric(args) => commands::log_metric::run(ui, &cwd, &overrides, args),
        Command::LogParam(args) => commands::log_param::run(ui, &cwd, &overrides, args),
        Command::LogArtifact(args) => commands::log_artifact::run(ui, &cwd, &overrides, &args),
        Command::Artifact(args) => commands::artifact::run(&open()?, &args),
        Command::Worktree(args) => commands::worktree::run(&open()?, &args),
        Command::Apply(args) => commands::apply::run(&open()?, &args),
        Command::Demo(args) => commands::demo::run(ui, &args),
        Command::FilterProcess(args) => commands::filter_process::run(ui, &cwd, &args),
        Command::DemoTrain(args) => commands::demo_train::run(&args),
        Command::LfsAgent(args) => commands::lfs_agent::run(&cwd, &args),
        Command::Completions(args) => commands::completions::run(ui, &args),
        Command::Man(args) => commands::man::run(ui, &args),
        Command::Init(args) => commands::init::run(&open()?, &args),
        Command::Start(args) => commands::start::run(&open()?, args),
        Command::Run(args) => commands::run::run(&open()?, args),
        Command::Check(args) => commands::check::run(&open()?, args),
        Command::Finish(args) => commands::finish::run(&open()?, &args),
        Command::Discard(args) => commands::discard::run(&open()?, &args),
        Command::Status(args) => commands::status::run(&open()?, &args),
        Command::List(args) => commands::list::run(&open()?, &args),
        Command::Show(args) => commands::show::run(&open()?, &args),
        Command::Log(args) => commands::log::run(&open()?, &args),
        Command::Diff(args) => commands::diff::run(&open()?, &args),
        Command::Plot(args) => commands::plot::run(&open()?, &args),
        Command::Compare(args) => commands::compare::run(&open()?, &args),
        Command::Remark(args) => commands::remark::run(&open()?, &args),
        Command::Tag(args) => commands::tag::run(&open()?, &args),
        Command::Export(args) => commands::export::run(&open()?, &args),
        Command::Forget(args) => commands::forget::run(&open()?, &args),
        Command::Fsck(args) => commands::fsck::run(&open()?, &args),
    }
}

fn working_dir(option: Option<&std::path::Path>) -> Result<PathBuf, CliError> {
    if let Some(dir) = option {
        std::env::set_current_dir(dir).map_err(|error| CliError::new(format!("-C {}: {error}", dir.display())))?;
    }
    std::env::current_dir().map_err(|error| CliError::new(format!("the current folder cannot be read: {error}")))
}

/// The whole command line as clap knows it: for completions, man pages and the CLI reference.
pub fn command() -> clap::Command {
    Cli::command()
}
