//! `--similar`: runs by how similar their params are to those of one, and a tree of the nearest.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::output::print;
use super::{Asked, ListArgs, runs};
use crate::cli::context::{Context, ShortIds};
use crate::cli::error::CliError;
use crate::cli::fields::Facts;
use crate::cli::format::Format;
use crate::cli::selector;
use crate::model::number::Number;
use crate::model::text::printable;
use crate::records::RunRecord;
use crate::render::{Align, Cell, Column, Table};
use crate::similar::{Difference, Item, Near, cluster, dendrogram, nearest};

/// How many runs are listed where the user names no number.
const LISTED: usize = 20;

/// How wide the tree is where nothing limits it, in columns.
const TREE_WIDTH: usize = 100;

/// List the runs that are most similar to one.
///
/// # Errors
/// If the selector names no run.
pub(super) fn list(
    cx: &Context,
    args: &ListArgs,
    facts: &Facts<'_>,
    asked: &Asked,
    short: &ShortIds,
    selector: &str,
) -> Result<(), CliError> {
    let records = facts.records;
    let target = selector::resolve_counting_run(cx, records, selector)?;
    let everything = ListArgs { limit: None, ..args.clone() };
    let mut runs: Vec<&RunRecord> = runs::chosen(cx, &everything, facts, asked)?;
    runs.retain(|run| run.id != target.id);
    runs.insert(0, target);
    let params: Vec<BTreeMap<String, Json>> = runs
        .iter()
        .map(|run| {
            run.params().map(|(name, value)| (records.text(name).to_owned(), value.to_json(&records.names))).collect()
        })
        .collect();
    let names: Vec<String> = runs.iter().map(|run| name(facts, run, short)).collect();
    let items: Vec<Item<'_>> = runs
        .iter()
        .zip(&params)
        .zip(&names)
        .map(|((run, params), name)| Item { name, params, seed: run.seed })
        .collect();
    let near = nearest(&items, 0, args.limit.unwrap_or(LISTED));
    let table = table(args, facts, &runs, &near, short);
    let tree = || -> Result<String, CliError> {
        let chosen: Vec<usize> = std::iter::once(0).chain(near.iter().map(|near| near.index)).collect();
        let of_tree: Vec<Item<'_>> = chosen
            .iter()
            .map(|at| Item { name: items[*at].name, params: items[*at].params, seed: items[*at].seed })
            .collect();
        let tree = cluster(&of_tree)
            .map_err(|error| CliError::new(error.to_string()).hint("git xp list --similar <run> -n 20"))?;
        let names: Vec<&str> = of_tree.iter().map(|item| item.name).collect();
        Ok(dendrogram(&tree, &names, cx.ui.width.unwrap_or(TREE_WIDTH)))
    };
    if args.form.format() != Format::Table {
        print(cx, args, || table, || document(facts, target, &runs, &near));
        return Ok(());
    }
    let mut text = format!("{} and the runs with the most similar params\n\n", printable(&names[0]));
    text += &crate::render::terminal::terminal(&table, cx.ui.width, cx.ui.colour);
    if near.len() > 1 {
        text += &format!("\n{}", tree()?);
    }
    cx.page(&text);
    Ok(())
}

fn name(facts: &Facts<'_>, run: &RunRecord, short: &ShortIds) -> String {
    let name = match run.name.some() {
        Some(name) => facts.records.text(name),
        None => crate::git::head::short(facts.records.text(run.branch)),
    };
    let seed = run.seed.map(|seed| format!(" seed {seed}")).unwrap_or_default();
    format!("{} {name}{seed}", short.of(&run.id))
}

fn table(args: &ListArgs, facts: &Facts<'_>, runs: &[&RunRecord], near: &[Near<'_>], short: &ShortIds) -> Table {
    let exact = args.form.format() == Format::Csv;
    let row = |near: &Near<'_>| {
        let run = runs[near.index];
        let distance = if exact { Number::Float(near.distance).to_string() } else { format!("{:.3}", near.distance) };
        let id = if exact { run.id.to_string() } else { short.of(&run.id) };
        let differences: Vec<String> = near.differences.iter().map(difference).collect();
        let differences = if differences.is_empty() { "nothing".to_owned() } else { differences.join(", ") };
        let experiment = run.name.some().map(|name| facts.records.text(name)).unwrap_or_default();
        [distance, id, experiment.to_owned(), run.seed.map(|seed| seed.to_string()).unwrap_or_default(), differences]
            .map(Cell::plain)
            .into()
    };
    Table {
        columns: vec![
            Column::text("distance", Align::Right, 0),
            Column::text("run", Align::Left, 1),
            Column::text("experiment", Align::Left, 2),
            Column::text("seed", Align::Right, 4),
            Column::text("differs in", Align::Left, 3),
        ],
        rows: near.iter().map(row).collect(),
        ..Table::default()
    }
}

/// `lr 0.1 → 0.3`.
fn difference(difference: &Difference<'_>) -> String {
    let text = |value: Option<&Json>| match value {
        None => "–".to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    format!("{} {} → {}", difference.name, text(difference.here), text(difference.there))
}

fn document(facts: &Facts<'_>, target: &RunRecord, runs: &[&RunRecord], near: &[Near<'_>]) -> Json {
    let differences = |near: &Near<'_>| {
        let of = |difference: &Difference<'_>| {
            (
                difference.name.to_owned(),
                json!({"here": difference.here, "there": difference.there, "distance": difference.distance}),
            )
        };
        near.differences.iter().map(of).collect::<Map<_, _>>()
    };
    let of = |near: &Near<'_>| {
        let mut run = runs::json_run(facts, runs[near.index]);
        run["distance"] = near.distance.into();
        run["differences"] = differences(near).into();
        run
    };
    json!({"version": 1, "of": target.id, "runs": near.iter().map(of).collect::<Vec<_>>()})
}
