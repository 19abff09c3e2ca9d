//! The list of `in`: long lists, as scripts make them, cost little more than short ones.

use std::cmp::Ordering;
use std::fmt;

use super::evaluate::Truth;
use super::literal::{Literal, Relation};
use super::value::Value;

/// The values of an `in`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Membership {
    /// As written.
    items: Vec<Literal>,
    /// Those texts that a text is looked up in, sorted.
    texts: Vec<Box<str>>,
    /// The beginnings, sorted, none of them a beginning of another.
    beginnings: Vec<Box<str>>,
}

impl Membership {
    pub(super) fn new(items: Vec<Literal>) -> Self {
        let texts = items.iter().filter_map(|item| match item {
            Literal::Text { text, .. } => Some(text.clone()),
            _ => None,
        });
        let mut texts: Vec<Box<str>> = texts.collect();
        texts.sort_unstable();
        let beginnings = items.iter().filter_map(|item| match item {
            Literal::Beginning(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        });
        let mut beginnings: Vec<Box<str>> = beginnings.collect();
        beginnings.sort_unstable();
        beginnings.dedup_by(|longer, shorter| longer.starts_with(&**shorter));
        Self { items, texts, beginnings }
    }

    /// Whether a value is in the list; unknown if it is missing.
    pub(super) fn has(&self, value: &Value<'_>) -> Truth {
        let is_equal = |item: &Literal| item.relation(value) == Relation::Ordered(Ordering::Equal);
        Truth::from(match value {
            Value::Missing => return Truth::Unknown,
            Value::Text(text) => {
                self.texts.binary_search_by(|known| (**known).cmp(text)).is_ok()
                    || self.begins(text)
                    || self.items.iter().filter(|item| !matches!(item, Literal::Text { .. })).any(is_equal)
            }
            _ => self.items.iter().any(is_equal),
        })
    }

    /// Whether the text has one of the beginnings: it can only be the last one that sorts before it.
    fn begins(&self, text: &str) -> bool {
        let after = self.beginnings.partition_point(|start| &**start <= text);
        after.checked_sub(1).is_some_and(|last| text.starts_with(&*self.beginnings[last]))
    }
}

impl fmt::Display for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (index, item) in self.items.iter().enumerate() {
            write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
        }
        f.write_str(")")
    }
}
