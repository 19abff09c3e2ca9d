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
    /// Those that a text is looked up in, sorted.
    texts: Vec<Box<str>>,
    /// The beginnings, sorted, none of them a beginning of another.
    beginnings: Vec<Box<str>>,
    /// The other items, by index.
    others: Vec<usize>,
}

impl Membership {
    pub(super) fn new(items: Vec<Literal>) -> Self {
        let (mut texts, mut beginnings, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for (index, item) in items.iter().enumerate() {
            match item {
                Literal::Beginning(text) if !text.is_empty() => beginnings.push(text.clone()),
                // The empty beginning equals the empty text alone.
                Literal::Text { text, .. } | Literal::Beginning(text) => texts.push(text.clone()),
                _ => others.push(index),
            }
        }
        texts.sort_unstable();
        beginnings.sort_unstable();
        beginnings.dedup_by(|longer, shorter| longer.starts_with(&**shorter));
        Self { items, texts, beginnings, others }
    }

    /// Whether a value is in the list; unknown if it is missing.
    pub(super) fn has(&self, value: &Value<'_>) -> Truth {
        let is_equal = |item: &Literal| item.relation(value) == Relation::Ordered(Ordering::Equal);
        Truth::from(match value {
            Value::Missing => return Truth::Unknown,
            Value::Text(text) => {
                self.texts.binary_search_by(|known| (**known).cmp(text)).is_ok()
                    || self.begins(text)
                    || self.others.iter().any(|index| is_equal(&self.items[*index]))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert_eq, proptest};

    use super::{Literal, Membership, Ordering, Relation, Truth, Value};

    proptest! {
        #[test]
        fn long_lists_are_looked_up_as_short_ones(
            begins: bool, texts in prop::collection::vec("[ab]{0,4}", 1..12), text in "[ab]{0,5}",
        ) {
            let literal = |text: &String| {
                let text: Box<str> = text.as_str().into();
                if begins { Literal::Beginning(text) } else { Literal::Text { text, reading: None } }
            };
            let items: Vec<Literal> = texts.iter().map(literal).collect();
            let value = Value::Text(&text);
            let expected = items.iter().any(|item| item.relation(&value) == Relation::Ordered(Ordering::Equal));
            prop_assert_eq!(Membership::new(items).has(&value), Truth::from(expected));
        }
    }
}
