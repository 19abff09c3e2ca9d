//! `git xp run`: check, open, run, log, seal.

mod check;
mod command;
mod data;
mod describe;
mod earlier;
mod execute;
mod last_line;
mod no_metrics;
mod out;
mod params;
mod repeat;
mod request;
mod seeds;
mod session;
mod system;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

pub(super) use check::Examined;
pub use check::dirt;
pub use data::manifest_name;
pub use params::Lint;
pub(super) use request::Request;
use session::Session;

use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};

/// Runs that end faster than this are sealed together.
const SEAL_EVERY: Duration = Duration::from_secs(1);

/// Run a command and record it
///
/// Checks that the tree is committed and a seed is recorded, runs the command, and records code, params, seed, environment,
/// metrics and output as one fact. The exit code is the command's. Without a command it repeats the branch's last one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp run --seed 42 -- python train.py --seed {seed}
  git xp run --seeds 1..5 -p lr=0.1 -- python train.py --lr {lr} --seed {seed}
  git xp run --seed 1 --config train.yaml -p model.depth=4 -- python train.py --config {config}
  git xp run -a --seed 1        commits everything, then repeats the last command
  git xp run --seed 1 --data train=data/train -- python train.py --out {out}
  git xp run --rule seed=off -- ./evaluate.sh

Placeholders: {seed}, {config}, {out} (a fresh folder), {run} (the run's id) and {NAME} of each -p NAME=VALUE; other braces stay as they are.
The program logs by appending JSON lines to $GIT_XP_JOURNAL, by `git xp log-metric`, or by leaving a metrics.json.")]
pub struct RunArgs {
    /// The seed; the command gets it as {seed} and $GIT_XP_SEED
    #[arg(short, long, value_name = "N", allow_hyphen_values = true)]
    seed: Option<i64>,

    /// One run for each of several seeds: 1..5 or 1,2,7
    #[arg(long, value_name = "LIST", conflicts_with = "seed", allow_hyphen_values = true)]
    seeds: Option<String>,

    /// A param; the command gets it as {NAME}, or in the config copy
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,

    /// A config file (JSON, YAML, TOML): a copy with the params merged in is stored and is what {config} names
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Pin data: a file or folder by its content, or by what DVC or Git LFS say of it, or the URI of a version in a store
    #[arg(long, value_name = "NAME=PATH")]
    data: Vec<String>,

    /// Store the pinned files and folders with the run too, as artifacts
    #[arg(long)]
    store: bool,

    /// Store what the command leaves in this new file or folder; with {out} in the command, make a fresh folder below it for each run
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,

    /// Commit everything to this branch first
    #[arg(short, long, conflicts_with = "snapshot")]
    all: bool,

    /// The message of that commit
    #[arg(short, long, value_name = "MSG", requires = "all")]
    message: Option<String>,

    /// Store the exact work tree with the run instead of committing
    #[arg(long)]
    snapshot: bool,

    /// Run it although the same plan ended ok before
    #[arg(long)]
    again: bool,

    /// With several seeds: go on after one that fails
    #[arg(short, long)]
    keep_going: bool,

    /// The experiment that the run belongs to, when HEAD is detached
    #[arg(long, value_name = "NAME")]
    experiment: Option<String>,

    /// Give the command the terminal, for debuggers; its output is then not recorded
    #[arg(long)]
    tty: bool,

    /// The command and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl RunArgs {
    /// Takes the seed that a run has set in the environment of its hook, if none is given.
    ///
    /// # Errors
    /// If it is no number.
    pub(super) fn take_seed_of_environment(&mut self, cx: &Context) -> Result<(), CliError> {
        if self.seed.is_some() || self.seeds.is_some() {
            return Ok(());
        }
        if let Some(text) = cx.surroundings(&[]).variables.get(OsStr::new("GIT_XP_SEED")) {
            let seed = text.to_str().and_then(|text| text.parse().ok());
            let wrong = || CliError::usage("$GIT_XP_SEED is no whole number").hint("unset GIT_XP_SEED");
            self.seed = Some(seed.ok_or_else(wrong)?);
        }
        Ok(())
    }
}

/// Do it.
///
/// # Errors
/// If a rule refuses or the run cannot be opened. A command that fails is no error: its exit code is returned.
pub fn run(cx: &Context, args: RunArgs) -> Result<u8, CliError> {
    let seeds: Vec<Option<i64>> = match &args.seeds {
        Some(list) => seeds::parse(list)
            .map_err(|why| CliError::usage(format!("--seeds: {why}")))?
            .into_iter()
            .map(Some)
            .collect(),
        None => vec![args.seed],
    };
    let mut session = Session::begin(cx, args, seeds.first().copied().flatten())?;
    let mut code = exit::OK;
    for (i, seed) in seeds.iter().enumerate() {
        let is_last = i + 1 == seeds.len();
        let done = session.run_one(*seed, seeds.len() > 1);
        if done.is_err() {
            // The seeds before it are not lost with it.
            session.seal();
        }
        let done = done?;
        if is_last || session.last_seal.elapsed() >= SEAL_EVERY {
            session.seal();
        }
        let Some(ended) = done else { continue };
        let ended_code = u8::try_from(ended.code().clamp(0, 255)).unwrap_or(exit::INTERNAL);
        if code == exit::OK {
            code = ended_code;
        }
        if ended.was_asked_to_end || (ended_code != 0 && !session.args.keep_going) {
            if !is_last {
                cx.ui.warning(&format!("{} of {} seeds were not run", seeds.len() - i - 1, seeds.len()));
                if !ended.was_asked_to_end {
                    cx.ui.hint("git xp run --keep-going …    goes on after a seed that fails");
                }
            }
            break;
        }
    }
    session.seal();
    Ok(code)
}
