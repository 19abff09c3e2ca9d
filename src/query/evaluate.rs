//! Asks a query of a row, with SQL's three values: what is said of a missing value is unknown.

use std::cmp::Ordering;

use super::expression::{Comparison, Is, Node, Predicate, Text};
use super::field::Fields;
use super::literal::{Literal, Relation, read_bool};
use super::numeric::Numeric;
use super::value::{Row, Value};

/// The three values, ordered so that `and` is the least and `or` the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Truth {
    False,
    Unknown,
    True,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

impl Truth {
    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }

    fn not_if(self, negated: bool) -> Self {
        if negated { self.not() } else { self }
    }
}

impl Node {
    pub(super) fn truth(&self, fields: &Fields, row: &impl Row) -> Truth {
        match self {
            Self::All(parts) => fold(parts, fields, row, Truth::True, Truth::min),
            Self::Any(parts) => fold(parts, fields, row, Truth::False, Truth::max),
            Self::Not(part) => part.truth(fields, row).not(),
            Self::Test { slot, predicate } => predicate.truth(&row.value(fields.at(*slot))),
        }
    }
}

/// Asks the parts in order, until one decides.
fn fold(parts: &[Node], fields: &Fields, row: &impl Row, neutral: Truth, join: fn(Truth, Truth) -> Truth) -> Truth {
    let mut truth = neutral;
    for part in parts {
        truth = join(truth, part.truth(fields, row));
        if truth == neutral.not() {
            break;
        }
    }
    truth
}

impl Predicate {
    fn truth(&self, value: &Value<'_>) -> Truth {
        match self {
            Self::Set => is_set(value).into(),
            Self::Is { negated, what } => Truth::from(is(*what, value)).not_if(*negated),
            _ if value.is_missing() => Truth::Unknown,
            Self::Compare(comparison, literal) => comparison.truth(value, literal),
            Self::In { negated, list } => some(value, |value| list.has(value)).not_if(*negated),
            Self::Like { negated, text } => some(value, |value| text.truth(value)).not_if(*negated),
        }
    }
}

impl Comparison {
    fn truth(self, value: &Value<'_>, literal: &Literal) -> Truth {
        // Of several texts, `!=` holds if none is equal, as for one text.
        if self == Self::Ne {
            return Self::Eq.truth(value, literal).not();
        }
        some(value, |value| match literal.relation(value) {
            Relation::Unknown => Truth::Unknown,
            Relation::Different => Truth::False,
            Relation::Ordered(order) => self.holds(order).into(),
        })
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
        }
    }
}

impl Text {
    /// Only texts can match.
    fn truth(&self, value: &Value<'_>) -> Truth {
        Truth::from(match (value, &self.pattern) {
            (Value::Text(text), Some(pattern)) => pattern.matches(text),
            (Value::Text(text), None) => text.contains(&*self.typed),
            _ => false,
        })
    }
}

/// Whether a test holds for one of several texts, or for the value where there is just one.
fn some(value: &Value<'_>, test: impl Fn(&Value<'_>) -> Truth) -> Truth {
    match value {
        Value::Texts(texts) => texts.any(&mut |text| test(&Value::Text(text)) == Truth::True).into(),
        value => test(value),
    }
}

fn is_set(value: &Value<'_>) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::Text(text) => read_bool(text) != Some(false),
        value => !value.is_missing(),
    }
}

fn is(what: Is, value: &Value<'_>) -> bool {
    match what {
        Is::Null => value.is_missing(),
        Is::Nan => match value {
            Value::Number(number) => number.is_nan(),
            Value::Text(text) => Numeric::parse(text).is_some_and(|number| number.is_nan()),
            _ => false,
        },
        Is::True => Literal::Bool(true).relation(value) == Relation::Ordered(Ordering::Equal),
        Is::False => Literal::Bool(false).relation(value) == Relation::Ordered(Ordering::Equal),
    }
}
