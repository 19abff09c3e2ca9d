//! Which params tell rows apart.

use super::cells::Cells;
use super::comparison::{ParamColumn, Row};

/// Mark the params whose value differs between rows that have runs; being absent is a difference.
pub(super) fn mark_differing(rows: &[Row<'_>], cells: &Cells, params: &mut [ParamColumn]) {
    // A row without runs has no params to differ in: it must not turn every param of the others into a difference.
    let slots = || rows.iter().filter(|row| row.n + row.failed + row.withdrawn > 0).map(|row| row.slot);
    for (column, param) in params.iter_mut().enumerate().filter(|(_, param)| param.name != "seed") {
        let mut values = slots().map(|slot| cells.param(slot, column));
        let first = values.next();
        param.differs = values.any(|value| Some(value) != first);
    }
}

/// Whether a param may be the seed under the name that a config gives it (`train.seed`, `random_state`): a row's runs differ in it by definition.
pub(super) fn could_be_the_seed(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    last.contains("seed") || last == "random_state"
}

#[cfg(test)]
mod tests {
    use super::super::comparison::Param;
    use super::{Cells, ParamColumn, Row, could_be_the_seed, mark_differing};
    use crate::records::Value;

    const NAMES: [&str; 4] = ["a", "b", "c", "seed"];

    /// Rows with these params; `None` is one without runs.
    fn differing(rows: &[Option<&[(u32, Param)]>]) -> Vec<&'static str> {
        let mut params: Vec<ParamColumn> =
            NAMES.iter().map(|name| ParamColumn { name: (*name).to_owned(), differs: false }).collect();
        let mut cells = Cells::new(0, NAMES.len(), 0);
        let row = |params: &Option<&[(u32, Param)]>| {
            let slot = cells.add_row();
            let set = |(column, param): &(u32, Param)| cells.set_param(slot, *column, *param);
            params.iter().copied().flatten().for_each(set);
            Row { slot, n: usize::from(params.is_some()), ..Row::default() }
        };
        let rows: Vec<Row<'_>> = rows.iter().map(row).collect();
        mark_differing(&rows, &cells, &mut params);
        NAMES.into_iter().zip(params).filter(|(_, param)| param.differs).map(|(name, _)| name).collect()
    }

    #[test]
    fn only_differences_are_named() {
        let is = |value| Param::Is(Value::Integer(value));
        let one: &[_] = &[(0, is(1)), (1, is(1)), (2, Param::Is(Value::Bool(true))), (3, is(1))];
        let other: &[_] = &[(0, is(1)), (1, Param::Is(Value::Float(1.0))), (3, is(2))];
        assert_eq!(differing(&[Some(one), Some(other), None]), ["b", "c"]);
        assert!(differing(&[Some(one), None]).is_empty());
        let vary: &[_] = &[(0, Param::Varies), (1, is(1)), (2, Param::Is(Value::Bool(true))), (3, is(1))];
        assert_eq!(differing(&[Some(one), Some(vary)]), ["a"]);
        assert!(differing(&[Some(vary), Some(vary)]).is_empty());
    }

    #[test]
    fn the_seed_is_known_under_other_names() {
        assert!(
            could_be_the_seed("train.np_seed") && could_be_the_seed("random_state") && !could_be_the_seed("layers")
        );
    }
}
