//! What earlier runs say to one that is about to begin: its experiment, the command and data that are repeated, a plan that was run before.

use std::collections::BTreeMap;

use super::RunArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::selector;
use crate::model::experiment::Experiment;
use crate::model::id::Id;
use crate::record::belonging;
use crate::records::{Records, RunRecord};
use crate::store::details::Details;

/// The experiment that a run belongs to.
///
/// # Errors
/// If `--experiment` names none, or is not needed.
pub(super) fn find_experiment(
    cx: &Context,
    args: &RunArgs,
    head: &crate::git::head::Head,
    records: Option<&Records>,
) -> Result<Option<(Id, Experiment)>, CliError> {
    if let (Some(name), Some(records)) = (&args.experiment, records) {
        if head.state == "branch" {
            return Err(CliError::usage("--experiment is for a detached HEAD; here the branch says it")
                .hint("git switch --detach"));
        }
        let selector::Selected::Experiment(found) = selector::resolve(cx, records, name)? else {
            return Err(CliError::new(format!("--experiment {name}: that is no experiment")));
        };
        return Ok(Some((found.id, found.current.to_experiment(&records.names))));
    }
    match &head.branch {
        Some(branch) => Ok(belonging::find(&cx.repo, &cx.settings.start.prefix, branch, head.commit)?),
        None => Ok(None),
    }
}

/// A run that counts and ended ok with this plan.
pub(super) fn find_plan<'a>(records: &'a Records, plan: &str) -> Option<&'a RunRecord> {
    records.runs.iter().find(|run| run.counts() && run.plan() == plan && !plan.is_empty())
}

/// The command of the branch's last run, else the one that the experiment took over.
///
/// # Errors
/// If there is none, or it held a secret.
pub(super) fn last_command(
    branch: &Option<String>,
    experiment: Option<&(Id, Experiment)>,
    records: Option<&Records>,
) -> Result<Vec<String>, CliError> {
    let last = records.and_then(|records| {
        let runs: Box<dyn DoubleEndedIterator<Item = &RunRecord>> = match experiment {
            Some((id, _)) => Box::new(records.runs_of(*id)),
            None => Box::new(records.runs_on(branch.as_deref())),
        };
        runs.map(RunRecord::command).rfind(|command| !command.is_empty()).map(|command| records.texts(&command))
    });
    let inherited = experiment.map(|(_, experiment)| experiment.command.clone());
    let command = last.or(inherited).filter(|command| !command.is_empty());
    let Some(command) = command else {
        return Err(
            CliError::usage("this branch has no command to repeat yet").hint("git xp run --seed 1 -- <command>")
        );
    };
    if command.iter().any(|arg| arg.contains(crate::capture::secrets::MASK)) {
        return Err(CliError::usage("the last command held a secret, which is not recorded")
            .hint("type the command again: git xp run … -- <command>"));
    }
    Ok(command)
}

/// The last run of a command.
fn last_of<'a>(records: &'a Records, command: &[String]) -> Option<&'a RunRecord> {
    let command: Vec<_> = command.iter().map(|word| records.names.find(word)).collect::<Option<_>>()?;
    records.runs.iter().rev().find(|run| run.command() == command)
}

/// The data of the last run of a command: paths, relative to the top of the work tree, and URIs by name.
///
/// # Errors
/// If its fact cannot be read.
pub(super) fn last_data(
    cx: &Context,
    records: &Records,
    command: &[String],
) -> Result<BTreeMap<String, String>, CliError> {
    let Some(last) = last_of(records, command) else { return Ok(BTreeMap::new()) };
    let pins = Details::read(&cx.repo, records, last)?.run.data;
    Ok(pins.into_iter().filter_map(|(name, pin)| Some((name, pin.path.or(pin.uri)?))).collect())
}

/// The params of the last run of a command.
pub(super) fn last_params(records: &Records, command: &[String]) -> Option<BTreeMap<String, serde_json::Value>> {
    let last = last_of(records, command)?;
    Some(last.params().map(|(name, value)| (records.text(name).to_owned(), value.to_json(&records.names))).collect())
}
