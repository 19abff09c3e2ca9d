//! The fields of a query: what is asked of a row.

use std::collections::HashMap;
use std::fmt;

use super::attribute::{Attribute, Kind};
use super::cursor::{is_bare, write_quoted};
use crate::model::metric::Summary;
use crate::model::number::Number;

/// A field as a query uses it.
#[derive(Debug, Clone)]
pub struct Field {
    name: Name,
    slot: usize,
    column: usize,
}

/// What a field names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// An attribute.
    Attribute(Attribute),
    /// `metrics.NAME`, `metrics.NAME.best`.
    Metric(Metric),
    /// `params.NAME`.
    Param(Box<str>),
    /// `tags.NAME`: true where the tag is set, missing elsewhere.
    Tag(Box<str>),
}

/// The name of a metric, which may end in the part of its summary that is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Metric {
    pub(super) whole: Box<str>,
    /// Bytes of the name without the part, and the part.
    pub(super) split: Option<(usize, Part)>,
}

/// A part of a metric's summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The value of the highest step.
    Final,
    /// The best value, where a direction is known.
    Best,
    /// The smallest finite value.
    Min,
    /// The largest finite value.
    Max,
    /// The mean of the finite values, of system metrics.
    Mean,
    /// The number of points.
    Count,
    /// The step of the final value.
    Step,
}

/// The fields of one text, each once, by slot.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    pub(super) text: String,
    list: Vec<Field>,
    slots: HashMap<Name, usize>,
}

impl Field {
    /// What it names.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Its index among the fields of its query, from 0.
    #[must_use]
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// Where it is first used, in characters from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What its values are.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.name.kind()
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

impl Name {
    /// The last value of a metric, whatever its name ends in.
    #[must_use]
    pub fn metric(name: &str) -> Self {
        Self::Metric(Metric { whole: name.into(), split: None })
    }

    /// What the values are.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Attribute(attribute) => attribute.entry().kind,
            Self::Metric(_) => Kind::Number,
            Self::Param(_) | Self::Tag(_) => Kind::Any,
        }
    }
}

impl fmt::Display for Name {
    /// The canonical name, which reads back as the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => f.write_str(attribute.entry().name),
            Self::Metric(metric) => match metric.split {
                Some((end, part)) => {
                    write_name(f, "metrics", &metric.whole[..end], false)?;
                    write!(f, ".{}", part.as_str())
                }
                // In quotes, `best` is no part but the end of a name.
                None => write_name(f, "metrics", &metric.whole, Part::split(&metric.whole).is_some()),
            },
            Self::Param(name) => write_name(f, "params", name, false),
            Self::Tag(name) => write_name(f, "tags", name, false),
        }
    }
}

fn write_name(f: &mut fmt::Formatter<'_>, above: &str, name: &str, quote: bool) -> fmt::Result {
    write!(f, "{above}.")?;
    if quote || name.is_empty() || !name.chars().all(is_bare) { write_quoted(f, name, '`') } else { f.write_str(name) }
}

impl Metric {
    /// The whole name as written.
    #[must_use]
    pub fn whole(&self) -> &str {
        &self.whole
    }

    /// The metric that is meant and the part of its summary, given which metrics exist: a metric of the whole name comes
    /// first.
    pub fn resolve(&self, exists: impl Fn(&str) -> bool) -> (&str, Part) {
        match self.split {
            Some((end, part)) if !exists(&self.whole) => (&self.whole[..end], part),
            _ => (&self.whole, Part::Final),
        }
    }
}

impl Part {
    const ALL: [Self; 7] = [Self::Final, Self::Best, Self::Min, Self::Max, Self::Mean, Self::Count, Self::Step];

    /// The word behind the dot.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Best => "best",
            Self::Min => "min",
            Self::Max => "max",
            Self::Mean => "mean",
            Self::Count => "count",
            Self::Step => "step",
        }
    }

    /// This part of a summary.
    #[must_use]
    pub fn of(self, summary: &Summary) -> Option<Number> {
        match self {
            Self::Final => Some(summary.r#final.clone()),
            Self::Best => summary.best.clone(),
            Self::Min => summary.min.clone(),
            Self::Max => summary.max.clone(),
            Self::Mean => summary.mean.clone(),
            Self::Count => i64::try_from(summary.count).ok().map(Number::Integer),
            Self::Step => summary.step.map(Number::Integer),
        }
    }

    /// Where the metric's name ends and which part follows it, if a part does.
    pub(super) fn split(name: &str) -> Option<(usize, Self)> {
        let (before, last) = name.rsplit_once('.').filter(|(before, _)| !before.is_empty())?;
        Self::ALL.into_iter().find(|part| part.as_str() == last).map(|part| (before.len(), part))
    }
}

impl Fields {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// The slot of a name, which is used at this column.
    pub(super) fn slot(&mut self, name: Name, column: usize) -> usize {
        let slot = *self.slots.entry(name.clone()).or_insert(self.list.len());
        if slot == self.list.len() {
            self.list.push(Field { name, slot, column });
        }
        slot
    }

    pub(super) fn at(&self, slot: usize) -> &Field {
        &self.list[slot]
    }

    /// All of them, by slot.
    pub fn iter(&self) -> std::slice::Iter<'_, Field> {
        self.list.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// The same names in the same slots, wherever they stand in their texts.
impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.list.iter().map(Field::name).eq(other.list.iter().map(Field::name))
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = &'a Field;
    type IntoIter = std::slice::Iter<'a, Field>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
