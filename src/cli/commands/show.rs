//! `git xp show`.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::context::{Context, ShortIds};
use crate::cli::error::{CliError, exit};
use crate::cli::files;
use crate::cli::selector::{self, Selected};
use crate::git::Oid;
use crate::model::run::Run;
use crate::model::text::printable;
use crate::records::{ExperimentRecord, Records, RunRecord};
use crate::render::number::{bytes, duration};
use crate::store::details::Details;

/// Show a run, an experiment, or the runs of a commit
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp show               the last run of this branch
  git xp show 7kq           a run, by the beginning of its id
  git xp show bigger-lr     an experiment
  git xp show last --json   the exact facts
  git xp show last --file output.log")]
pub struct ShowArgs {
    /// A run's id or the beginning of one, last, last~1, an experiment, a commit
    #[arg(default_value = "last")]
    selector: String,

    /// Print the facts as JSON
    #[arg(long)]
    json: bool,

    /// Print one of the run's files, such as output.log or series.tsv
    #[arg(long, value_name = "NAME", conflicts_with = "json")]
    file: Option<String>,
}

/// Do it.
///
/// # Errors
/// If the selector names nothing.
pub fn run(cx: &Context, args: &ShowArgs) -> Result<u8, CliError> {
    let records = cx.records()?;
    let selected = selector::resolve(cx, records, &args.selector)?;
    if let Some(name) = &args.file {
        let run = selector::resolve_run(cx, records, &args.selector)?;
        return show_file(cx, records, run, name);
    }
    if args.json {
        cx.ui.print_json(&as_json(cx, records, &selected)?);
        return Ok(exit::OK);
    }
    let short = ShortIds::new(records.ids());
    let text = match selected {
        Selected::Run(record) => run_text(cx, records, record, &short)?,
        Selected::Experiment(experiment) => experiment_text(records, experiment, &short),
        Selected::Commit(hex, runs) if runs.is_empty() => format!("commit {hex} has no run\n"),
        Selected::Commit(_, runs) => {
            let texts =
                runs.into_iter().map(|record| run_text(cx, records, record, &short)).collect::<Result<Vec<_>, _>>()?;
            texts.join("\n")
        }
    };
    cx.ui.print(&text);
    Ok(exit::OK)
}

fn show_file(cx: &Context, records: &Records, record: &RunRecord, name: &str) -> Result<u8, CliError> {
    let files = &Details::read(&cx.repo, records, record)?.files;
    let Some(blob) = files.get(name) else {
        let names = files.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(CliError::new(format!("run {} has no file '{name}'", record.id)).hint(format!("it has: {names}")));
    };
    cx.ui.print_foreign(&files::read(cx, *blob)?);
    Ok(exit::OK)
}

fn as_json(cx: &Context, records: &Records, selected: &Selected<'_>) -> Result<Value, CliError> {
    let run = |record: &RunRecord| -> Result<Value, CliError> {
        let details = Details::read(&cx.repo, records, record)?;
        Ok(json!({
            "fact": fact(cx, details.blob)?,
            "late": details.late.iter().map(|(header, late)| json!({"id": header.id, "late": late})).collect::<Vec<_>>(),
            "withdrawn": record.withdrawn.map(|why| records.text(why)),
            "ledger": details.ledger,
            "files": details.files.into_keys().collect::<Vec<_>>(),
        }))
    };
    Ok(match selected {
        Selected::Run(record) => json!({"version": 1, "runs": [run(record)?]}),
        Selected::Commit(hex, runs) => {
            json!({"version": 1, "commit": hex, "runs": runs.iter().map(|record| run(record)).collect::<Result<Vec<_>, _>>()?})
        }
        Selected::Experiment(experiment) => json!({
            "version": 1,
            "experiment": {"id": experiment.id, "time": experiment.time, "current": experiment.current.to_experiment(&records.names), "amendments": experiment.amendments},
            "runs": records.runs_of(experiment.id).map(run).collect::<Result<Vec<_>, _>>()?,
        }),
    })
}

/// The fact as it was written, unknown keys included.
fn fact(cx: &Context, blob: Oid) -> Result<Value, CliError> {
    serde_json::from_slice(&cx.repo.read_blob(blob)?).map_err(|error| CliError::new(error.to_string()))
}

fn run_text(cx: &Context, records: &Records, record: &RunRecord, short: &ShortIds) -> Result<String, CliError> {
    let details = Details::read(&cx.repo, records, record)?;
    let run = &details.run;
    let seed = run.seed.map(|seed| format!(" seed {seed}")).unwrap_or_default();
    let name = run.name.as_deref().or(run.branch.as_deref().map(crate::git::head::short)).unwrap_or("detached HEAD");
    let mut out = format!("run {} ({}{seed}) {}\n", short.of(&record.id), printable(name), run.status);
    let mut line = |key: &str, value: String| {
        if !value.is_empty() {
            out += &format!("{key:>12}  {}\n", printable(&value));
        }
    };
    line("id", record.id.to_string());
    line("by", details.header.by.clone());
    line("withdrawn", record.withdrawn.map(|why| records.text(why).to_owned()).unwrap_or_default());
    line("ended", format!("{} after {}", run.end.local_minute(), duration(run.seconds)));
    line("exit", ended(run));
    line("commit", commit(run));
    line(
        "changed",
        run.diff
            .as_ref()
            .map(|d| format!("{} files, +{} -{} since the baseline", d.files, d.insertions, d.deletions))
            .unwrap_or_default(),
    );
    line("while run", run.changed_paths.join(", "));
    line("command", run.command.iter().map(|arg| crate::cli::notices::shell_quote(arg)).collect::<Vec<_>>().join(" "));
    line("folder", run.cwd.clone());
    line("seed via", run.seed_via.join(", "));
    line("config", run.config.as_ref().map(|config| config.file.clone()).unwrap_or_default());
    line("host", run.host.clone());
    for (name, value) in &run.params {
        line("param", format!("{name} = {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    for (name, summary) in &run.metrics {
        let range = match (&summary.min, &summary.max) {
            (Some(min), Some(max)) if summary.count > 1 => format!("  ({} points, {min} to {max})", summary.count),
            _ => String::new(),
        };
        let step = summary.step.map(|step| format!(" at step {step}")).unwrap_or_default();
        line("metric", format!("{name} = {}{step}{range}", summary.r#final));
    }
    for (header, late) in &details.late {
        for (name, summary) in &late.metrics {
            line("late", format!("{name} = {} ({})", summary.r#final, &header.id.as_str()[..4]));
        }
        for (name, value) in &late.params {
            line("late", format!("{name} = {value}"));
        }
    }
    // Why it was withdrawn stands above.
    for (header, about) in details.about.iter().filter(|(header, _)| header.kind != "withdrawal") {
        let text = if about.tags.is_empty() { about.text.clone().unwrap_or_default() } else { about.tags.join(" ") };
        line(&header.kind, text);
    }
    for (name, blob) in &details.files {
        line("file", format!("{name} ({})", bytes(cx.repo.object_size(*blob).unwrap_or_default())));
    }
    line("ledger", format!("{}:facts/{}/{}.json", details.ledger, record.id.fan_out(), details.stem));
    Ok(out)
}

fn ended(run: &Run) -> String {
    match (run.exit, run.signal) {
        (_, Some(signal)) => format!("signal {signal}"),
        (Some(exit), _) => exit.to_string(),
        _ => String::new(),
    }
}

fn commit(run: &Run) -> String {
    let head = if run.head == "branch" { String::new() } else { format!(" ({})", run.head) };
    let snapshot = run
        .snapshot
        .as_ref()
        .map(|oid| format!(", with changes: snapshot {}", &oid[..oid.len().min(10)]))
        .unwrap_or_default();
    format!("{}{head}{snapshot}", run.commit)
}

fn experiment_text(records: &Records, experiment: &ExperimentRecord, short: &ShortIds) -> String {
    let current = &experiment.current.to_experiment(&records.names);
    let mut out = format!("experiment {} ({})\n", printable(&current.name), short.of(&experiment.id));
    let mut line = |key: &str, value: &str| {
        if !value.is_empty() {
            out += &format!("{key:>12}  {}\n", printable(value));
        }
    };
    line("branch", crate::git::head::short(&current.branch));
    line("started", &experiment.time.local_minute());
    line("data", current.hypothesis.data.as_deref().unwrap_or_default());
    line("method", current.hypothesis.method.as_deref().unwrap_or_default());
    current.hypothesis.expect.iter().for_each(|expect| line("expect", expect));
    line("because", current.hypothesis.because.as_deref().unwrap_or_default());
    line(
        "baseline",
        &current
            .baseline
            .as_ref()
            .map(|baseline| format!("{} ({})", baseline.rev, baseline.commit))
            .unwrap_or_default(),
    );
    line("seeds", &current.planned_seeds.map(|n| format!("{n} planned")).unwrap_or_default());
    line("tags", &current.tags.join(" "));
    for record in records.runs_of(experiment.id) {
        line("run", &super::log::run_line(records, record, short));
    }
    out
}
