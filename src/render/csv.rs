//! Comma-separated values: data, exactly as recorded.
//!
//! Nothing is rounded, shortened or escaped beyond what RFC 4180 asks for. A name may hold anything, also control characters,
//! or a formula that a spreadsheet would compute: treat files made from other people's repositories as data.

use ::csv::WriterBuilder;
use serde_json::Value;

use crate::compare::{Comparison, Estimate, Param, Row, State};
use crate::model::number::Number;
use crate::records::{Names, Num};

/// Columns of a comparison before its params and metrics.
const FIXED: [&str; 14] = [
    "experiment",
    "branch",
    "state",
    "baseline",
    "is_baseline",
    "reference",
    "condition",
    "commits",
    "seeds",
    "n",
    "failed",
    "withdrawn",
    "repeats",
    "planned_seeds",
];

/// Columns of each metric, behind its name.
const OF_METRIC: [&str; 8] = ["n", "mean", "sd", "min", "max", "non_finite", "delta", "better"];

/// A header and records as CSV, every line ending in a newline.
pub fn csv(header: &[String], records: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut writer = WriterBuilder::new().flexible(true).from_writer(Vec::new());
    writer.write_record(header).expect("a vector takes any record");
    for record in records {
        writer.write_record(record).expect("a vector takes any record");
    }
    let bytes = writer.into_inner().expect("a vector takes all that is flushed");
    String::from_utf8(bytes).expect("all fields are text")
}

/// All of a comparison: a record for each row, a column for every param (`param.lr`) and eight for each metric
/// (`val_acc.mean`, `val_acc.sd` …).
///
/// Lists are separated by spaces. A field is empty where there is no value, or, for a param, where the runs of the row do not
/// agree on one. Texts among params are as they are, all other values are JSON.
pub fn comparison(comparison: &Comparison<'_>) -> String {
    let names = &comparison.names;
    let metrics = || comparison.metrics.iter().map(|metric| metric.name.as_str());
    let is_agreed =
        |at: &usize| comparison.rows.iter().any(|row| matches!(comparison.param(row, *at), Some(Param::Is(_))));
    let params: Vec<usize> = (0..comparison.params.len()).filter(is_agreed).collect();
    let fixed = FIXED.iter().map(|name| (*name).to_owned());
    let of_metric = metrics().flat_map(|metric| OF_METRIC.iter().map(move |what| format!("{metric}.{what}")));
    let of_param = params.iter().map(|at| format!("param.{}", comparison.params[*at].name));
    let header: Vec<String> = fixed.chain(of_param).chain(of_metric).collect();
    let records = comparison.rows.iter().map(|row| {
        let baseline = row.baseline.and_then(|index| comparison.baselines.get(index));
        let mut record = fixed_fields(row, baseline.map_or("", |baseline| baseline.name.as_str()));
        record.extend(params.iter().map(|at| match comparison.param(row, *at) {
            Some(Param::Is(value)) => param(&value.to_json(names)),
            _ => String::new(),
        }));
        record.extend((0..comparison.metrics.len()).flat_map(|at| estimate(comparison.estimate(row, at), names)));
        record
    });
    csv(&header, records)
}

fn fixed_fields(row: &Row<'_>, baseline: &str) -> Vec<String> {
    let state = match &row.state {
        None => String::new(),
        Some(State::Remote(name)) => format!("remote {name}"),
        Some(other) => other.word().to_owned(),
    };
    vec![
        row.experiment.to_string(),
        row.branch.unwrap_or_default().to_owned(),
        state,
        baseline.to_owned(),
        row.is_baseline.to_string(),
        row.reference.to_string(),
        row.condition().unwrap_or_default().to_owned(),
        row.commits().join(" "),
        row.seeds().iter().map(i64::to_string).collect::<Vec<_>>().join(" "),
        row.n.to_string(),
        row.failed.to_string(),
        row.withdrawn.to_string(),
        row.repeats.to_string(),
        row.planned_seeds.map(|planned| planned.to_string()).unwrap_or_default(),
    ]
}

fn param(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn estimate(estimate: Option<Estimate>, names: &Names) -> [String; OF_METRIC.len()] {
    let Some(estimate) = estimate else { return Default::default() };
    let float = |value: Option<f64>| value.map(|value| Number::Float(value).to_string()).unwrap_or_default();
    let exact = |value: Option<Num>| value.map(|value| value.to_number(names).to_string()).unwrap_or_default();
    [
        estimate.n.to_string(),
        float(estimate.mean),
        float(estimate.sd),
        exact(estimate.min),
        exact(estimate.max),
        estimate.non_finite.to_string(),
        float(estimate.delta),
        estimate.better.map(|better| better.to_string()).unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    use super::csv;

    proptest! {
        #[test]
        fn fields_read_back_the_same(records in vec(vec(any::<String>(), 3), 1..6)) {
            let text = csv(&records[0], records[1..].to_vec());
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            let back: Vec<Vec<String>> =
                reader.records().map(|record| record.expect("a record").iter().map(str::to_owned).collect()).collect();
            assert_eq!(back, records);
        }
    }
}
