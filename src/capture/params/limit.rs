//! What can be a param: a name that is one, a value of a sensible length, not too many.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::param::{MAX_NAME_BYTES, check_name};

/// The largest file that params are taken from, in bytes.
pub const MAX_FILE: u64 = 1 << 20;

/// How many params one source may have.
pub const MAX_PARAMS: usize = 1000;

/// The longest value as JSON, in bytes.
pub const MAX_VALUE: usize = 4096;

/// The params that can be recorded, and a sentence about each reason for which others cannot. `source` is how sentences call it.
pub fn fit(params: BTreeMap<String, Value>, source: &str) -> (BTreeMap<String, Value>, Vec<String>) {
    let (mut long, mut unnamed, mut left_out) = (Vec::new(), 0_usize, 0_usize);
    let mut kept = BTreeMap::new();
    for (name, value) in params {
        if check_name(&name).is_err() {
            unnamed += 1;
        } else if length(&value) > MAX_VALUE {
            long.push(name);
        } else if kept.len() >= MAX_PARAMS {
            left_out += 1;
        } else {
            kept.insert(name, value);
        }
    }
    let mut said = Vec::new();
    if let Some(first) = long.first() {
        let others = if long.len() > 1 { format!(" and {} more", long.len() - 1) } else { String::new() };
        said.push(format!("{source}: the value of {first}{others} is longer than {MAX_VALUE} bytes, and no param"));
    }
    if unnamed > 0 {
        said.push(format!(
            "{source}: {unnamed} of its keys cannot name a param: empty, over {MAX_NAME_BYTES} bytes, with '=' or control characters"
        ));
    }
    if left_out > 0 {
        said.push(format!("{source} has {left_out} more values than the {MAX_PARAMS} that are taken as params"));
    }
    (kept, said)
}

/// About how long a value is as JSON, without writing it.
fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| length(item) + 1).sum::<usize>() + 2,
        Value::Object(map) => map.iter().map(|(name, value)| name.len() + length(value) + 4).sum::<usize>() + 2,
        Value::Number(_) => 8,
        Value::Null | Value::Bool(_) => 4,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{MAX_PARAMS, fit};

    #[test]
    fn what_cannot_be_a_param_is_left_out_and_said() {
        let mut params: BTreeMap<String, serde_json::Value> =
            (0..MAX_PARAMS + 5).map(|i| (format!("p{i}"), i.into())).collect();
        params.insert("a\u{1b}[31m".into(), 1.into());
        params.insert("a=b".into(), 1.into());
        params.insert("a".into(), "x".repeat(5000).into());
        let (kept, said) = fit(params, "params.yaml");
        assert_eq!(kept.len(), MAX_PARAMS);
        assert_eq!(
            said,
            [
                "params.yaml: the value of a is longer than 4096 bytes, and no param",
                "params.yaml: 2 of its keys cannot name a param: empty, over 250 bytes, with '=' or control characters",
                "params.yaml has 5 more values than the 1000 that are taken as params",
            ]
        );
    }
}
