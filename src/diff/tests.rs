use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::btree_map;
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use serde_json::{Map, Value, json};

use super::{Document, Keys, Recorded, Section, Source, Subject, Which, difference, series_that_differ, several};
use crate::model::direction::Direction;
use crate::model::id::Id;
use crate::model::metric::{Accumulator, Summary};
use crate::model::number::Number;
use crate::model::run::Status;
use crate::model::time::Time;

fn summary(values: &[f64]) -> Summary {
    let mut points = Accumulator::default();
    (1..).zip(values).for_each(|(step, value)| points.add(Some(step), &Number::Float(*value)));
    points.summary(None).expect("points")
}

fn source(fact: &Map<String, Value>) -> Source<'_> {
    Source {
        subject: Subject {
            id: Id::from_random([3; 20]),
            short: "333".to_owned(),
            name: None,
            branch: None,
            seed: None,
            status: Status::Ok,
            time: Time(0),
        },
        fact,
        params: BTreeMap::new(),
        metrics: BTreeMap::new(),
        environment: None,
        configs: BTreeMap::new(),
        settings: None,
        files: BTreeMap::new(),
        tags: BTreeSet::new(),
        withdrawn: None,
    }
}

fn recorded(fact: Value) -> Recorded {
    Recorded::new(source(fact.as_object().expect("an object")))
}

/// `section group/key: a > b` of everything that differs.
fn lines(a: &Recorded, b: &Recorded) -> Vec<String> {
    let side = |value: &Option<Value>| value.as_ref().map_or_else(|| "none".to_owned(), Value::to_string);
    let all = difference(a, b, |_| None).sections;
    all.iter()
        .flat_map(|(section, changes)| {
            changes.iter().map(|change| {
                format!("{} {}/{}: {} > {}", section.name(), change.group, change.key, side(&change.a), side(&change.b))
            })
        })
        .collect()
}

#[test]
fn every_key_has_a_section_and_what_follows_from_others_has_none() {
    let a =
        recorded(json!({"id": "x", "time": "t", "plan": "1", "commit": "c", "seed": 1, "host": "h", "seconds": 1.5}));
    let b =
        recorded(json!({"id": "y", "time": "u", "plan": "2", "commit": "d", "seed": 2, "host": "h", "seconds": 2.5}));
    assert_eq!(lines(&a, &b), ["code /commit: \"c\" > \"d\"", "seed /seed: 1 > 2", "duration /seconds: 1.5 > 2.5"]);
}

#[test]
fn keys_of_newer_versions_are_compared() {
    let a = recorded(json!({
        "data": {"train": {"digest": "1", "files": 3}}, "gpu": [{"name": "A100", "memory": 40}], "novel": {"deep": [1, 2]},
    }));
    let b = recorded(json!({
        "data": {"train": {"digest": "2", "files": 3}, "test": "x@3"}, "gpu": [{"name": "H100", "memory": 80}], "novel": {"deep": [1, 3]},
    }));
    assert_eq!(
        lines(&a, &b),
        [
            "data /test: none > \"x@3\"",
            "data /train.digest: \"1\" > \"2\"",
            "host /gpu.A100.memory: 40 > none",
            "host /gpu.H100.memory: none > 80",
            "other /novel.deep: [1,2] > [1,3]",
        ]
    );
}

#[test]
fn the_environment_is_compared_package_by_package() {
    let with = |packages: &[(&str, &str)]| {
        let keys: Keys = packages
            .iter()
            .map(|(name, version)| (("packages".to_owned(), (*name).to_owned()), Value::from(*version)))
            .chain([(("locks".to_owned(), "uv.lock".to_owned()), Value::from("1"))])
            .collect();
        let fact = json!({"environment": "sha256:1"});
        Recorded::new(Source {
            environment: Some(Document::Keys(keys)),
            ..source(fact.as_object().expect("an object"))
        })
    };
    let a = with(&[("numpy", "1.26.4"), ("pandas", "2.2")]);
    let b = with(&[("numpy", "2.0.1"), ("ruamel.yaml", "0.18")]);
    assert_eq!(
        lines(&a, &b),
        [
            "environment packages/numpy: \"1.26.4\" > \"2.0.1\"",
            "environment packages/pandas: \"2.2\" > none",
            "environment packages/ruamel.yaml: none > \"0.18\"",
        ]
    );
    // A run whose file is not here still has its digest.
    assert!(
        lines(&a, &recorded(json!({"environment": "sha256:2"})))
            .contains(&"environment /content: none > \"sha256:2\"".to_owned())
    );
}

#[test]
fn metrics_differ_in_values_steps_and_points() {
    let empty = Map::new();
    let with = |metrics: &[(&str, &[f64])]| {
        let metrics = metrics.iter().map(|(name, values)| ((*name).to_owned(), summary(values))).collect();
        Recorded::new(Source { metrics, ..source(&empty) })
    };
    let a = with(&[("acc", &[0.5, 0.9, 0.8]), ("same", &[1.0]), ("nan", &[f64::NAN]), ("loss", &[3.0])]);
    let b = with(&[("acc", &[0.5, 0.7]), ("same", &[1.0]), ("nan", &[f64::NAN]), ("loss", &[2.0]), ("new", &[1.0])]);
    let direction = |name: &str| match name {
        "acc" => Some(Direction::Maximize),
        "loss" => Some(Direction::Minimize),
        _ => None,
    };
    let changes = difference(&a, &b, direction).metrics;
    let names: Vec<&str> = changes.iter().map(|change| change.name.as_str()).collect();
    assert_eq!(names, ["acc", "loss", "new"]);
    let leading = changes[0].leading();
    assert_eq!(leading.iter().map(|(which, _)| *which).collect::<Vec<_>>(), [Which::Final, Which::Best]);
    assert_eq!(leading[0].1.better, Some(false));
    assert!((leading[1].1.delta.expect("a difference") + 0.2).abs() < 1e-12);
    assert_eq!((changes[0].steps, changes[0].points), (Some([Some(3), Some(2)]), Some([3, 2])));
    assert_eq!(changes[1].leading().len(), 1, "of one point all values are the same");
    assert_eq!(changes[1].leading()[0].1.better, Some(true));
    assert_eq!((&changes[2].values[0].1.a, changes[2].values[0].1.delta), (&None, None));
}

#[test]
fn series_differ_in_steps_and_values_not_in_time() {
    let header = b"metric\tstep\tseconds\tvalue\n".as_slice();
    let a = [header, b"acc\t1\t0.1\t0.5\nacc\t2\t0.2\t0.6\nloss\t\t\t1\n"].concat();
    let b = [header, b"acc\t1\t9.1\t0.5\nacc\t2\t9.2\t0.7\nloss\t\t3.0\t1\n"].concat();
    assert_eq!(series_that_differ(&a, &b), BTreeSet::from(["acc".to_owned()]));
    assert!(series_that_differ(&a, &a).is_empty());
    assert_eq!(series_that_differ(&a, header).len(), 2);
}

#[test]
fn several_runs_show_only_what_they_disagree_in() {
    let run = |params: Value, commit: &str, seed: i64| {
        let fact = json!({"commit": commit, "seed": seed, "seconds": 1.0 * seed as f64});
        let params = params.as_object().expect("an object").clone().into_iter().collect();
        Recorded::new(Source { params, ..source(fact.as_object().expect("an object")) })
    };
    let runs = [
        run(json!({"lr": 0.1, "same": 1}), "c", 1),
        run(json!({"lr": 0.1, "same": 1}), "d", 2),
        run(json!({"same": 1, "type": 1}), "c", 3),
        run(json!({"same": 1, "type": "1", "lr": 0.1}), "c", 3),
    ];
    let found = several(&runs, &[]);
    let names: Vec<&str> = found.columns.iter().map(|column| column.key.as_str()).collect();
    assert_eq!(names, ["seed", "lr", "type"]);
    assert_eq!(found.rows[2], [Some(json!(3)), None, Some(json!(1))]);
    assert_eq!(found.also, [Section::Code]);
    assert!(several(&runs, &[Section::Host]).columns.is_empty());
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "[a-z\\PC]{0,6}".prop_map(Value::from),
        proptest::strategy::Just(Value::Null),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("(name|path|[a-z]{0,3})", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn fact() -> impl Strategy<Value = Value> {
    let key = "(data|locks|artifacts|config|commit|seed|command|gpu|status|seconds|settings|environment|[a-z]{1,3})";
    btree_map(key, value(), 0..6).prop_map(|map| map.into_iter().collect())
}

proptest! {
    #[test]
    fn a_run_does_not_differ_from_itself(fact in fact()) {
        let run = recorded(fact);
        assert!(difference(&run, &run, |_| None).is_empty());
        assert!(several(&[run.clone(), run], &Section::ALL).columns.is_empty());
    }

    #[test]
    fn differences_are_the_same_from_both_sides(a in fact(), b in fact()) {
        let (a, b) = (recorded(a), recorded(b));
        let (there, back) = (lines(&a, &b), lines(&b, &a));
        assert_eq!(there.len(), back.len());
        let keys = several(&[a, b], &Section::ALL).columns;
        assert_eq!(keys.len(), there.len(), "{there:?}");
    }

    #[test]
    fn any_series_are_compared(a in any::<Vec<u8>>(), b in any::<Vec<u8>>()) {
        assert_eq!(series_that_differ(&a, &b), series_that_differ(&b, &a));
    }
}
