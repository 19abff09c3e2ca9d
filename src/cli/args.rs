//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::commands;
use super::error::CliError;
use crate::settings::{Overrides, Rule};

/// Experiment tracking that lives in git
///
/// An experiment is a branch with a promise, a run is a fact about the commit that produced it. Everything is recorded in
/// refs and notes of the repository itself: no server, no account, no lock file.
#[derive(Debug, Parser)]
#[command(
    name = "git-xp",
    bin_name = "git xp",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  git xp start bigger-lr --expect 'val_acc >= baseline + 0.01'
  git xp run --seed 42 -p lr=0.1 -- python train.py --lr {lr} --seed {seed}
  git xp compare 'main..exp/*'

`git-xp demo` shows all of it in a scratch repository."
)]
pub struct Cli {
    /// Run as if started in this folder
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,

    /// Say nothing but results, warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Set a rule for this call: clean=off|warn|snapshot|commit|refuse, seed=off|warn|refuse
    #[arg(long = "rule", value_name = "RULE=LEVEL", global = true)]
    pub rules: Vec<String>,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "each verb is described by its arguments' doc comment, which is its help text")]
pub enum Command {
    Init(commands::init::InitArgs),
    Start(commands::start::StartArgs),
    Run(commands::run::RunArgs),
    Check(commands::check::CheckArgs),
    LogMetric(commands::log_metric::LogMetricArgs),
    LogParam(commands::log_param::LogParamArgs),
    LogArtifact(commands::log_artifact::LogArtifactArgs),
    Artifact(commands::artifact::ArtifactArgs),
    Worktree(commands::worktree::WorktreeArgs),
    Apply(commands::apply::ApplyArgs),
    Finish(commands::finish::FinishArgs),
    Discard(commands::discard::DiscardArgs),
    Status(commands::status::StatusArgs),
    List(commands::list::ListArgs),
    Show(commands::show::ShowArgs),
    Log(commands::log::LogArgs),
    Diff(commands::diff::DiffArgs),
    Compare(commands::compare::CompareArgs),
    Remark(commands::remark::RemarkArgs),
    Tag(commands::tag::TagArgs),
    Plot(commands::plot::PlotArgs),
    Export(commands::export::ExportArgs),
    Forget(commands::forget::ForgetArgs),
    Fsck(commands::fsck::FsckArgs),
    Demo(commands::demo::DemoArgs),
    Completions(commands::completions::CompletionsArgs),
    Man(commands::man::ManArgs),
    #[command(hide = true)]
    FilterProcess(commands::filter_process::FilterProcessArgs),
    LfsAgent(commands::lfs_agent::LfsAgentArgs),
    #[command(hide = true)]
    DemoTrain(commands::demo_train::DemoTrainArgs),
}

impl Cli {
    /// The settings that the options override.
    ///
    /// # Errors
    /// If a rule or a level does not exist.
    pub fn overrides(&self) -> Result<Overrides, CliError> {
        let mut overrides = Overrides::default();
        for text in &self.rules {
            let (rule, level) = text
                .split_once('=')
                .ok_or_else(|| CliError::usage(format!("--rule {text}: write it as RULE=LEVEL, such as clean=warn")))?;
            let wrong = |error: &dyn std::fmt::Display| CliError::usage(format!("--rule {text}: {error}"));
            let rule: Rule = rule.parse().map_err(|error| wrong(&error))?;
            overrides.rules.push((rule, rule.parse_level(level).map_err(|error| wrong(&error))?));
        }
        Ok(overrides)
    }
}
