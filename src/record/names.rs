//! How many names a fact has: a broken program may log millions of metrics, and every reader reads every fact whole. Pure.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::model::direction::Direction;
use crate::model::metric::Summary;

/// How many metrics, and how many logged params, a fact has at most.
pub const MOST: usize = 20_000;

/// How many bytes of JSON they may take, each.
const MOST_BYTES: usize = 4 << 20;

/// The metrics that a fact has, and how many it leaves out. Of too many, those that are known to be better one way come first, then those that were logged
/// first.
pub(super) fn metrics(
    mut all: Vec<(String, Summary)>,
    direction: impl Fn(&str) -> Option<Direction>,
) -> (BTreeMap<String, Summary>, u64) {
    all.sort_by_cached_key(|(name, _)| direction(name).is_none());
    let (kept, left_out) = fit(all);
    (kept, left_out.len() as u64)
}

/// The logged params that a fact has, and those that it leaves out. Of too many, those come first that are recorded with another value, then by name.
pub(super) fn params(
    logged: BTreeMap<String, Value>,
    recorded: &BTreeMap<String, Value>,
) -> (BTreeMap<String, Value>, BTreeMap<String, Value>) {
    let mut all: Vec<(String, Value)> = logged.into_iter().collect();
    all.sort_by_cached_key(|(name, _)| !recorded.contains_key(name));
    let (kept, left_out) = fit(all);
    (kept, left_out.into_iter().collect())
}

/// As many as fit, from the front, and the others. One that is too long keeps no shorter one out.
fn fit<T: Serialize>(all: Vec<(String, T)>) -> (BTreeMap<String, T>, Vec<(String, T)>) {
    let (mut kept, mut left_out, mut room) = (BTreeMap::new(), Vec::new(), MOST_BYTES);
    for (name, value) in all {
        let size = serde_json::to_string(&(&name, &value)).map_or(usize::MAX, |text| text.len());
        if kept.len() < MOST && size <= room {
            room -= size;
            kept.insert(name, value);
        } else {
            left_out.push((name, value));
        }
    }
    (kept, left_out)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{MOST, metrics, params};
    use crate::model::direction::Direction;
    use crate::model::metric::{Accumulator, Summary};
    use crate::model::number::Number;

    fn summary() -> Summary {
        let mut points = Accumulator::default();
        points.add(None, &Number::Integer(1));
        points.summary(None).expect("a point")
    }

    #[test]
    fn of_too_many_metrics_the_promised_and_the_first_ones_stay() {
        let names = (0..MOST + 5).rev().map(|i| format!("m{i:06}")).chain(["val_acc".to_owned()]);
        let all = names.map(|name| (name, summary())).collect();
        let direction = |name: &str| (name == "val_acc").then_some(Direction::Maximize);
        let (kept, left_out) = metrics(all, direction);
        assert_eq!((kept.len(), left_out), (MOST, 6));
        assert!(kept.contains_key("val_acc") && kept.contains_key("m020004") && !kept.contains_key("m000005"));
    }

    #[test]
    fn long_names_leave_room_for_short_ones() {
        let long = (0..10).map(|i| (i.to_string().repeat(1_000_000), summary()));
        let (kept, left_out) = metrics(long.chain([("loss".to_owned(), summary())]).collect(), |_| None);
        assert_eq!((kept.len(), left_out, kept.contains_key("loss")), (5, 6, true));
    }

    #[test]
    fn of_too_many_params_those_stay_that_have_another_value() {
        let logged = (0..MOST + 2).map(|i| (format!("p{i:06}"), i.into())).collect();
        let recorded = BTreeMap::from([("p020001".to_owned(), 1.into())]);
        let (kept, left_out) = params(logged, &recorded);
        assert!(kept.len() == MOST && kept.contains_key("p020001"));
        assert_eq!(left_out.into_keys().collect::<Vec<_>>(), ["p019999", "p020000"]);
    }
}
