//! Which params tell rows apart.

use super::comparison::{Param, ParamColumn, Row};

/// Mark the params whose value differs between rows that have runs; being absent is a difference.
pub(super) fn mark_differing(rows: &[Row], params: &mut [ParamColumn]) {
    // A row without runs has no params to differ in: it must not turn every param of the others into a difference.
    let has_runs = |row: &&Row| row.n + row.failed + row.withdrawn > 0;
    let mut first: Vec<Option<Param>> = vec![None; params.len()];
    let mut count = vec![0_usize; params.len()];
    let mut with_runs = 0;
    for row in rows.iter().filter(has_runs) {
        with_runs += 1;
        for (column, param) in &row.params {
            let column = *column as usize;
            count[column] += 1;
            params[column].differs |= *first[column].get_or_insert(*param) != *param;
        }
    }
    for (param, count) in params.iter_mut().zip(count) {
        param.differs = param.name != "seed" && (param.differs || (count > 0 && count < with_runs));
    }
}

/// Whether a param may be the seed under the name that a config gives it (`train.seed`, `random_state`): a row's runs differ in it by definition.
pub(super) fn could_be_the_seed(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    last.contains("seed") || last == "random_state"
}

#[cfg(test)]
mod tests {
    use super::{Param, ParamColumn, Row, could_be_the_seed, mark_differing};
    use crate::records::Value;

    const NAMES: [&str; 4] = ["a", "b", "c", "seed"];

    fn row(params: &[(u32, Param)]) -> Row {
        Row { n: 1, params: params.to_vec(), ..Row::default() }
    }

    fn differing(rows: &[Row]) -> Vec<&'static str> {
        let mut params: Vec<ParamColumn> =
            NAMES.iter().map(|name| ParamColumn { name: (*name).to_owned(), differs: false }).collect();
        mark_differing(rows, &mut params);
        NAMES.into_iter().zip(params).filter(|(_, param)| param.differs).map(|(name, _)| name).collect()
    }

    #[test]
    fn only_differences_are_named() {
        let is = |value| Param::Is(Value::Integer(value));
        let rows = [
            row(&[(0, is(1)), (1, is(1)), (2, Param::Is(Value::Bool(true))), (3, is(1))]),
            row(&[(0, is(1)), (1, Param::Is(Value::Float(1.0))), (3, is(2))]),
            Row { n: 0, ..Row::default() },
        ];
        assert_eq!(differing(&rows), ["b", "c"]);
        assert!(differing(&rows[..1]).is_empty());
        let vary = row(&[(0, Param::Varies), (1, is(1)), (2, Param::Is(Value::Bool(true))), (3, is(1))]);
        assert_eq!(differing(&[rows[0].clone(), vary.clone()]), ["a"]);
        assert!(differing(&[vary.clone(), vary]).is_empty());
    }

    #[test]
    fn the_seed_is_known_under_other_names() {
        assert!(
            could_be_the_seed("train.np_seed") && could_be_the_seed("random_state") && !could_be_the_seed("layers")
        );
    }
}
