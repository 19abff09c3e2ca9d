//! Requests for the tests of `compare` and `render`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::request::{At, Baseline, BaselineSource, Request, Subject};
use super::{Comparison, State};
use crate::model::direction::Direction;
use crate::model::fact::{About, Body, Fact, Header, Late};
use crate::model::id::Id;
use crate::model::metric::Accumulator;
use crate::model::number::Number;
use crate::model::run::{Run, Status};
use crate::model::time::Time;
use crate::records::{Names, Records, Row, RunRecord, Segment, Symbol};

/// A run of one moment; `at` makes its id and its start.
pub(crate) struct Sample {
    at: u8,
    run: Run,
    late: Vec<(String, f64)>,
    withdrawn: bool,
}

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
        Self { at, run, late: Vec::new(), withdrawn: false }
    }

    pub(crate) fn metric(self, name: &str, value: impl Into<f64>) -> Self {
        self.series(name, &[value.into()])
    }

    pub(crate) fn series(mut self, name: &str, values: &[f64]) -> Self {
        self.run.metrics.insert(name.to_owned(), summary(values));
        self
    }

    pub(crate) fn param(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.run.params.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn status(mut self, status: Status) -> Self {
        self.run.status = status;
        self
    }

    pub(crate) fn withdrawn(mut self) -> Self {
        self.withdrawn = true;
        self
    }

    pub(crate) fn late(mut self, name: &str, value: f64) -> Self {
        self.late.push((name.to_owned(), value));
        self
    }

    /// The facts, as a ledger has them; `nth` tells samples apart that have the same moment.
    fn facts(self, nth: usize) -> Vec<Fact> {
        let header =
            |kind: &str, id: Id, after: i64| Header::new(kind, id, Time(i64::from(self.at) * 1000 + after), "");
        let id = id(self.at, nth, 0);
        let run = Fact { header: header("run", id, 0), body: Body::Run(Box::new(self.run)) };
        let late = self.late.into_iter().zip(1..).map(|((name, value), n)| {
            let metrics = BTreeMap::from([(name, summary(&[value]))]);
            let late = Late {
                target: id,
                commit: None,
                metrics,
                params: BTreeMap::new(),
                artifacts: Vec::new(),
                left_out: Default::default(),
            };
            Fact { header: header("late", self::id(self.at, nth, n), n.into()), body: Body::Late(late) }
        });
        let about = About { target: Some(id), because: Some("mistake".to_owned()), ..About::default() };
        let withdrawal =
            Fact { header: header("withdrawal", self::id(self.at, nth, 31), 500), body: Body::Withdrawal(about) };
        std::iter::once(run).chain(late).chain(self.withdrawn.then_some(withdrawal)).collect()
    }
}

fn summary(values: &[f64]) -> crate::model::metric::Summary {
    let mut series = Accumulator::default();
    values.iter().for_each(|value| series.add(None, &Number::Float(*value)));
    series.summary(None).expect("a point")
}

/// Ids that sort as the moments do, wherever the alphabet ends.
fn id(at: u8, nth: usize, part: u8) -> Id {
    let mut bytes = [0; 20];
    (bytes[0], bytes[1], bytes[2]) = (at >> 5, at & 31, part);
    (bytes[3], bytes[4]) = ((nth >> 5) as u8 & 31, nth as u8 & 31);
    Id::from_random(bytes)
}

/// An experiment to compare, and its runs.
pub(crate) struct SampleSubject {
    pub(crate) name: String,
    pub(crate) state: State,
    pub(crate) planned_seeds: Option<u32>,
    expect: Vec<String>,
    pub(crate) runs: Vec<Sample>,
}

/// A baseline, and its runs.
pub(crate) struct SampleBaseline {
    pub(crate) source: BaselineSource,
    pub(crate) file_metrics: BTreeMap<String, Number>,
    pub(crate) runs: Vec<Sample>,
}

/// What to compare.
pub(crate) struct SampleRequest {
    pub(crate) baselines: Vec<SampleBaseline>,
    pub(crate) subjects: Vec<(SampleSubject, usize)>,
    pub(crate) directions: BTreeMap<String, Direction>,
    pub(crate) best: bool,
    pub(crate) each_run: bool,
    pub(crate) metrics: Vec<String>,
    pub(crate) params: Vec<String>,
}

pub(crate) fn subject(name: &str, expect: &[&str], runs: Vec<Sample>) -> SampleSubject {
    SampleSubject {
        name: name.to_owned(),
        state: State::Local,
        expect: expect.iter().map(|text| (*text).to_owned()).collect(),
        planned_seeds: None,
        runs,
    }
}

pub(crate) fn baseline(source: BaselineSource, runs: Vec<Sample>) -> SampleBaseline {
    SampleBaseline { source, file_metrics: BTreeMap::new(), runs }
}

pub(crate) fn request(baseline: SampleBaseline, subjects: Vec<SampleSubject>) -> SampleRequest {
    SampleRequest {
        baselines: vec![baseline],
        subjects: subjects.into_iter().map(|subject| (subject, 0)).collect(),
        directions: BTreeMap::new(),
        best: false,
        each_run: false,
        metrics: Vec::new(),
        params: Vec::new(),
    }
}

/// Compare, by way of the facts.
pub(crate) fn compare(request: SampleRequest) -> Comparison<'static> {
    let mut names = Names::default();
    let mut rows = Vec::new();
    let mut nth = 0;
    let mut take = |runs: Vec<Sample>| -> Vec<Id> {
        let mut ids = Vec::new();
        for sample in runs {
            nth += 1;
            let facts = sample.facts(nth);
            ids.push(facts[0].header.id);
            for fact in facts {
                let file = format!("{}.json", fact.header.id);
                rows.push((Row::read(&file, &fact.encode().expect("it encodes"), &mut names), []));
            }
        }
        ids
    };
    let baselines: Vec<_> =
        request.baselines.into_iter().map(|base| (base.source, base.file_metrics, take(base.runs))).collect();
    let subjects: Vec<_> = request
        .subjects
        .into_iter()
        .map(|(subject, index)| {
            (subject.name, subject.state, subject.planned_seeds, subject.expect, take(subject.runs), index)
        })
        .collect();
    let expect: Vec<Vec<Symbol>> =
        subjects.iter().map(|subject| subject.3.iter().map(|text| names.intern(text)).collect()).collect();
    let segment = Segment::new("", rows, Vec::new(), &mut names);
    // What a comparison says borrows from the records it was made of.
    let records: &'static Records = Box::leak(Box::new(Records::new(names, [(Symbol::default(), segment)])));
    assert!(records.unreadable.is_empty(), "{:?}", records.unreadable);
    let runs = |ids: &[Id]| ids.iter().map(|id| records.find_run(*id).expect("a run")).collect::<Vec<&RunRecord>>();
    let subjects = Vec::leak(subjects);
    let expect = Vec::leak(expect);
    let branches: Vec<String> = subjects.iter().map(|subject| format!("refs/heads/exp/{}", subject.0)).collect();
    let branches = Vec::leak(branches);
    super::compare(Request {
        names: &records.names,
        baselines: baselines
            .into_iter()
            .map(|(source, file_metrics, ids)| Baseline {
                name: "main".to_owned(),
                commit: Some("c0ffee".repeat(7)[..40].to_owned()),
                source,
                runs: runs(&ids),
                file_metrics,
            })
            .collect(),
        subjects: subjects
            .iter()
            .enumerate()
            .map(|(at, (name, state, planned_seeds, _, ids, index))| {
                let subject = Subject {
                    name,
                    branch: Some(&branches[at]),
                    commit: Some("5f0c".repeat(10)),
                    state: state.clone(),
                    expect: &expect[at],
                    planned_seeds: *planned_seeds,
                    runs: runs(ids),
                };
                (subject, *index)
            })
            .collect(),
        directions: request.directions,
        at: if request.best { At::Best } else { At::Final },
        each_run: request.each_run,
        metrics: request.metrics,
        params: request.params,
    })
}

/// A baseline, an experiment that helps, one that harms and had trouble, and one that has not run.
pub(crate) fn typical() -> Comparison<'static> {
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
pub(crate) fn nasty() -> Comparison<'static> {
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
