//! From the bytes of a fact to its compact form, in one pass and without copying what is not kept.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::about::AboutRecord;
use super::experiment::{RegistrationHead, RegistrationRow};
use super::names::{Names, Symbol};
use super::row::Body;
use super::run::{LateRecord, RunHead, RunRow};
use super::value::{Measure, Value};
use crate::model::fact::{Fact, MAJOR};
use crate::model::id::Id;
use crate::model::metric::Summary;
use crate::model::run::{Resources, Status};
use crate::model::time::Time;

/// The compact form of a fact; the reason, if the bytes are no fact that this version can read.
///
/// # Errors
/// The reason, as [`Fact::parse`] gives it.
pub fn parse(bytes: &[u8], names: &mut Names) -> Result<Body, String> {
    // A parser that skips the values of keys it does not know does not look at their bytes.
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned())?;
    if let Ok(keys) = serde_json::from_str::<Keys<'_>>(text)
        && let Some(body) = body(&keys, bytes, names)
    {
        return Ok(body);
    }
    // Something is unusual: the general parser decides, and the normal form of what it read is read here.
    let fact = Fact::parse(bytes).map_err(|error| error.to_string())?;
    let plain = fact.encode().map_err(|error| error.to_string())?;
    let keys: Keys<'_> = serde_json::from_slice(&plain).map_err(|error| error.to_string())?;
    body(&keys, &plain, names).ok_or_else(|| "a key is missing".to_owned())
}

/// The keys of all kinds of facts that are kept: no two kinds use one name for things that differ.
#[derive(Deserialize)]
struct Keys<'a> {
    #[serde(borrow)]
    xp: Text<'a>,
    #[serde(borrow)]
    kind: Text<'a>,
    id: Id,
    time: Time,
    #[serde(borrow, default)]
    by: Text<'a>,
    experiment: Option<Id>,
    target: Option<Id>,
    from: Option<Id>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    branch: Option<Text<'a>>,
    #[serde(borrow)]
    commit: Option<Text<'a>>,
    #[serde(borrow)]
    base: Option<Text<'a>>,
    #[serde(borrow, default)]
    tree: Text<'a>,
    #[serde(borrow)]
    baseline: Option<BaselineKeys<'a>>,
    #[serde(borrow)]
    hypothesis: Option<HypothesisKeys<'a>>,
    planned_seeds: Option<u32>,
    #[serde(borrow, default)]
    tags: Vec<Text<'a>>,
    #[serde(borrow)]
    diff: Option<DiffKeys<'a>>,
    #[serde(default)]
    dirty: bool,
    #[serde(borrow)]
    snapshot: Option<Text<'a>>,
    seed: Option<i64>,
    #[serde(borrow, default)]
    params: Pairs<'a, &'a RawValue>,
    #[serde(borrow, default)]
    metrics: Pairs<'a, Summary>,
    #[serde(default)]
    status: Status,
    exit: Option<i32>,
    signal: Option<i32>,
    #[serde(default)]
    start: Time,
    #[serde(default)]
    end: Time,
    #[serde(default)]
    seconds: f64,
    resources: Option<Resources>,
    #[serde(borrow, default)]
    command: Vec<Text<'a>>,
    #[serde(borrow, default)]
    cwd: Text<'a>,
    #[serde(borrow, default)]
    host: Text<'a>,
    #[serde(borrow)]
    environment: Option<Text<'a>>,
    #[serde(borrow, default)]
    plan: Text<'a>,
    #[serde(borrow, default)]
    condition: Text<'a>,
    #[serde(default)]
    manual: bool,
    #[serde(borrow)]
    shortened: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct BaselineKeys<'a> {
    #[serde(borrow, default)]
    rev: Text<'a>,
    #[serde(borrow)]
    commit: Text<'a>,
}

#[derive(Deserialize)]
struct HypothesisKeys<'a> {
    #[serde(borrow)]
    data: Option<Text<'a>>,
    #[serde(borrow)]
    method: Option<Text<'a>>,
    #[serde(borrow, default)]
    expect: Vec<Text<'a>>,
    #[serde(borrow)]
    because: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct DiffKeys<'a> {
    #[serde(borrow)]
    patch_id: Option<Text<'a>>,
}

/// `None` if a key is missing that the kind needs.
fn body(keys: &Keys<'_>, bytes: &[u8], names: &mut Names) -> Option<Body> {
    if keys.xp.0.split('.').next().and_then(|major| major.parse::<u32>().ok()) != Some(MAJOR) {
        return None;
    }
    Some(match keys.kind.0.as_ref() {
        "run" => Body::Run(Box::new(run(keys, names)?)),
        "experiment" => Body::Experiment(Box::new(registration(keys, names)?)),
        "late" => Body::Late(Box::new(LateRecord {
            id: keys.id,
            time: keys.time,
            by: names.intern(&keys.by.0),
            target: keys.target?,
            params: params(&keys.params, names)?,
            metrics: metrics(&keys.metrics, names),
        })),
        kind => Body::About(Box::new(AboutRecord {
            id: keys.id,
            time: keys.time,
            by: names.intern(&keys.by.0),
            kind: names.intern(kind),
            target: keys.target,
            json: names.intern(std::str::from_utf8(bytes).ok()?.trim_end()),
        })),
    })
}

fn run(keys: &Keys<'_>, names: &mut Names) -> Option<RunRow> {
    Some(RunRow {
        head: RunHead {
            id: keys.id,
            time: keys.time,
            experiment: keys.experiment,
            name: optional(keys.name.as_ref(), names),
            branch: optional(keys.branch.as_ref(), names),
            environment: optional(keys.environment.as_ref(), names),
            by: names.intern(&keys.by.0),
            dirty: keys.dirty,
            seed: keys.seed,
            status: keys.status,
            exit: keys.exit,
            signal: keys.signal,
            start: keys.start,
            end: keys.end,
            seconds: keys.seconds,
            cpu_seconds: keys.resources.map(|used| used.cpu_seconds()),
            peak_memory: keys.resources.map(|used| used.peak_memory),
            cwd: names.intern(&keys.cwd.0),
            host: names.intern(&keys.host.0),
            manual: keys.manual,
            shortened: keys.shortened.is_some(),
        },
        commit: names.intern(&keys.commit.as_ref()?.0),
        tree: names.intern(&keys.tree.0),
        patch_id: optional(keys.diff.as_ref().and_then(|diff| diff.patch_id.as_ref()), names),
        snapshot: optional(keys.snapshot.as_ref(), names),
        params: params(&keys.params, names)?,
        metrics: metrics(&keys.metrics, names),
        command: keys.command.iter().map(|word| names.intern(&word.0)).collect(),
        plan: names.intern(&keys.plan.0),
        condition: names.intern(&keys.condition.0),
    })
}

fn optional(text: Option<&Text<'_>>, names: &mut Names) -> Symbol {
    text.map(|text| names.intern(&text.0)).unwrap_or_default()
}

fn registration(keys: &Keys<'_>, names: &mut Names) -> Option<RegistrationRow> {
    let none = HypothesisKeys { data: None, method: None, expect: Vec::new(), because: None };
    let hypothesis = keys.hypothesis.as_ref().unwrap_or(&none);
    Some(RegistrationRow {
        head: RegistrationHead {
            id: keys.id,
            time: keys.time,
            by: names.intern(&keys.by.0),
            experiment: keys.experiment,
            name: names.intern(&keys.name.as_ref()?.0),
            branch: names.intern(&keys.branch.as_ref()?.0),
            baseline: keys.baseline.as_ref().map(|base| (names.intern(&base.rev.0), names.intern(&base.commit.0))),
            planned_seeds: keys.planned_seeds,
            from: keys.from,
        },
        commit: names.intern(&keys.commit.as_ref()?.0),
        base: names.intern(&keys.base.as_ref()?.0),
        data: optional(hypothesis.data.as_ref(), names),
        method: optional(hypothesis.method.as_ref(), names),
        because: optional(hypothesis.because.as_ref(), names),
        expect: hypothesis.expect.iter().map(|text| names.intern(&text.0)).collect(),
        tags: keys.tags.iter().map(|tag| names.intern(&tag.0)).collect(),
        command: keys.command.iter().map(|word| names.intern(&word.0)).collect(),
    })
}

fn params(pairs: &Pairs<'_, &RawValue>, names: &mut Names) -> Option<Vec<(Symbol, Value)>> {
    pairs.0.iter().map(|(name, raw)| Some((names.intern(&name.0), value(raw.get(), names)?))).collect()
}

fn metrics(pairs: &Pairs<'_, Summary>, names: &mut Names) -> Vec<(Symbol, Measure)> {
    pairs.0.iter().map(|(name, summary)| (names.intern(&name.0), Measure::new(summary, names))).collect()
}

/// The value of a param from its JSON; `None` for what [`Fact::parse`] does not read: a lone surrogate, too deep, beyond all floats.
fn value(raw: &str, names: &mut Names) -> Option<Value> {
    Some(match raw.as_bytes().first() {
        Some(b'n') => Value::Null,
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'"') => Value::Text(names.intern(&serde_json::from_str::<Text<'_>>(raw).ok()?.0)),
        // In one spelling, so that equal values are equal texts.
        Some(b'{' | b'[') => {
            Value::Json(names.intern(&serde_json::from_str::<serde_json::Value>(raw).ok()?.to_string()))
        }
        _ => match number(raw) {
            Some(number) => number,
            None => raw.parse().is_ok_and(f64::is_finite).then(|| Value::Json(names.intern(raw)))?,
        },
    })
}

/// `-0` is a float, as it would lose its sign otherwise; an integer beyond 64 bits keeps its digits.
fn number(raw: &str) -> Option<Value> {
    if raw.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) || raw == "-0" {
        return raw.parse().ok().filter(|value: &f64| value.is_finite()).map(Value::Float);
    }
    raw.parse().ok().map(Value::Integer)
}

/// A text that is borrowed where JSON has no escapes in it.
#[derive(Default)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Texts)
    }
}

/// The entries of an object, sorted by name; of equal names the last one, as maps have it.
struct Pairs<'a, T>(Vec<(Text<'a>, T)>);

impl<T> Default for Pairs<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Pairs<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<'a, T>(PhantomData<(&'a (), T)>);
        impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for Entries<'a, T> {
            type Value = Pairs<'a, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'a, T>, A::Error> {
                let mut all: Vec<(Text<'a>, T)> = Vec::with_capacity(24);
                while let Some(entry) = map.next_entry()? {
                    all.push(entry);
                }
                if !all.is_sorted_by(|a, b| a.0.0 < b.0.0) {
                    // The last of equal names comes first in the reverse, and a stable sort keeps it there.
                    all.reverse();
                    all.sort_by(|a, b| a.0.0.cmp(&b.0.0));
                    all.dedup_by(|later, first| later.0.0 == first.0.0);
                }
                Ok(Pairs(all))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}
