//! The configurations most like one.

use serde_json::Value;

use super::configurations::{Configurations, Item};

/// A configuration near another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Near<'a> {
    /// Its index among the items.
    pub index: usize,
    /// From 0, nothing differs, to 1, everything does that differs anywhere.
    pub distance: f64,
    /// What differs, the largest difference first.
    pub differences: Vec<Difference<'a>>,
}

/// A param in which two configurations differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference<'a> {
    /// Its name.
    pub name: &'a str,
    /// What the configuration has that was asked about.
    pub here: Option<&'a Value>,
    /// What the near one has.
    pub there: Option<&'a Value>,
    /// How far the two are apart, from 0 to 1.
    pub distance: f64,
}

/// The `count` items nearest to the one with index `target`, nearest first, equally near ones in their order.
///
/// There is none if there is no such item.
#[must_use]
pub fn nearest<'a>(items: &'a [Item<'a>], target: usize, count: usize) -> Vec<Near<'a>> {
    if target >= items.len() {
        return Vec::new();
    }
    let space = Configurations::new(items);
    let others = (0..items.len()).filter(|index| *index != target);
    let mut distances: Vec<(f64, usize)> = others.map(|index| (space.distance(target, index), index)).collect();
    distances.sort_by(|a, b| a.0.total_cmp(&b.0));
    distances.truncate(count);
    let near = |(distance, index): (f64, usize)| {
        let difference = |(name, distance)| Difference {
            name,
            here: items[target].params.get(name),
            there: items[index].params.get(name),
            distance,
        };
        let mut differences: Vec<Difference<'a>> = space.differing(target, index).map(difference).collect();
        differences.sort_by(|a, b| b.distance.total_cmp(&a.distance));
        Near { index, distance, differences }
    };
    distances.into_iter().map(near).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use serde_json::json;

    use super::nearest;
    use crate::similar::configurations::tests::{configurations, items, params};

    #[test]
    fn the_nearest_come_first_and_say_what_differs() {
        let params = [
            params(json!({"lr": 0.1, "model": "a", "layers": 2})),
            params(json!({"lr": 0.4, "model": "b", "layers": 2})),
            params(json!({"lr": 0.2, "model": "a", "layers": 2, "dropout": 0.5})),
            params(json!({"lr": 0.1, "model": "a", "layers": 2.0})),
        ];
        let items = items(&params);
        let near = nearest(&items, 0, 10);
        assert_eq!(near.iter().map(|near| near.index).collect::<Vec<_>>(), [3, 2, 1]);
        assert!(near[0].differences.is_empty());
        let differences: Vec<_> =
            near[1].differences.iter().map(|d| (d.name, d.here.cloned(), d.there.cloned())).collect();
        assert_eq!(differences, [("dropout", None, Some(json!(0.5))), ("lr", Some(json!(0.1)), Some(json!(0.2)))]);
        assert_eq!(nearest(&items, 0, 1).len(), 1);
        assert!(nearest(&items, 4, 10).is_empty());
    }

    proptest! {
        #[test]
        fn differences_add_up(params in configurations()) {
            let items = items(&params);
            for near in nearest(&items, 0, usize::MAX) {
                let sum: f64 = near.differences.iter().map(|difference| difference.distance).sum();
                prop_assert_eq!(sum == 0.0, near.distance == 0.0);
                prop_assert!(near.distance <= sum + 1e-12);
            }
        }
    }
}
