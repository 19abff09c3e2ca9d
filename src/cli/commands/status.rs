//! `git xp status`.

use clap::Args;
use serde::Serialize;

use crate::cli::context::{Context, ShortIds};
use crate::cli::error::{CliError, exit};
use crate::model::run::Status;
use crate::model::text::printable;
use crate::model::time::Time;
use crate::record::belonging;
use crate::render::number::{age, plural};
use crate::store::folder::Stage;
use crate::store::line::Event;
use crate::store::owner::Host;

/// Show the experiment you stand on, and what is under way
///
/// It also seals what was left behind: runs whose processes are gone are recorded as crashed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp status
  git xp status --json | jq .open")]
pub struct StatusArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    branch: Option<String>,
    commit: String,
    experiment: Option<ExperimentReport>,
    runs: usize,
    failed: usize,
    withdrawn: usize,
    clean: bool,
    open: Vec<OpenReport>,
}

#[derive(Debug, Serialize)]
struct ExperimentReport {
    id: String,
    name: String,
    hypothesis: crate::model::experiment::RecordedHypothesis,
    baseline: Option<crate::model::experiment::Baseline>,
    planned_seeds: Option<u32>,
}

#[derive(Debug, Serialize)]
struct OpenReport {
    id: String,
    stage: &'static str,
    branch: Option<String>,
    host: String,
    start: Option<Time>,
}

/// Do it.
///
/// # Errors
/// If the repository cannot be read.
pub fn run(cx: &Context, args: &StatusArgs) -> Result<u8, CliError> {
    cx.seal();
    let head = cx.repo.head()?;
    let records = cx.records()?;
    let experiment = match &head.branch {
        Some(branch) => belonging::find(&cx.repo, &cx.settings.start.prefix, branch, head.commit)?,
        None => None,
    };
    let runs: Vec<_> = match &experiment {
        Some((id, _)) => records.runs_of(*id).collect(),
        None => records.runs_on(head.branch.as_deref()).collect(),
    };
    let is_clean = cx.repo.work_dir().is_err() || super::run::dirt(cx)?.is_empty();
    let report = Report {
        version: 1,
        branch: head.branch.clone(),
        commit: head.commit.to_string(),
        experiment: experiment.map(|(id, found)| ExperimentReport {
            id: id.to_string(),
            name: found.name,
            hypothesis: found.hypothesis,
            baseline: found.baseline,
            planned_seeds: found.planned_seeds,
        }),
        runs: runs.len(),
        failed: runs.iter().filter(|run| run.status != Status::Ok).count(),
        withdrawn: runs.iter().filter(|run| run.withdrawn.is_some()).count(),
        clean: is_clean,
        open: open_runs(cx),
    };
    if args.json {
        cx.ui.print_json(&report);
    } else {
        cx.ui.print(&text(&report, &ShortIds::new(records.ids()), runs.last().map(|run| (run.id, run.time))));
    }
    Ok(exit::OK)
}

fn open_runs(cx: &Context) -> Vec<OpenReport> {
    let host = Host::this();
    let describe = |folder: crate::store::folder::Folder| {
        let stage = match folder.stage(&host) {
            Stage::Open => "running",
            Stage::Manual => "manual",
            Stage::Orphaned => "orphaned",
            Stage::Foreign => "on another host",
            Stage::Pending => "waits to be sealed",
            Stage::Opening => "being opened",
            Stage::Abandoned => "abandoned before it began",
            Stage::Broken => "unreadable",
        };
        let run = match folder.read_journal().ok().and_then(|journal| journal.open) {
            Some(Event::Open { fact, .. }) => Some(*fact),
            _ => None,
        };
        OpenReport {
            id: folder.id.to_string(),
            stage,
            branch: run.as_ref().and_then(|run| run.branch.clone()),
            host: run.as_ref().map(|run| run.host.clone()).unwrap_or_default(),
            start: run.map(|run| run.start),
        }
    };
    cx.root.under_way().into_iter().map(describe).collect()
}

fn text(report: &Report, short: &ShortIds, last: Option<(crate::model::id::Id, Time)>) -> String {
    let branch = report.branch.as_deref().map_or("no branch (detached HEAD)", crate::git::head::short);
    let mut out = match &report.experiment {
        Some(experiment) => format!("experiment {} on {}\n", printable(&experiment.name), printable(branch)),
        None => format!("on {}, which is no experiment\n", printable(branch)),
    };
    if let Some(experiment) = &report.experiment {
        let hypothesis = experiment.hypothesis.read();
        if !hypothesis.is_empty() {
            out += &format!("  {}\n", printable(&hypothesis.sentence()));
        }
        if let Some(baseline) = &experiment.baseline {
            out += &format!(
                "  baseline: {} ({})\n",
                printable(&baseline.rev),
                &baseline.commit[..baseline.commit.len().min(10)]
            );
        }
    }
    let planned = report.experiment.as_ref().and_then(|experiment| experiment.planned_seeds);
    let planned = planned.map(|planned| format!(" of {planned} planned")).unwrap_or_default();
    out += &format!("  {}{planned}", plural(report.runs, "run"));
    if report.failed + report.withdrawn > 0 {
        out += &format!(" ({} failed, {} withdrawn)", report.failed, report.withdrawn);
    }
    if let Some((id, time)) = last {
        out += &format!(", the last one {} {}", short.of(&id), age(Time::now(), time));
    }
    out +=
        if report.clean { "\n" } else { "\n  the work tree differs from the commit: git xp run -a commits it first\n" };
    for open in &report.open {
        let branch = open.branch.as_deref().map_or("", crate::git::head::short);
        out += &format!("  {} {} {} on {}\n", &open.id[..4], open.stage, printable(branch), printable(&open.host));
    }
    if report.experiment.is_none() && report.runs == 0 {
        out += "\ngit xp run --seed 1 -- <command>    records a baseline\ngit xp start <name>                 starts an experiment\n";
    }
    out
}
