//! `git xp log`.

use clap::Args;
use serde_json::json;

use crate::cli::context::{Context, ShortIds};
use crate::cli::error::{CliError, exit};
use crate::cli::notices::{finals, first_line, metrics_line, person};
use crate::cli::selector::{self, Selected};
use crate::model::id::Id;
use crate::model::run::Status;
use crate::model::tag;
use crate::model::text::printable;
use crate::model::time::Time;
use crate::record::belonging;
use crate::records::{AboutRecord, ExperimentRecord, Records, RunRecord};

/// Show the notebook of an experiment: what was promised, run, added and withdrawn, in order
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp log                the experiment or branch you stand on
  git xp log bigger-lr
  git xp log --all          everything in this repository")]
pub struct LogArgs {
    /// An experiment [default: the branch you stand on]
    experiment: Option<String>,

    /// Everything in this repository
    #[arg(long, conflicts_with = "experiment")]
    all: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One entry of the notebook.
struct Entry {
    time: Time,
    id: String,
    kind: String,
    by: String,
    text: String,
}

/// Do it.
///
/// # Errors
/// If there is no such experiment.
pub fn run(cx: &Context, args: &LogArgs) -> Result<u8, CliError> {
    let records = cx.records()?;
    let short = ShortIds::new(records.ids());
    let (experiments, runs) = chosen(cx, args, records)?;
    let mut entries: Vec<Entry> =
        experiments.iter().flat_map(|experiment| experiment_entries(records, experiment, &short)).collect();
    entries.extend(runs.iter().flat_map(|run| run_entries(records, run, &short)));
    entries.sort_by_key(|entry| entry.time);
    if args.json {
        let entries: Vec<_> = entries
            .iter()
            .map(|entry| json!({"time": entry.time, "id": entry.id, "kind": entry.kind, "by": entry.by, "text": entry.text}))
            .collect();
        cx.ui.print_json(&json!({"version": 1, "entries": entries}));
    } else if entries.is_empty() {
        cx.ui.print("nothing is recorded here yet\n");
        cx.ui.hint("git xp run --seed 1 -- <command>, or git xp log --all");
    } else {
        let lines = entries.iter().map(|entry| {
            let (first, more) = first_line(&entry.text);
            let more = if more { " …" } else { "" };
            format!("{}  {:<10}  {}{more}\n", entry.time.local_minute(), printable(&entry.kind), printable(first))
        });
        cx.page(&lines.collect::<String>());
    }
    Ok(exit::OK)
}

type Chosen<'a> = (Vec<&'a ExperimentRecord>, Vec<&'a RunRecord>);

fn chosen<'a>(cx: &Context, args: &LogArgs, records: &'a Records) -> Result<Chosen<'a>, CliError> {
    if args.all {
        return Ok((records.experiments.iter().collect(), records.runs.iter().collect()));
    }
    if let Some(text) = &args.experiment {
        return Ok(match selector::resolve(cx, records, text)? {
            Selected::Experiment(experiment) => (vec![experiment], records.runs_of(experiment.id).collect()),
            Selected::Run(run) => (Vec::new(), vec![run]),
            Selected::Commit(_, runs) => (Vec::new(), runs),
        });
    }
    let head = cx.repo.head()?;
    let branch = head.branch.clone().unwrap_or_default();
    if let Some((id, _)) = belonging::find(&cx.repo, &cx.settings.start.prefix, &branch, head.commit)?
        && let Some(experiment) = records.find_experiment(id)
    {
        return Ok((vec![experiment], records.runs_of(id).collect()));
    }
    Ok((Vec::new(), records.runs_on(head.branch.as_deref()).collect()))
}

fn experiment_entries(records: &Records, experiment: &ExperimentRecord, short: &ShortIds) -> Vec<Entry> {
    let hypothesis = experiment.current.hypothesis(&records.names).read();
    let sentence = if hypothesis.is_empty() { "without a hypothesis".to_owned() } else { hypothesis.sentence() };
    let amended = if !experiment.earlier.is_empty() {
        format!(" (amended {} times)", experiment.earlier.len())
    } else {
        String::new()
    };
    let id = short.of(&experiment.id);
    let mut entries = vec![Entry {
        time: experiment.time,
        text: format!("{id} {}{amended}: {sentence}", records.text(experiment.current.name)),
        id: experiment.id.to_string(),
        kind: "start".to_owned(),
        by: records.text(experiment.by).to_owned(),
    }];
    entries.extend(about_entries(records, experiment.id, &id));
    entries
}

fn run_entries(records: &Records, record: &RunRecord, short: &ShortIds) -> Vec<Entry> {
    let id = short.of(&record.id);
    let mut entries = vec![Entry {
        time: record.time,
        id: record.id.to_string(),
        kind: "run".to_owned(),
        by: records.text(record.by).to_owned(),
        text: run_line(records, record, short),
    }];
    for late in records.late_of(record.id) {
        let metrics = late
            .metrics
            .iter()
            .map(|(name, measure)| format!("{} {}", records.text(*name), measure.last.to_number(&records.names)));
        let params = late
            .params
            .iter()
            .map(|(name, value)| format!("{} = {}", records.text(*name), value.to_json(&records.names)));
        let by = records.text(late.by).to_owned();
        let text = format!("{id} {}: {}", person(&by), metrics.chain(params).collect::<Vec<_>>().join(", "));
        entries.push(Entry { time: late.time, id: late.id.to_string(), kind: "late".to_owned(), by, text });
    }
    entries.extend(about_entries(records, record.id, &id));
    entries
}

/// `7kq Ada: keep; removed wip`.
fn about_entries(records: &Records, target: Id, short: &str) -> Vec<Entry> {
    let entry = |about: &AboutRecord| {
        let said = about.read(&records.names);
        let text = said.text.clone().or(said.because.clone()).unwrap_or_else(|| tag::words(&said));
        let by = records.text(about.by).to_owned();
        Entry {
            time: about.time,
            id: target.to_string(),
            kind: records.text(about.kind).to_owned(),
            text: format!("{short} {}: {text}", person(&by)),
            by,
        }
    };
    records.about(target).iter().map(entry).collect()
}

/// A run in one line: `7kq seed 42 ok: val_acc 0.913`.
pub fn run_line(records: &Records, run: &RunRecord, short: &ShortIds) -> String {
    let seed = run.seed.map(|seed| format!(" seed {seed}")).unwrap_or_default();
    let status = if run.status == Status::Ok { String::new() } else { format!(" {}", run.status) };
    let withdrawn = run.withdrawn.map(|why| format!(" withdrawn ({})", records.text(why))).unwrap_or_default();
    let params = run.params().take(4).map(|(name, value)| {
        let value = value.to_json(&records.names);
        format!(" {}={}", records.text(name), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    });
    let params = params.collect::<String>();
    let metrics = metrics_line(finals(records, run));
    let metrics = if metrics.is_empty() { metrics } else { format!(": {metrics}") };
    format!("{}{seed}{status}{withdrawn}{params}{metrics}", short.of(&run.id))
}
