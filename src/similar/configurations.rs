//! Distances between configurations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::number::Number;

/// Something with a configuration: a run, or an experiment.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// What it is called; may be anything.
    pub name: &'a str,
    /// Its params. A param that is `null` counts as missing.
    pub params: &'a BTreeMap<String, Value>,
    /// Its seed: params that repeat it are left out.
    pub seed: Option<i64>,
}

/// Configurations made comparable: each param that differs anywhere as one column of numbers.
///
/// The distance is that of J. C. Gower, "A General Coefficient of Similarity and Some of Its Properties", Biometrics 27
/// (1971), 857–871: the mean of the distances of the params. That of a numeric param is |a − b| divided by its range over
/// all items; where all values are positive and span two decades or more, as learning rates do, their logarithms are
/// taken. That of any other param is 0 or 1. Differing from Gower, a param that one of two items lacks counts 1, and one
/// that both lack counts 0, since setting an option at all is a difference between configurations.
#[derive(Debug)]
pub struct Configurations<'a> {
    items: &'a [Item<'a>],
    columns: Vec<Column<'a>>,
}

#[derive(Debug)]
struct Column<'a> {
    name: &'a str,
    /// One for each item, NaN where it has no value: a place from 0 to 1, or the number of a value.
    cells: Vec<f64>,
    is_numeric: bool,
}

/// From this quotient of the largest and smallest value on, a numeric param is compared by its logarithm.
const TWO_DECADES: f64 = 100.0;

impl<'a> Configurations<'a> {
    /// Looks through all params once.
    #[must_use]
    pub fn new(items: &'a [Item<'a>]) -> Self {
        let names: BTreeSet<&str> = items.iter().flat_map(|item| item.params.keys().map(String::as_str)).collect();
        let columns = names.into_iter().filter(|name| !is_seed(items, name)).map(|name| Column::new(items, name));
        Self { items, columns: columns.filter(Column::differs).collect() }
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The distance of two items, from 0 to 1; 0 if no param differs anywhere.
    ///
    /// # Panics
    /// If an index is out of range.
    #[must_use]
    pub fn distance(&self, a: usize, b: usize) -> f64 {
        let sum: f64 = self.columns.iter().map(|column| column.distance(a, b)).sum();
        sum / self.columns.len().max(1) as f64
    }

    /// The params in which two items differ, by name, each with its distance.
    pub(super) fn differing(&self, a: usize, b: usize) -> impl Iterator<Item = (&'a str, f64)> {
        self.columns
            .iter()
            .map(move |column| (column.name, column.distance(a, b)))
            .filter(|(_, distance)| *distance > 0.0)
    }

    /// The items in an order that depends on what they are, and not on where they stand.
    pub(super) fn by_content(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        order.sort_by(|&a, &b| {
            let cells = self.columns.iter().map(|column| column.cells[a].total_cmp(&column.cells[b]));
            self.items[a]
                .name
                .cmp(self.items[b].name)
                .then_with(|| cells.fold(std::cmp::Ordering::Equal, |all, one| all.then(one)))
        });
        order
    }
}

impl<'a> Column<'a> {
    fn new(items: &'a [Item<'a>], name: &'a str) -> Self {
        let values: Vec<Option<&Value>> =
            items.iter().map(|item| item.params.get(name).filter(|value| !value.is_null())).collect();
        let numbers: Option<Vec<f64>> = values.iter().map(|value| value.map_or(Some(f64::NAN), number)).collect();
        let is_numeric = numbers.is_some();
        let cells = numbers.map_or_else(|| numbered(&values), placed);
        Self { name, cells, is_numeric }
    }

    fn distance(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (self.cells[a], self.cells[b]);
        match (a.is_nan(), b.is_nan()) {
            (true, true) => 0.0,
            (false, false) if self.is_numeric => (a - b).abs(),
            (false, false) if a == b => 0.0,
            _ => 1.0,
        }
    }

    fn differs(&self) -> bool {
        (1..self.cells.len()).any(|index| self.distance(0, index) > 0.0)
    }
}

/// Whether a param is the seed: by its name, or since it repeats each item's seed under a name that says so.
fn is_seed(items: &[Item<'_>], name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let says_so = last.contains("seed") || last == "random_state";
    let repeats = |item: &Item<'_>| match item.params.get(name) {
        Some(value) => item.seed.is_some() && value.as_i64() == item.seed,
        None => true,
    };
    name == "seed" || (says_so && items.iter().all(repeats))
}

/// A finite number that a double holds exactly, also one that was recorded as text.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match Number::parse(text)? {
            Number::Digits(_) => None,
            number => Some(number.as_f64()),
        },
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// Each number as its place between the smallest and the largest.
fn placed(mut numbers: Vec<f64>) -> Vec<f64> {
    let range = |numbers: &[f64]| {
        numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), &x| (min.min(x), max.max(x)))
    };
    let (mut min, mut max) = range(&numbers);
    if min > 0.0 && max / min >= TWO_DECADES {
        numbers.iter_mut().for_each(|x| *x = x.ln());
        (min, max) = range(&numbers);
    } else if (max - min).is_infinite() {
        numbers.iter_mut().for_each(|x| *x /= 2.0);
        (min, max) = (min / 2.0, max / 2.0);
    }
    let length = max - min;
    // A sum with 0.0 is never -0.0, which would sort before it.
    let place = |x: f64| if length > 0.0 { (x - min) / length + 0.0 } else { 0.0 };
    numbers.into_iter().map(|x| if x.is_nan() { x } else { place(x) }).collect()
}

/// Each value as its number among the different values; `1`, `1.0` and `"1"` are one value.
fn numbered(values: &[Option<&Value>]) -> Vec<f64> {
    let key = |value: &Value| number(value).map_or_else(|| value.to_string(), |number| format!("{:?}", number + 0.0));
    let keys: Vec<Option<String>> = values.iter().map(|value| value.map(key)).collect();
    let different: BTreeSet<&String> = keys.iter().flatten().collect();
    let numbers: BTreeMap<&String, f64> = different.into_iter().zip((0_u32..).map(f64::from)).collect();
    keys.iter().map(|key| key.as_ref().and_then(|key| numbers.get(key)).copied().unwrap_or(f64::NAN)).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
    use serde_json::{Value, json};

    use super::{Configurations, Item};

    pub(crate) type Params = BTreeMap<String, Value>;

    pub(crate) fn params(value: Value) -> Params {
        value.as_object().expect("an object").clone().into_iter().collect()
    }

    pub(crate) fn items(params: &[Params]) -> Vec<Item<'_>> {
        params.iter().map(|params| Item { name: "x", params, seed: Some(7) }).collect()
    }

    fn distances(values: &[Value]) -> Vec<f64> {
        let params: Vec<Params> = values.iter().cloned().map(params).collect();
        let items = items(&params);
        let space = Configurations::new(&items);
        let pairs = (0..values.len()).flat_map(|a| (a + 1..values.len()).map(move |b| (a, b)));
        pairs.map(|(a, b)| (space.distance(a, b) * 1e6).round() / 1e6).collect()
    }

    #[test]
    fn distances_are_gower_s() {
        // By hand: `lr` spans 0.3, `model` is equal or not, `same` differs nowhere.
        let three = [
            json!({"lr": 0.1, "model": "a", "same": 1}),
            json!({"lr": 0.2, "model": "a", "same": 1.0}),
            json!({"lr": 0.4, "model": "b", "same": "1"}),
        ];
        assert_eq!(distances(&three), [0.166_667, 1.0, 0.833_333]);
    }

    #[test]
    fn two_decades_are_compared_by_logarithm() {
        assert_eq!(distances(&[json!({"lr": 0.001}), json!({"lr": 0.01}), json!({"lr": 0.1})]), [0.5, 1.0, 0.5]);
        assert_eq!(
            distances(&[json!({"lr": 0.002}), json!({"lr": 0.02}), json!({"lr": 0.1})]),
            [0.183_673, 1.0, 0.816_327]
        );
        assert_eq!(distances(&[json!({"x": 0}), json!({"x": 10}), json!({"x": 1000})]), [0.01, 1.0, 0.99]);
    }

    #[test]
    fn a_missing_param_is_a_difference() {
        assert_eq!(distances(&[json!({"a": 1}), json!({"a": null}), json!({})]), [1.0, 1.0, 0.0]);
        assert_eq!(distances(&[json!({"a": 1, "b": 1}), json!({"a": 1}), json!({"a": 3, "b": 1})]), [0.5, 0.5, 1.0]);
    }

    #[test]
    fn types_may_be_mixed() {
        assert_eq!(distances(&[json!({"lr": 0.1}), json!({"lr": "0.1"}), json!({"lr": "0.3"})]), [0.0, 1.0, 1.0]);
        assert_eq!(distances(&[json!({"lr": 1}), json!({"lr": "1.0"}), json!({"lr": "auto"})]), [0.0, 1.0, 1.0]);
        assert_eq!(distances(&[json!({"x": [1, 2]}), json!({"x": [1, 2]}), json!({"x": [2, 1]})]), [0.0, 1.0, 1.0]);
        assert_eq!(distances(&[json!({"x": "9007199254740993"}), json!({"x": "9007199254740992"})]), [1.0]);
        assert_eq!(distances(&[json!({"x": "Infinity"}), json!({"x": 1}), json!({"x": 2})]), [1.0, 1.0, 1.0]);
        assert_eq!(distances(&[json!({"x": 1e308}), json!({"x": -1e308}), json!({"x": 0})]), [1.0, 0.5, 0.5]);
    }

    #[test]
    fn seeds_are_left_out() {
        assert_eq!(distances(&[json!({"seed": 1}), json!({"seed": 2})]), [0.0]);
        assert_eq!(distances(&[json!({"train.np_seed": 7}), json!({})]), [0.0]);
        assert_eq!(distances(&[json!({"train.np_seed": 7}), json!({"train.np_seed": 8})]), [1.0]);
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            (-3_i64..3).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            prop::sample::select(&["a", "1", "0.001", "NaN", "true"][..]).prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
        ]
    }

    /// Up to 12 configurations of up to 4 params.
    pub(crate) fn configurations() -> impl Strategy<Value = Vec<Params>> {
        let names = prop::sample::select(&["a", "b", "c.d", "lr"][..]).prop_map(str::to_owned);
        prop::collection::vec(prop::collection::btree_map(names, value(), 0..5), 0..12)
    }

    proptest! {
        #[test]
        fn distances_are_distances(params in configurations()) {
            let items = items(&params);
            let space = Configurations::new(&items);
            for a in 0..items.len() {
                prop_assert_eq!(space.distance(a, a), 0.0);
                for b in 0..items.len() {
                    let distance = space.distance(a, b);
                    prop_assert!((0.0..=1.0).contains(&distance), "{}", distance);
                    prop_assert_eq!(distance, space.distance(b, a));
                    if params[a] == params[b] {
                        prop_assert_eq!(distance, 0.0);
                    }
                }
            }
        }
    }
}
