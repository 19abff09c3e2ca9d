//! What filters, sort orders and columns can ask of a run or an experiment.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

use super::branches::Branches;
use super::context::Context;
use super::error::CliError;
use super::selector::nearest;
use crate::compare::{Estimate, State, estimate};
use crate::git::head::short;
use crate::model::direction::Direction;
use crate::model::id::Id;
use crate::model::run::Status;
use crate::model::tag;
use crate::model::time::Time;
use crate::query::{Attribute, Field, Fields, Known, Name, Part, QueryError, Row, Texts, Value, check};
use crate::records::Value as Param;
use crate::records::{ExperimentRecord, Measure, Num, Records, RunRecord, Symbol};

/// The tag that takes an experiment out of lists.
pub const ARCHIVED: &str = "archived";

/// What is known beyond the records themselves: states, tags and remarks, each worked out when it is first asked for.
pub struct Facts<'a> {
    /// The records.
    pub records: &'a Records,
    /// Now.
    pub now: Time,
    branches: Branches<'a>,
    states: OnceCell<HashMap<Id, State>>,
    said: OnceCell<HashMap<Id, Said>>,
    sentences: OnceCell<HashMap<Id, String>>,
    used: OnceCell<Vec<Used>>,
}

/// What a text is the name of, in some run.
#[derive(Clone, Copy, Default)]
pub struct Used {
    /// Of a metric.
    pub metric: bool,
    /// Of a param.
    pub param: bool,
}

/// What people said about a run or an experiment.
#[derive(Debug, Default)]
pub struct Said {
    /// Its tags.
    pub tags: Vec<String>,
    /// The texts of its remarks and conclusions, by time.
    pub remarks: Vec<String>,
    /// Whether a conclusion was drawn.
    pub is_concluded: bool,
    /// Whether it was withdrawn.
    pub is_withdrawn: bool,
}

impl<'a> Facts<'a> {
    /// Look at the branches.
    ///
    /// # Errors
    /// If the refs cannot be read.
    pub fn new(cx: &'a Context, records: &'a Records) -> Result<Self, CliError> {
        Ok(Self {
            records,
            now: Time::now(),
            branches: Branches::read(cx, records)?,
            states: OnceCell::new(),
            said: OnceCell::new(),
            sentences: OnceCell::new(),
            used: OnceCell::new(),
        })
    }

    /// The branches.
    pub fn branches(&self) -> &Branches<'a> {
        &self.branches
    }

    /// Hold names of metrics or params, as `is` says, against those that exist.
    ///
    /// # Errors
    /// Names the first one that no run has, and what may have been meant.
    pub fn check_names(&self, kind: &str, names: &[String], is: fn(&Used) -> bool) -> Result<(), CliError> {
        let known = || self.records.names.iter().zip(self.used()).filter(|(_, used)| is(used)).map(|(name, _)| name);
        let exists = |name: &str| self.records.names.find(name).is_some_and(|name| is(&self.used()[name.index()]));
        let Some(unknown) = names.iter().find(|name| !exists(name)) else { return Ok(()) };
        let error = CliError::usage(format!("no run has the {kind} '{unknown}'"));
        Err(match nearest(unknown, known()) {
            Some(name) => error.hint(format!("did you mean '{name}'?")),
            None => {
                let mut some: Vec<&str> = known().collect();
                some.sort_unstable();
                some.truncate(12);
                error.hint(format!("there are: {}", some.join(", ")))
            }
        })
    }

    /// Where the branch of an experiment is.
    pub fn place(&self, experiment: &ExperimentRecord) -> &State {
        let states = self.states.get_or_init(|| {
            let locate = |experiment: &ExperimentRecord| {
                let runs: Vec<&RunRecord> = self.records.runs_of(experiment.id).collect();
                (experiment.id, self.branches.locate(experiment, &runs).0)
            };
            self.records.experiments.iter().map(locate).collect()
        });
        states.get(&experiment.id).unwrap_or(&State::Deleted)
    }

    /// What became of an experiment: `withdrawn`, `concluded`, `merged`, `remote`, `deleted`, else `open`.
    pub fn state(&self, experiment: &ExperimentRecord) -> &'static str {
        let said = self.said(experiment.id);
        match self.place(experiment) {
            _ if said.is_withdrawn => "withdrawn",
            State::Merged | State::Squashed => "merged",
            _ if said.is_concluded => "concluded",
            State::Remote(_) => "remote",
            State::Deleted => "deleted",
            State::Local if self.branches.is_merged(experiment) => "merged",
            State::Local => "open",
        }
    }

    /// What people said about a run or an experiment.
    pub fn said(&self, target: Id) -> &Said {
        static NOTHING: Said = Said { tags: Vec::new(), remarks: Vec::new(), is_concluded: false, is_withdrawn: false };
        self.said.get_or_init(|| self.all_said()).get(&target).unwrap_or(&NOTHING)
    }

    fn all_said(&self) -> HashMap<Id, Said> {
        let records = self.records;
        let mut all: HashMap<Id, Said> = HashMap::new();
        for experiment in &records.experiments {
            let tags = experiment.current.told().tags;
            if !tags.is_empty() {
                all.entry(experiment.id).or_default().tags = tags.into_iter().map(str::to_owned).collect();
            }
        }
        for target in records.spoken_of() {
            let said = all.entry(target).or_default();
            let facts = records.said(target);
            said.tags = tag::tags(&said.tags, &facts).into_iter().collect();
            for (header, about) in facts {
                match header.kind.as_str() {
                    "remark" => said.remarks.extend(about.text),
                    "conclusion" => {
                        said.is_concluded = true;
                        said.remarks.extend(about.text);
                    }
                    "withdrawal" => said.is_withdrawn = true,
                    _ => {}
                }
            }
        }
        all
    }

    /// The hypothesis of an experiment as a sentence; empty without one.
    pub fn sentence(&self, experiment: &ExperimentRecord) -> &str {
        let sentences = self.sentences.get_or_init(|| {
            let sentence = |experiment: &ExperimentRecord| {
                (experiment.id, experiment.current.hypothesis(&self.records.names).read().sentence())
            };
            self.records.experiments.iter().map(sentence).collect()
        });
        sentences.get(&experiment.id).map(String::as_str).unwrap_or_default()
    }

    /// Hold the names in a filter, order or list of columns against those that exist.
    ///
    /// # Errors
    /// Points at the first one that no run has.
    pub fn check(&self, fields: &Fields) -> Result<(), QueryError> {
        let records = self.records;
        let mut known = Known::default();
        let uses = |of: fn(&Name) -> bool| fields.iter().any(|field| of(field.name()));
        if uses(|name| !matches!(name, Name::Attribute(_))) {
            for (name, used) in records.names.iter().zip(self.used()) {
                if used.metric {
                    known.metrics.insert(name);
                }
                if used.param {
                    known.params.insert(name);
                }
            }
        }
        let tags: BTreeSet<&str> = if uses(|name| matches!(name, Name::Tag(_))) {
            let targets = records.runs.iter().map(|run| run.id).chain(records.experiments.iter().map(|found| found.id));
            targets.flat_map(|id| &self.said(id).tags).map(String::as_str).collect()
        } else {
            BTreeSet::new()
        };
        known.tags = tags;
        check(fields, &known)
    }

    fn used(&self) -> &[Used] {
        self.used.get_or_init(|| {
            let mut used = vec![Used::default(); self.records.names.len()];
            for run in &self.records.runs {
                run.shape.metrics.iter().for_each(|name| used[name.index()].metric = true);
                run.shape.params.iter().for_each(|name| used[name.index()].param = true);
            }
            used
        })
    }

    /// Find the metrics and params that fields name.
    pub fn lookup(&self, fields: &Fields) -> Lookup {
        let names = &self.records.names;
        let exists = |name: &str| names.find(name).is_some_and(|name| self.used()[name.index()].metric);
        let source = |field: &Field| match field.name() {
            Name::Attribute(attribute) => Source::Attribute(*attribute),
            Name::Metric(metric) => {
                let (name, part) = metric.resolve(exists);
                names.find(name).map_or(Source::Nothing, |name| Source::Metric(name, part))
            }
            Name::Param(name) => names.find(name).map_or(Source::Nothing, Source::Param),
            Name::Tag(name) => Source::Tag(name.clone()),
        };
        Lookup { sources: fields.iter().map(source).collect() }
    }
}

/// Where the values of the fields of one text come from, by slot.
pub struct Lookup {
    sources: Vec<Source>,
}

impl Lookup {
    pub(super) fn source(&self, field: &Field) -> &Source {
        &self.sources[field.slot()]
    }
}

/// Where the value of a field comes from.
pub(super) enum Source {
    Attribute(Attribute),
    Metric(Symbol, Part),
    Param(Symbol),
    Tag(Box<str>),
    /// A name that nothing has.
    Nothing,
}

/// A run, as a filter sees it.
pub struct RunFields<'a> {
    facts: &'a Facts<'a>,
    lookup: &'a Lookup,
    run: &'a RunRecord,
    experiment: Option<&'a ExperimentRecord>,
    text: OnceCell<String>,
    tags: OnceCell<Both<'a>>,
    remarks: OnceCell<Both<'a>>,
}

/// What is said of a run, and of its experiment: that holds for its runs.
#[derive(Debug)]
struct Both<'a>([&'a [String]; 2]);

impl Texts for Both<'_> {
    fn any(&self, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
        self.0.iter().copied().flatten().any(|text| wanted(text))
    }
}

impl<'a> RunFields<'a> {
    /// One run.
    pub fn new(facts: &'a Facts<'a>, lookup: &'a Lookup, run: &'a RunRecord) -> Self {
        let experiment = run.experiment.and_then(|id| facts.records.find_experiment(id));
        Self { facts, lookup, run, experiment, text: OnceCell::new(), tags: OnceCell::new(), remarks: OnceCell::new() }
    }

    fn both(&self, of: fn(&Said) -> &[String]) -> Both<'a> {
        let experiment = self.experiment.map(|experiment| of(self.facts.said(experiment.id)));
        Both([of(self.facts.said(self.run.id)), experiment.unwrap_or_default()])
    }

    fn tags(&self) -> &Both<'a> {
        self.tags.get_or_init(|| self.both(|said| &said.tags))
    }

    fn symbol(&self, symbol: Symbol) -> Value<'_> {
        symbol.some().map_or(Value::Missing, |symbol| Value::Text(self.facts.records.text(symbol)))
    }

    fn attribute(&self, attribute: Attribute) -> Value<'_> {
        let run = self.run;
        let integer = |value: Option<i32>| value.map_or(Value::Missing, |value| Value::Integer(value.into()));
        match attribute {
            Attribute::Id => Value::Text(run.id.as_str()),
            Attribute::Experiment => match self.experiment {
                Some(experiment) => self.symbol(experiment.current.name),
                None => self.symbol(run.name),
            },
            Attribute::Branch => match self.symbol(run.branch) {
                Value::Text(branch) => Value::Text(short(branch)),
                other => other,
            },
            Attribute::State | Attribute::Hypothesis | Attribute::Baseline | Attribute::Runs => {
                self.experiment.map_or(Value::Missing, |experiment| of_experiment(self.facts, experiment, attribute))
            }
            Attribute::Commit => of_text(run.commit()),
            Attribute::Tree => of_text(run.tree()),
            Attribute::Dirty => Value::Bool(run.dirty),
            Attribute::Status => Value::Text(match run.status {
                Status::Ok => "ok",
                Status::Failed => "failed",
                Status::Killed => "killed",
                Status::Crashed => "crashed",
                Status::Unknown => "unknown",
            }),
            Attribute::Exit => integer(run.exit),
            Attribute::Signal => integer(run.signal),
            Attribute::Seed => run.seed.map_or(Value::Missing, Value::Integer),
            Attribute::Started => Value::Time(run.start),
            Attribute::Ended => Value::Time(run.end),
            Attribute::Seconds => Value::Number(run.seconds),
            Attribute::CpuSeconds => run.cpu_seconds.map_or(Value::Missing, Value::Number),
            Attribute::PeakMemory => run.peak_memory.map_or(Value::Missing, of_count),
            Attribute::Age => Value::Number(self.facts.now.seconds_since(run.start)),
            // Only one field of a run is put together, so one cell is enough.
            Attribute::Command => of_text(self.text.get_or_init(|| self.facts.records.texts(&run.command()).join(" "))),
            Attribute::Cwd => self.symbol(run.cwd),
            Attribute::Host => self.symbol(run.host),
            Attribute::By => self.symbol(run.by),
            Attribute::Manual => Value::Bool(run.manual),
            Attribute::Withdrawn => Value::Bool(run.withdrawn.is_some()),
            Attribute::Tags => Value::Texts(self.tags()),
            Attribute::Remarks => Value::Texts(self.remarks.get_or_init(|| self.both(|said| &said.remarks))),
            Attribute::Plan => of_text(run.plan()),
            Attribute::Condition => of_text(run.condition()),
            Attribute::Environment => self.symbol(run.environment),
        }
    }
}

impl Row for RunFields<'_> {
    fn value(&self, field: &Field) -> Value<'_> {
        let names = &self.facts.records.names;
        match self.lookup.source(field) {
            Source::Attribute(attribute) => self.attribute(*attribute),
            // The last value lies nearer than the rest.
            Source::Metric(name, Part::Final) => {
                self.run.r#final(*name).map_or(Value::Missing, |last| of_num(last, names))
            }
            Source::Metric(name, part) => {
                self.run.metric(*name).map_or(Value::Missing, |measure| of_measure(&measure, *part, names))
            }
            Source::Param(name) => self.run.param(*name).map_or(Value::Missing, |value| of_param(value, names)),
            Source::Tag(tag) => {
                if self.tags().any(&mut |known| known == &**tag) {
                    Value::Bool(true)
                } else {
                    Value::Missing
                }
            }
            Source::Nothing => Value::Missing,
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    Some(values.iter().sum::<f64>() / values.len() as f64).filter(|mean| mean.is_finite())
}

fn of_count<'a>(count: u64) -> Value<'a> {
    i64::try_from(count).map_or(Value::Missing, Value::Integer)
}

/// What only an experiment has.
pub(super) fn of_experiment<'a>(
    facts: &'a Facts<'a>,
    experiment: &'a ExperimentRecord,
    attribute: Attribute,
) -> Value<'a> {
    match attribute {
        Attribute::State => Value::Text(facts.state(experiment)),
        Attribute::Hypothesis => match facts.sentence(experiment) {
            "" => Value::Missing,
            sentence => Value::Text(sentence),
        },
        Attribute::Baseline => {
            experiment.current.baseline.map_or(Value::Missing, |(rev, _)| Value::Text(facts.records.text(rev)))
        }
        Attribute::Runs => {
            Value::Integer(i64::try_from(facts.records.runs_of(experiment.id).count()).unwrap_or(i64::MAX))
        }
        _ => Value::Missing,
    }
}

/// A part of a metric's summary.
pub(super) fn of_measure<'a>(measure: &Measure, part: Part, names: &'a crate::records::Names) -> Value<'a> {
    let num = |value| of_num(value, names);
    match part {
        Part::Final => num(measure.last),
        Part::Best => measure.best.map_or(Value::Missing, num),
        Part::Min => measure.min.map_or(Value::Missing, num),
        Part::Max => measure.max.map_or(Value::Missing, num),
        Part::Mean => measure.mean.map_or(Value::Missing, Value::Number),
        Part::Count => i64::try_from(measure.count).map_or(Value::Missing, Value::Integer),
        Part::Step => measure.step.map_or(Value::Missing, Value::Integer),
    }
}

fn of_text(text: &str) -> Value<'_> {
    if text.is_empty() { Value::Missing } else { Value::Text(text) }
}

fn of_num(value: Num, names: &crate::records::Names) -> Value<'_> {
    match value {
        Num::Integer(value) => Value::Integer(value),
        Num::Float(value) => Value::Number(value),
        Num::Digits(digits, _) => names.text(digits).parse().map_or(Value::Text(names.text(digits)), Value::Integer),
    }
}

/// The value of a param.
pub(super) fn of_param(value: Param, names: &crate::records::Names) -> Value<'_> {
    match value {
        Param::Null => Value::Missing,
        Param::Bool(value) => Value::Bool(value),
        Param::Integer(value) => Value::Integer(value),
        Param::Float(value) => Value::Number(value),
        Param::Text(text) | Param::Json(text) => Value::Text(names.text(text)),
    }
}

/// What some runs say about a metric.
pub struct Measured {
    /// The best value of any of them, where a direction is known.
    pub best: Option<Num>,
    /// Of the final values.
    pub estimate: Estimate,
}

/// What runs say about a metric.
pub fn measured(records: &Records, runs: &[&RunRecord], metric: &str, direction: Option<Direction>) -> Measured {
    let name = records.names.find(metric);
    let measures: Vec<Measure> = runs.iter().filter_map(|run| run.metric(name?)).collect();
    let of_run = |measure: &Measure| match direction? {
        Direction::Maximize => measure.max,
        Direction::Minimize => measure.min,
    };
    let better = |a: Num, b: Num| match direction {
        Some(direction) if direction.improves(a.as_f64(), b.as_f64()) => b,
        _ => a,
    };
    let best = measures.iter().filter_map(of_run).reduce(better);
    let mut finals: Vec<Num> = measures.iter().map(|measure| measure.last).collect();
    Measured { best, estimate: estimate(&mut finals) }
}

/// An experiment, as a filter, sort order or column sees it: with some of its runs.
pub struct ExperimentFields<'a> {
    facts: &'a Facts<'a>,
    lookup: &'a Lookup,
    experiment: &'a ExperimentRecord,
    runs: Vec<&'a RunRecord>,
    direction: &'a dyn Fn(&str) -> Option<Direction>,
}

impl<'a> ExperimentFields<'a> {
    /// One experiment and the runs that were chosen.
    pub fn new(
        facts: &'a Facts<'a>,
        lookup: &'a Lookup,
        experiment: &'a ExperimentRecord,
        runs: &[&'a RunRecord],
        direction: &'a dyn Fn(&str) -> Option<Direction>,
    ) -> Self {
        Self { facts, lookup, experiment, runs: runs.to_vec(), direction }
    }

    fn attribute(&self, attribute: Attribute) -> Value<'_> {
        let (facts, experiment) = (self.facts, self.experiment);
        let current = &experiment.current;
        let text =
            |symbol: Symbol| symbol.some().map_or(Value::Missing, |symbol| Value::Text(facts.records.text(symbol)));
        match attribute {
            Attribute::Id => Value::Text(experiment.id.as_str()),
            Attribute::Experiment => text(current.name),
            Attribute::Branch => Value::Text(short(facts.records.text(current.branch))),
            Attribute::Runs => Value::Integer(i64::try_from(self.runs.len()).unwrap_or(i64::MAX)),
            Attribute::State | Attribute::Hypothesis | Attribute::Baseline => {
                of_experiment(facts, experiment, attribute)
            }
            Attribute::Commit => of_text(current.told().commit),
            Attribute::Started => Value::Time(experiment.time),
            Attribute::Ended => self.runs.iter().map(|run| run.end).max().map_or(Value::Missing, Value::Time),
            Attribute::Age => Value::Number(facts.now.seconds_since(experiment.time)),
            Attribute::Seconds if self.runs.is_empty() => Value::Missing,
            Attribute::Seconds => Value::Number(self.runs.iter().map(|run| run.seconds).sum()),
            Attribute::CpuSeconds => {
                let known: Vec<f64> = self.runs.iter().filter_map(|run| run.cpu_seconds).collect();
                if known.is_empty() { Value::Missing } else { Value::Number(known.iter().sum()) }
            }
            Attribute::PeakMemory => {
                self.runs.iter().filter_map(|run| run.peak_memory).max().map_or(Value::Missing, of_count)
            }
            Attribute::By => text(experiment.by),
            Attribute::Withdrawn => Value::Bool(facts.said(experiment.id).is_withdrawn),
            Attribute::Tags => Value::Texts(&facts.said(experiment.id).tags),
            Attribute::Remarks => Value::Texts(&facts.said(experiment.id).remarks),
            // What only single runs have.
            _ => Value::Missing,
        }
    }

    /// Of the final values the mean, of the others the smallest, largest or best of any run, and their number.
    fn metric(&self, name: Symbol, part: Part) -> Value<'_> {
        let records = self.facts.records;
        let counting: Vec<&RunRecord> = self.runs.iter().copied().filter(|run| run.counts()).collect();
        let text = records.text(name);
        let direction = || {
            let hypothesis = self.experiment.current.hypothesis(&records.names).read();
            hypothesis.direction(text).or_else(|| (self.direction)(text))
        };
        let number = |value: Option<f64>| value.map_or(Value::Missing, Value::Number);
        let of = |direction| measured(records, &counting, text, direction);
        match part {
            Part::Final => number(of(None).estimate.mean),
            Part::Best => number(of(direction()).best.map(Num::as_f64)),
            Part::Max => number(of(Some(Direction::Maximize)).best.map(Num::as_f64)),
            Part::Min => number(of(Some(Direction::Minimize)).best.map(Num::as_f64)),
            Part::Mean => number(mean(counting.iter().filter_map(|run| run.metric(name)?.mean))),
            Part::Count => Value::Integer(i64::try_from(of(None).estimate.n).unwrap_or(i64::MAX)),
            Part::Step => Value::Missing,
        }
    }
}

impl Row for ExperimentFields<'_> {
    fn value(&self, field: &Field) -> Value<'_> {
        let names = &self.facts.records.names;
        match self.lookup.source(field) {
            Source::Attribute(attribute) => self.attribute(*attribute),
            Source::Metric(name, part) => self.metric(*name, *part),
            // Only what all runs agree on.
            Source::Param(name) => {
                let mut values = self.runs.iter().map(|run| run.param(*name));
                let first = values.next().flatten().filter(|first| values.all(|value| value == Some(*first)));
                first.map_or(Value::Missing, |value| of_param(value, names))
            }
            Source::Tag(tag) => {
                let has = self.facts.said(self.experiment.id).tags.iter().any(|known| **known == **tag);
                if has { Value::Bool(true) } else { Value::Missing }
            }
            Source::Nothing => Value::Missing,
        }
    }
}
