//! An experiment as text: what was promised, what became of it, its runs.

use std::collections::BTreeSet;

use super::lines::{Lines, who_and_when};
use super::view::words;
use crate::cli::branches::Branches;
use crate::cli::context::{Context, ShortIds};
use crate::cli::error::CliError;
use crate::cli::fields::Facts;
use crate::cli::live;
use crate::compare::State;
use crate::git::head::short as short_branch;
use crate::model::direction::Direction;
use crate::model::experiment::Experiment;
use crate::model::fact::Header;
use crate::model::hypothesis::Hypothesis;
use crate::model::metric::is_system;
use crate::model::run::Status;
use crate::model::tag;
use crate::model::text::printable;
use crate::records::{ExperimentRecord, Records, RunRecord, Symbol};
use crate::render::number::plural;
use crate::render::table::{Align, Cell, Column, Kind, MOST_COLUMNS, Table};
use crate::render::terminal::terminal_of;
use crate::render::value::{shell_quote, short as short_number, value};
use crate::store::owner::Host;

/// The text.
///
/// # Errors
/// If the branches cannot be read.
pub(super) fn text(
    cx: &Context,
    records: &Records,
    experiment: &ExperimentRecord,
    short: &ShortIds,
) -> Result<String, CliError> {
    let registrations = records.registrations(experiment);
    let current = &experiment.current.to_experiment(&records.names);
    let about = records.said(experiment.id);
    let mut lines = Lines::new(&format!("experiment {} ({})", printable(&current.name), short.of(&experiment.id)));
    let runs: Vec<&RunRecord> = records.runs_of(experiment.id).collect();
    lines.add("id", experiment.id.to_string());
    lines.add("branch", short_branch(&current.branch));
    lines.add("state", format!("{}, {}", became(cx, records, experiment)?, counted(&runs, current.planned_seeds)));
    add_promise(&mut lines, &registrations, current);
    lines.add("commit", &current.commit);
    lines.add("base", &current.base);
    let baseline = current.baseline.as_ref();
    lines.add_some("baseline", baseline.map(|baseline| format!("{} ({})", baseline.rev, baseline.commit)));
    lines.add_some(
        "from",
        current.from.map(|id| match records.find_experiment(id) {
            Some(other) => format!("{} ({})", records.text(other.current.name), short.of(&id)),
            None => id.to_string(),
        }),
    );
    lines.add("command", current.command.iter().map(|arg| shell_quote(arg)).collect::<Vec<_>>().join(" "));
    lines.add("tags", tag::tags(&current.tags, &about).into_iter().collect::<Vec<_>>().join(" "));
    lines.add_about(&about);
    for live in live::all(cx).into_iter().filter(|live| live.run.experiment == Some(experiment.id)) {
        let seed = live.run.seed.map(|seed| format!(" seed {seed}")).unwrap_or_default();
        let stage = words(live.folder.stage(&Host::this()));
        lines.add("under way", format!("{}{seed}, {stage}", &live.folder.id.as_str()[..6]));
    }
    let mut out = lines.finish();
    if !runs.is_empty() {
        let hypothesis = current.hypothesis.read();
        let direction = |metric: &str| hypothesis.direction(metric).or_else(|| cx.direction(metric));
        let table = table(records, &runs, &hypothesis, direction, short);
        let whole = format!("git xp export {} -o runs.csv", shell_quote(&current.name));
        out += &format!("\n{}", terminal_of(&table, cx.ui.width, cx.ui.colour, &whole));
    }
    Ok(out)
}

/// When and by whom it was promised, and what each amendment changed.
fn add_promise(lines: &mut Lines, registrations: &[(Header, Experiment)], experiment: &Experiment) {
    let current = &experiment.hypothesis;
    for (at, (header, registration)) in registrations.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| registrations.get(before));
        match before {
            None => lines.add("started", who_and_when(header)),
            Some((_, before)) => {
                lines.add("amended", format!("{}: {}", who_and_when(header), amended(before, registration)))
            }
        }
    }
    lines.add_some("data", current.data.as_ref());
    lines.add_some("method", current.method.as_ref());
    current.expect.iter().for_each(|expect| lines.add("expect", expect));
    lines.add_some("because", current.because.as_ref());
    lines.add_some("seeds", experiment.planned_seeds.map(|n| format!("{n} planned")));
}

/// What stood there before an amendment.
fn amended(before: &Experiment, after: &Experiment) -> String {
    let (old, new) = (&before.hypothesis, &after.hypothesis);
    let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let text = |text: &Option<String>| or_none(text.clone().unwrap_or_default());
    let seeds = |experiment: &Experiment| or_none(experiment.planned_seeds.map(|n| n.to_string()).unwrap_or_default());
    let baseline =
        |found: &Experiment| or_none(found.baseline.as_ref().map(|found| found.rev.clone()).unwrap_or_default());
    let parts = [
        ("data", old.data != new.data, text(&old.data)),
        ("method", old.method != new.method, text(&old.method)),
        ("expect", old.expect != new.expect, or_none(old.expect.join(", "))),
        ("because", old.because != new.because, text(&old.because)),
        ("seeds", before.planned_seeds != after.planned_seeds, seeds(before)),
        ("baseline", before.baseline != after.baseline, baseline(before)),
        ("tags", before.tags != after.tags, or_none(before.tags.join(" "))),
    ];
    let changed =
        parts.into_iter().filter(|(_, differs, _)| *differs).map(|(what, _, was)| format!("{what} was {was}"));
    let changed: Vec<String> = changed.collect();
    if changed.is_empty() { "nothing changed".to_owned() } else { changed.join("; ") }
}

/// What became of it, in the words of `git xp list`.
fn became(cx: &Context, records: &Records, experiment: &ExperimentRecord) -> Result<String, CliError> {
    let facts = Facts::new(cx, records)?;
    Ok(match (facts.state(experiment), facts.place(experiment)) {
        ("remote", State::Remote(remote)) => format!("on {}", printable(remote)),
        (state, _) => state.to_owned(),
    })
}

/// Where its branch is.
///
/// # Errors
/// If the branches cannot be read.
pub(super) fn state(cx: &Context, records: &Records, experiment: &ExperimentRecord) -> Result<String, CliError> {
    let runs: Vec<&RunRecord> = records.runs_of(experiment.id).collect();
    Ok(match Branches::read(cx, records)?.locate(experiment, &runs).0 {
        State::Remote(remote) => format!("on {remote}"),
        other => other.word().to_owned(),
    })
}

/// `5 of 5 planned runs, 1 failed, 1 withdrawn`.
fn counted(runs: &[&RunRecord], planned: Option<u32>) -> String {
    let planned = planned.map(|planned| format!(" of {planned} planned")).unwrap_or_default();
    let failed = runs.iter().filter(|record| record.status != Status::Ok).count();
    let withdrawn = runs.iter().filter(|record| record.withdrawn.is_some()).count();
    let mut text = format!("{}{planned}", plural(runs.len(), "run"));
    for (n, word) in [(failed, "failed"), (withdrawn, "withdrawn")] {
        if n > 0 {
            text += &format!(", {n} {word}");
        }
    }
    text
}

/// The runs: params that differ, all metrics, the expected ones first.
fn table(
    records: &Records,
    runs: &[&RunRecord],
    hypothesis: &Hypothesis,
    direction: impl Fn(&str) -> Option<Direction>,
    short: &ShortIds,
) -> Table {
    let params = differing_params(records, runs);
    let metrics = metrics(records, runs, hypothesis);
    let mut columns = vec![
        Column::text("run", Align::Left, 0),
        Column::text("seed", Align::Right, 1),
        Column::text("status", Align::Left, 3),
        Column::text("ended", Align::Left, u32::MAX),
    ];
    for (turn, name) in (0..).zip(&params) {
        let name = records.text(*name);
        columns.push(Column { kind: Kind::Param, ..Column::text(name, Align::Right, 4 + 2 * turn) });
    }
    for (turn, name) in (0..).zip(&metrics) {
        let name = records.text(*name);
        columns.push(Column { kind: Kind::Metric(direction(name)), ..Column::text(name, Align::Right, 2 + 3 * turn) });
    }
    let none = || Cell::dim("–");
    let names = &records.names;
    let row = |run: &&RunRecord| {
        let status = if run.withdrawn.is_some() { "withdrawn".to_owned() } else { run.status.to_string() };
        let mut cells = vec![
            Cell::plain(short.of(&run.id)),
            run.seed.map_or_else(none, |seed| Cell::plain(seed.to_string())),
            Cell::plain(status),
            Cell::plain(run.end.local_minute()),
        ];
        let param =
            |name: &Symbol| run.param(*name).map_or_else(none, |found| Cell::plain(value(&found.to_json(names))));
        // Nobody asks for the cells of more columns than a table shows.
        let cell_of = |(turn, name)| if turn < MOST_COLUMNS { param(name) } else { Cell::default() };
        cells.extend(params.iter().enumerate().map(cell_of));
        let metric = |name: &Symbol| {
            run.r#final(*name).map_or_else(none, |last| Cell::plain(short_number(&last.to_number(names))))
        };
        cells.extend(metrics.iter().take(MOST_COLUMNS).map(metric));
        cells
    };
    Table { rows: runs.iter().map(row).collect(), columns, ..Table::default() }
}

fn differing_params(records: &Records, runs: &[&RunRecord]) -> Vec<Symbol> {
    let names: BTreeSet<(&str, Symbol)> =
        runs.iter().flat_map(|run| &run.shape.params).map(|name| (records.text(*name), *name)).collect();
    let differs = |name: &Symbol| runs.windows(2).any(|pair| pair[0].param(*name) != pair[1].param(*name));
    // A seed among the params is shown once, in the column that all runs have.
    let is_seed = |name: &Symbol| {
        let is_called_so = records.text(*name).rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("seed"));
        let same = |run: &&RunRecord| match (run.seed, run.param(*name)) {
            (Some(seed), Some(found)) => found.to_json(&records.names) == seed,
            (seed, found) => seed.is_none() && found.is_none(),
        };
        is_called_so && runs.iter().all(same)
    };
    names.into_iter().map(|(_, name)| name).filter(|name| differs(name) && !is_seed(name)).collect()
}

fn metrics(records: &Records, runs: &[&RunRecord], hypothesis: &Hypothesis) -> Vec<Symbol> {
    let names: BTreeSet<(&str, Symbol)> =
        runs.iter().flat_map(|run| &run.shape.metrics).map(|name| (records.text(*name), *name)).collect();
    let rank = |name: &str| {
        let at = hypothesis.expect.iter().position(|expectation| expectation.metric == name);
        at.unwrap_or(hypothesis.expect.len())
    };
    let is_expected = |name: &str| hypothesis.expect.iter().any(|expectation| expectation.metric == name);
    let mut names: Vec<(&str, Symbol)> =
        names.into_iter().filter(|(name, _)| !is_system(name) || is_expected(name)).collect();
    names.sort_by_key(|(name, _)| rank(name));
    names.into_iter().map(|(_, name)| name).collect()
}
