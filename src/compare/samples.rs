//! Requests for the tests of `compare` and `render`.

use std::sync::Arc;

use serde_json::Value;

use super::request::{Baseline, BaselineSource, Request, RunRecord, Subject};
use super::{Comparison, State, compare};
use crate::model::experiment::RecordedHypothesis;
use crate::model::fact::Late;
use crate::model::id::Id;
use crate::model::metric::Accumulator;
use crate::model::number::Number;
use crate::model::run::{Run, Status};
use crate::model::time::Time;

/// A run of one moment; `at` makes its id and its start.
pub(crate) struct Sample(pub(crate) RunRecord);

impl Sample {
    pub(crate) fn new(at: u8, condition: &str, seed: impl Into<Option<i64>>) -> Self {
        let run = Run {
            commit: format!("{condition:0<40}"),
            condition: condition.to_owned(),
            seed: seed.into(),
            status: Status::Ok,
            start: Time(i64::from(at) * 1000),
            ..Run::default()
        };
        Self(RunRecord { id: Id::from_random([at; 20]), run: run.into(), late: Vec::new(), withdrawn: false })
    }

    pub(crate) fn metric(mut self, name: &str, value: impl Into<f64>) -> Self {
        let mut series = Accumulator::default();
        series.add(None, &Number::Float(value.into()));
        Arc::make_mut(&mut self.0.run).metrics.insert(name.to_owned(), series.summary(None).expect("a point"));
        self
    }

    pub(crate) fn param(mut self, name: &str, value: impl Into<Value>) -> Self {
        Arc::make_mut(&mut self.0.run).params.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn status(mut self, status: Status) -> Self {
        Arc::make_mut(&mut self.0.run).status = status;
        self
    }

    pub(crate) fn withdrawn(mut self) -> Self {
        self.0.withdrawn = true;
        self
    }

    pub(crate) fn late(mut self, name: &str, value: f64) -> Self {
        let target = self.0.id;
        let mut late = Late { target, commit: None, metrics: Default::default(), params: Default::default() };
        let donor = Self::new(0, "", None).metric(name, value);
        late.metrics = donor.0.run.metrics.clone();
        self.0.late.push(late);
        self
    }
}

pub(crate) fn subject(name: &str, expect: &[&str], runs: Vec<Sample>) -> Subject {
    Subject {
        name: name.to_owned(),
        branch: Some(format!("refs/heads/exp/{name}")),
        commit: Some("5f0c".repeat(10)),
        state: State::Local,
        hypothesis: RecordedHypothesis {
            expect: expect.iter().map(|text| (*text).to_owned()).collect(),
            ..RecordedHypothesis::default()
        },
        planned_seeds: None,
        runs: runs.into_iter().map(|sample| sample.0).collect(),
    }
}

pub(crate) fn baseline(source: BaselineSource, runs: Vec<Sample>) -> Baseline {
    Baseline {
        name: "main".to_owned(),
        commit: Some("c0ffee".repeat(7)[..40].to_owned()),
        source,
        runs: runs.into_iter().map(|sample| sample.0).collect(),
        file_metrics: Default::default(),
    }
}

pub(crate) fn request(baseline: Baseline, subjects: Vec<Subject>) -> Request {
    let subjects = subjects.into_iter().map(|subject| (subject, 0)).collect();
    Request { baselines: vec![baseline], subjects, directions: Default::default() }
}

/// A baseline, an experiment that helps, one that harms and had trouble, and one that has not run.
pub(crate) fn typical() -> Comparison {
    let run = |at: u8, condition: &str, seed: i64, accuracy: f64, loss: f64| {
        Sample::new(at, condition, seed).metric("val_acc", accuracy).metric("loss", loss).param("epochs", 10)
    };
    let main = (1..=5).zip([0.921, 0.917, 0.919, 0.925, 0.914]);
    let main = main.map(|(at, acc)| run(at, "a", at.into(), acc, 1.2 - acc).param("lr", 0.1)).collect();
    let bigger = (1..=5).zip([0.931, 0.929, 0.937, 0.933, 0.926]);
    let bigger = bigger.map(|(at, acc)| run(at + 10, "b", at.into(), acc, 1.2 - acc).param("lr", 0.3)).collect();
    let mut deeper: Vec<Sample> = (1..=4)
        .zip([0.90, 0.912, 0.884, 0.871])
        .map(|(at, acc)| run(at + 20, "c", at.into(), acc, 1.3 - acc).param("lr", 0.1).param("layers", 4))
        .collect();
    deeper.push(run(25, "c", 5, 0.1, 9.0).param("lr", 0.1).param("layers", 4).status(Status::Failed));
    let mut deeper = subject("deeper", &["val_acc >= baseline + 0.01", "best(loss) < 0.3"], deeper);
    deeper.planned_seeds = Some(5);
    deeper.state = State::Remote("origin".to_owned());
    let mut waiting = subject("waiting", &[], Vec::new());
    waiting.planned_seeds = Some(5);
    let bigger = subject("bigger-lr", &["val_acc >= baseline + 0.01"], bigger);
    compare(request(baseline(BaselineSource::Runs, main), vec![bigger, deeper, waiting]))
}

/// Names from a repository that means no good.
pub(crate) const NASTY: [&str; 6] = [
    "pipe|cell",
    "two\nlines",
    "a\u{202e}right to left",
    "\u{1b}[31mred\u{1b}[0m",
    "caf\u{e9} | cafe\u{301} | \u{6f22}\u{5b57}",
    "@someone #1 <script>alert(1)</script> [x](http://e.org) `code` **b** &amp; ~~s~~ a_b_ $x$ :tada: www.e.org",
];

/// A comparison in which every name is nasty, and one is 300 bytes long.
pub(crate) fn nasty() -> Comparison {
    let mut at = 0;
    let mut subjects = Vec::new();
    let long = "0123456789".repeat(30);
    for name in NASTY.iter().copied().chain([long.as_str()]) {
        at += 2;
        let metric = NASTY[usize::from(at / 2) % NASTY.len()];
        let sample = |seed: u8, value: f64| {
            let sample = Sample::new(at + seed, name, i64::from(seed)).metric(metric, value).metric("f1", 1.0 - value);
            sample.param(name, name).param("lr", 0.1 * f64::from(at))
        };
        subjects.push(subject(name, &[], vec![sample(0, 0.5), sample(1, 0.625)]));
    }
    let main = vec![Sample::new(100, "m", 1).metric("f1", 0.5).metric(NASTY[0], f64::NAN)];
    compare(request(baseline(BaselineSource::Runs, main), subjects))
}
