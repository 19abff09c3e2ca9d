//! Queries against the simplest reading of the rules.

use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::Order;
use super::samples::{Cell, Sample, query};

/// A query as the tests write it, and what it says by the simplest rules.
#[derive(Debug, Clone)]
enum Naive {
    And(Box<Naive>, Box<Naive>),
    Or(Box<Naive>, Box<Naive>),
    Not(Box<Naive>),
    Set(&'static str),
    Null(&'static str, bool),
    Compare(&'static str, &'static str, Literal),
    In(&'static str, Vec<Literal>, bool),
    Contains(&'static str, &'static str),
}

#[derive(Debug, Clone)]
enum Literal {
    Number(f64),
    Text(&'static str),
    Bool(bool),
}

impl Naive {
    fn text(&self) -> String {
        let not = |negated: &bool| if *negated { " not" } else { "" };
        match self {
            Self::And(a, b) => format!("({}) and ({})", a.text(), b.text()),
            Self::Or(a, b) => format!("({}) or ({})", a.text(), b.text()),
            Self::Not(a) => format!("not ({})", a.text()),
            Self::Set(name) => (*name).to_owned(),
            Self::Null(name, negated) => format!("{name} is{} null", not(negated)),
            Self::Compare(name, sign, literal) => format!("{name} {sign} {}", literal.text()),
            Self::In(name, list, negated) => {
                let list: Vec<String> = list.iter().map(Literal::text).collect();
                format!("{name}{} in ({})", not(negated), list.join(", "))
            }
            Self::Contains(name, text) => format!("{name} contains '{text}'"),
        }
    }

    fn holds(&self, row: &Sample) -> Option<bool> {
        match self {
            Self::And(a, b) => match (a.holds(row), b.holds(row)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(a, b) => match (a.holds(row), b.holds(row)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Not(a) => a.holds(row).map(|holds| !holds),
            Self::Set(name) => Some(!matches!(row.0.get(name), None | Some(Cell::Bool(false)))),
            Self::Null(name, negated) => Some(row.0.contains_key(name) == *negated),
            Self::Compare(name, sign, literal) => row.0.get(name).map(|cell| compare(cell, sign, literal)),
            Self::In(name, list, negated) => {
                row.0.get(name).map(|cell| list.iter().any(|literal| compare(cell, "=", literal)) != *negated)
            }
            Self::Contains(name, text) => {
                row.0.get(name).map(|cell| matches!(cell, Cell::Text(value) if value.contains(text)))
            }
        }
    }
}

impl Literal {
    fn text(&self) -> String {
        match self {
            Self::Number(value) => format!("{value:?}"),
            Self::Text(text) => format!("'{text}'"),
            Self::Bool(value) => value.to_string(),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Text(text) => text.parse().ok(),
            Self::Bool(_) => None,
        }
    }
}

fn compare(cell: &Cell, sign: &str, literal: &Literal) -> bool {
    let order = match (cell, literal) {
        (Cell::Text(a), Literal::Text(b)) => Some(a.cmp(b)),
        (Cell::Bool(a), Literal::Bool(b)) => Some(a.cmp(b)),
        (Cell::Bool(a), Literal::Text(text)) => text.parse().ok().map(|b: bool| a.cmp(&b)),
        (Cell::Text(text), Literal::Bool(b)) => text.parse().ok().map(|a: bool| a.cmp(b)),
        _ => {
            let number = match cell {
                Cell::Integer(value) => Some(*value as f64),
                Cell::Number(value) => Some(*value),
                Cell::Text(text) => text.parse().ok(),
                _ => None,
            };
            number.zip(literal.number()).and_then(|(a, b)| a.partial_cmp(&b))
        }
    };
    match (sign, order) {
        ("!=", order) => order.is_none_or(|order| order.is_ne()),
        (_, None) => false,
        ("=", Some(order)) => order.is_eq(),
        ("<", Some(order)) => order.is_lt(),
        ("<=", Some(order)) => order.is_le(),
        (">", Some(order)) => order.is_gt(),
        (_, Some(order)) => order.is_ge(),
    }
}

const NAMES: [&str; 3] = ["params.x", "params.y", "tags.z"];
const TEXTS: [&str; 7] = ["a", "ab", "1", "1.0", "-2", "true", "nan"];
const NUMBERS: [f64; 7] = [0.0, 1.0, -2.0, 1.5, f64::NAN, f64::INFINITY, -0.0];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        prop::sample::select(&TEXTS[..]).prop_map(Literal::Text),
        prop::sample::select(&NUMBERS[..]).prop_map(|value| Literal::Number(if value.is_nan() { 7.0 } else { value })),
        any::<bool>().prop_map(Literal::Bool),
    ]
}

fn naive() -> impl Strategy<Value = Naive> {
    let leaf = prop_oneof![
        name().prop_map(Naive::Set),
        (name(), any::<bool>()).prop_map(|(name, negated)| Naive::Null(name, negated)),
        (name(), prop::sample::select(&["=", "!=", "<", "<=", ">", ">="][..]), literal())
            .prop_map(|(name, sign, literal)| Naive::Compare(name, sign, literal)),
        (name(), prop::collection::vec(literal(), 1..5), any::<bool>())
            .prop_map(|(name, list, negated)| Naive::In(name, list, negated)),
        (name(), prop::sample::select(&TEXTS[..])).prop_map(|(name, text)| Naive::Contains(name, text)),
    ];
    leaf.prop_recursive(5, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Naive::And(a.into(), b.into())),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Naive::Or(a.into(), b.into())),
            inner.prop_map(|a| Naive::Not(a.into())),
        ]
    })
}

fn row() -> impl Strategy<Value = Sample> {
    let cell = prop_oneof![
        2 => Just(None),
        2 => prop::sample::select(&TEXTS[..]).prop_map(|text| Some(Cell::Text(text))),
        2 => prop::sample::select(&NUMBERS[..]).prop_map(|value| Some(Cell::Number(value))),
        1 => (-2_i64..3).prop_map(|value| Some(Cell::Integer(value))),
        1 => any::<bool>().prop_map(|value| Some(Cell::Bool(value))),
    ];
    prop::collection::vec(cell, NAMES.len())
        .prop_map(|cells| Sample(NAMES.into_iter().zip(cells).filter_map(|(name, cell)| Some((name, cell?))).collect()))
}

proptest! {
    #[test]
    fn queries_say_what_the_simplest_rules_say(naive in naive(), row in row()) {
        let text = naive.text();
        let query = query(&text);
        prop_assert_eq!(query.matches(&row), naive.holds(&row) == Some(true), "{}", text);
        // The opposite too, so that false and unknown are told apart.
        let opposite = format!("not ({text})");
        prop_assert_eq!(super::samples::query(&opposite).matches(&row), naive.holds(&row) == Some(false), "{}", opposite);
    }

    #[test]
    fn what_is_printed_reads_back(naive in naive(), row in row()) {
        let first = query(&naive.text());
        let second = query(&first.to_string());
        prop_assert_eq!(&second, &first);
        prop_assert_eq!(second.to_string(), first.to_string());
        prop_assert_eq!(second.matches(&row), first.matches(&row));
    }

    #[test]
    fn orders_are_total(rows in prop::collection::vec(row(), 0..12), descending in any::<bool>()) {
        let order = Order::parse(if descending { "-params.x, params.y" } else { "params.x, -params.y" }).expect("an order");
        let mut sorted = rows.clone();
        // The standard library's sort panics where an order is not total.
        sorted.sort_by(|a, b| order.compare(a, b));
        for (index, a) in sorted.iter().enumerate() {
            for b in &sorted[index..] {
                prop_assert!(order.compare(a, b).is_le() && order.compare(b, a).is_ge());
            }
        }
    }
}
