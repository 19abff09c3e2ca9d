//! Which of several values of a param counts, and where it is from.
//!
//! From the strongest: what the program logged, `-p`, `--config`; Hydra and papermill, who say what the program got; files of params; the options of
//! the command, whose names are nobody else's. What is overruled is kept with its source.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use crate::model::param::{MAX_NAME_BYTES, ParamSource};

/// How many params a sentence names.
const NAMED: usize = 3;

/// Add what a source says to the params of a run, whose sources these are. `takes_over`: it beats the sources that are there, though never what no source
/// is named for. Returns sentences about values that disagree.
pub fn add(
    params: &mut BTreeMap<String, Value>,
    sources: &mut Vec<ParamSource>,
    mut source: ParamSource,
    values: BTreeMap<String, Value>,
    takes_over: bool,
) -> Vec<String> {
    let own = title(&source);
    let owners = owners(sources);
    let (mut said, mut gone) = (Vec::new(), HashSet::new());
    for (name, value) in values {
        let Some(recorded) = params.get(&name).cloned() else {
            params.insert(name.clone(), value);
            source.names.push(name);
            continue;
        };
        if is_same(&recorded, &value) {
            continue;
        }
        match owners.get(&name).map(|at| &mut sources[*at]) {
            Some(weaker) if takes_over => {
                said.push(differs(&name, &title(weaker), &recorded, &value, &own));
                weaker.overruled.insert(name.clone(), recorded);
                gone.insert(name.clone());
                params.insert(name.clone(), value);
                source.names.push(name);
            }
            stronger => {
                let by = stronger.map_or_else(|| "-p or --config".to_owned(), |source| title(source));
                said.push(differs(&name, &own, &value, &recorded, &by));
                source.overruled.insert(name, value);
            }
        }
    }
    give_up(sources, &gone);
    source.names.sort_unstable();
    sources.push(source);
    shortened(said)
}

/// Take what a program logged: it beats everything.
pub fn log(params: &mut BTreeMap<String, Value>, sources: &mut [ParamSource], logged: BTreeMap<String, Value>) {
    let owners = owners(sources);
    let mut gone = HashSet::new();
    for (name, value) in logged {
        let before = params.insert(name.clone(), value);
        if let (Some(before), Some(at)) = (before, owners.get(&name)) {
            sources[*at].overruled.insert(name.clone(), before);
            gone.insert(name);
        }
    }
    give_up(sources, &gone);
}

/// The names of a second file of params: what an earlier file has too is named `file:name`, as DVC writes it. That depends on the keys alone, not on
/// their values, so that a param keeps its name from run to run.
pub fn apart(
    values: BTreeMap<String, Value>,
    file: &str,
    earlier: &[BTreeMap<String, Value>],
) -> BTreeMap<String, Value> {
    let is_taken = |name: &String| earlier.iter().any(|values| values.contains_key(name));
    let named = values
        .into_iter()
        .map(|(name, value)| if is_taken(&name) { (format!("{file}:{name}"), value) } else { (name, value) });
    named.filter(|(name, _)| name.len() <= MAX_NAME_BYTES).collect()
}

/// Which source each param is from.
fn owners(sources: &[ParamSource]) -> HashMap<String, usize> {
    let of_source = |(at, source): (usize, &ParamSource)| {
        source.names.iter().map(move |name| (name.clone(), at)).collect::<Vec<_>>()
    };
    sources.iter().enumerate().flat_map(of_source).collect()
}

/// Take from sources the params that another one has now.
fn give_up(sources: &mut [ParamSource], gone: &HashSet<String>) {
    if !gone.is_empty() {
        sources.iter_mut().for_each(|source| source.names.retain(|name| !gone.contains(name)));
    }
}

/// What people call a source.
fn title(source: &ParamSource) -> String {
    source.file.clone().unwrap_or_else(|| "the command line".to_owned())
}

fn differs(name: &str, loser: &str, lost: &Value, recorded: &Value, winner: &str) -> String {
    format!("{loser} has {name} = {}; recorded is {}, as {winner} says", shown(lost), shown(recorded))
}

fn shown(value: &Value) -> String {
    let text = plain(value);
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether two readers can have meant the same: 1 and 1.0, `1e-3` and 0.001, `007` as a text and as it was typed.
fn is_same(a: &Value, b: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    if let (Value::Array(a), Value::Array(b)) = (a, b) {
        return a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b));
    }
    a == b || plain(a) == plain(b) || matches!((number(a), number(b)), (Some(a), Some(b)) if a == b)
}

fn shortened(mut said: Vec<String>) -> Vec<String> {
    let more = said.len().saturating_sub(NAMED);
    said.truncate(NAMED);
    if let Some(last) = said.last_mut().filter(|_| more > 0) {
        *last += &format!("; so do {more} more");
    }
    said
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::{any, proptest};
    use serde_json::{Value, json};

    use super::{add, apart, is_same, log};
    use crate::model::param::ParamSource;

    fn map(value: Value) -> BTreeMap<String, Value> {
        value.as_object().expect("a map").clone().into_iter().collect()
    }

    fn source(file: &str) -> ParamSource {
        ParamSource { kind: "file".into(), file: Some(file.to_owned()), ..ParamSource::default() }
    }

    #[test]
    fn the_strongest_value_counts_and_the_others_are_kept() {
        let (mut params, mut sources) = (map(json!({"lr": 0.1, "n": 1})), Vec::new());
        let said = add(
            &mut params,
            &mut sources,
            source("params.yaml"),
            map(json!({"lr": 0.01, "n": 1.0, "w": 8, "d": 2})),
            false,
        );
        assert_eq!(said, ["params.yaml has lr = 0.01; recorded is 0.1, as -p or --config says"]);
        let said = add(&mut params, &mut sources, source("config.yaml"), map(json!({"w": 9, "lr": 0.1, "x": 1})), true);
        assert_eq!(said, ["params.yaml has w = 8; recorded is 9, as config.yaml says"]);
        log(&mut params, &mut sources, map(json!({"x": 2, "y": 3})));
        assert_eq!(params, map(json!({"lr": 0.1, "n": 1, "w": 9, "d": 2, "x": 2, "y": 3})));
        assert_eq!((&sources[0].names, &sources[1].names), (&vec!["d".to_owned()], &vec!["w".to_owned()]));
        assert_eq!(sources[0].overruled, map(json!({"lr": 0.01, "w": 8})));
        assert_eq!(sources[1].overruled, map(json!({"x": 1})));
    }

    #[test]
    fn a_name_of_two_files_is_told_apart_by_its_file() {
        let earlier = [map(json!({"lr": 1}))];
        assert_eq!(apart(map(json!({"lr": 1, "w": 2})), "b.yaml", &earlier), map(json!({"b.yaml:lr": 1, "w": 2})));
    }

    #[test]
    fn values_that_are_written_differently_are_the_same() {
        for (a, b) in [
            (json!(1), json!(1.0)),
            (json!("1e-3"), json!(0.001)),
            (json!("true"), json!(true)),
            (json!([1, "2"]), json!([1.0, 2])),
        ] {
            assert!(is_same(&a, &b), "{a} {b}");
        }
        assert!(!is_same(&json!("a"), &json!("b")) && !is_same(&json!([1]), &json!([1, 2])));
    }

    proptest! {
        #[test]
        fn every_param_has_at_most_one_source(
            own in proptest::collection::btree_map("[a-d]", any::<i8>(), 0..4),
            all in proptest::collection::vec((proptest::collection::btree_map("[a-d]", any::<i8>(), 0..4), any::<bool>()), 0..4),
        ) {
            let values = |map: BTreeMap<String, i8>| map.into_iter().map(|(name, value)| (name, Value::from(value))).collect::<BTreeMap<_, _>>();
            let (mut params, mut sources) = (values(own.clone()), Vec::new());
            for (map, takes_over) in all {
                add(&mut params, &mut sources, source("f"), values(map), takes_over);
            }
            for name in params.keys() {
                let count = sources.iter().filter(|source| source.names.contains(name)).count();
                assert_eq!(count, usize::from(!own.contains_key(name)), "{name}");
            }
            assert!(own.iter().all(|(name, value)| params[name] == *value));
        }
    }
}
