//! `git xp check`.

mod recorded;
mod tree;

use clap::Args;
use serde::Serialize;

use super::run::RunArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::settings::{Level, Rule};

/// Tell which rules a run would not fulfil
///
/// It takes the same line as `git xp run`, judges all rules as that would, looks for the data, and changes nothing; the hook xp-pre-run is not called.
/// With selectors it judges runs that are recorded.
/// It ends with 1 if a rule refuses, with 0 if none does.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp check                                     the command that `git xp run` would repeat, without a seed
  git xp check --seed 1 -- python train.py         the same line as for `git xp run`
  git xp check --recorded bigger-lr --recorded last    what is recorded
  git xp check --recorded 'exp/*' --json           in CI

In a hook, $GIT_XP_SEED counts as the seed.")]
pub struct CheckArgs {
    /// Judge recorded runs instead: a run's id, last, a commit, an experiment, or a glob of experiments
    #[arg(long, value_name = "SELECTOR", conflicts_with_all = ["command", "seed", "seeds", "all", "snapshot"])]
    recorded: Vec<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    run: RunArgs,
}

/// Do it.
///
/// # Errors
/// If the repository cannot be read, or an option makes no sense. A rule that refuses is no error: the exit code says it.
pub fn run(cx: &Context, args: CheckArgs) -> Result<u8, CliError> {
    if args.recorded.is_empty() {
        tree::check(cx, args.run, args.json)
    } else {
        recorded::check(cx, &args.recorded, args.json)
    }
}

/// A rule that is not fulfilled, as JSON says it.
#[derive(Debug, Serialize)]
struct FailureReport {
    rule: &'static str,
    level: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
}

impl From<crate::record::rules::Failure> for FailureReport {
    fn from(failure: crate::record::rules::Failure) -> Self {
        Self { rule: failure.rule.as_str(), level: failure.level.as_str(), text: failure.text, files: failure.files }
    }
}

/// A rule and the level in force, as JSON says it.
#[derive(Debug, Serialize)]
struct RuleReport {
    rule: &'static str,
    level: &'static str,
    /// Whether `.xp.toml` locks it.
    locked: bool,
}

fn rules(cx: &Context, level: impl Fn(Rule) -> Level) -> Vec<RuleReport> {
    let report =
        |rule: Rule| RuleReport { rule: rule.as_str(), level: level(rule).as_str(), locked: cx.is_locked(rule) };
    Rule::ALL.into_iter().map(report).collect()
}
