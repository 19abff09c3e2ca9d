//! Rows for the tests.

use std::collections::HashMap;

use super::{Calendar, Field, Query, Row, Value};
use crate::model::time::Time;

#[derive(Debug, Clone, Default)]
pub(super) struct Sample(pub(super) HashMap<&'static str, Cell>);

#[derive(Debug, Clone)]
pub(super) enum Cell {
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(&'static str),
    Time(&'static str),
    Texts(Vec<&'static str>),
}

impl Row for Sample {
    fn value(&self, field: &Field) -> Value<'_> {
        match self.0.get(field.to_string().as_str()) {
            None => Value::Missing,
            Some(Cell::Bool(value)) => Value::Bool(*value),
            Some(Cell::Integer(value)) => Value::Integer(*value),
            Some(Cell::Number(value)) => Value::Number(*value),
            Some(Cell::Text(text)) => Value::Text(text),
            Some(Cell::Time(text)) => Value::Time(Time::parse(text).expect("a time")),
            Some(Cell::Texts(texts)) => Value::Texts(texts),
        }
    }
}

pub(super) fn calendar() -> Calendar {
    Calendar::utc(Time::parse("2026-11-21T09:14:02.118Z").expect("a time"))
}

pub(super) fn query(text: &str) -> Query {
    Query::parse_at(text, &calendar()).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn sample() -> Sample {
    Sample(HashMap::from([
        ("id", Cell::Text("7kq2m8v0c4t9x1n5b3hd")),
        ("experiment", Cell::Text("bigger-lr")),
        ("status", Cell::Text("ok")),
        ("seed", Cell::Integer(42)),
        ("seconds", Cell::Number(754.2)),
        ("dirty", Cell::Bool(false)),
        ("started", Cell::Time("2026-11-20T12:00:00.500Z")),
        ("tags", Cell::Texts(vec!["keep", "paper"])),
        ("remarks", Cell::Texts(vec![])),
        ("tags.keep", Cell::Bool(true)),
        ("metrics.val_acc", Cell::Number(0.931)),
        ("metrics.val_acc.best", Cell::Number(0.95)),
        ("metrics.`val loss`", Cell::Number(f64::NAN)),
        ("params.lr", Cell::Number(0.1)),
        ("params.text_lr", Cell::Text("0.1")),
        ("params.model.name", Cell::Text("resnet50")),
        ("params.big", Cell::Text("9007199254740993")),
        ("params.bn", Cell::Bool(true)),
        ("params.nan", Cell::Text("NaN")),
    ]))
}
