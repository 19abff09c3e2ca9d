use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use serde_json::{Value, json};

use super::{csv, json, metric_pair, several, several_csv, table, text};
use crate::diff::{Change, CodeChanges, Column, Difference, MetricChange, Section, Several, Subject, Values, Which};
use crate::model::direction::Direction;
use crate::model::file_change::FileChange;
use crate::model::id::Id;
use crate::model::number::Number;
use crate::model::run::Status;
use crate::model::text::is_unsafe;
use crate::model::time::Time;
use crate::render::fit::width;
use crate::render::terminal::terminal;

fn subject(n: u8, name: &str) -> Subject {
    let id = Id::from_random([n; 20]);
    let short = id.as_str()[..3].to_owned();
    let (name, branch) = (Some(name.to_owned()), None);
    Subject { id, short, name, branch, seed: Some(n.into()), status: Status::Ok, time: Time(1_800_000_000_000) }
}

fn change(group: &str, key: &str, a: Option<Value>, b: Option<Value>) -> Change {
    Change { group: group.to_owned(), key: key.to_owned(), a, b }
}

fn metric(name: &str, a: f64, b: f64) -> MetricChange {
    let values = Values {
        a: Some(Number::Float(a)),
        b: Some(Number::Float(b)),
        delta: Some(b - a).filter(|delta| delta.is_finite()),
        better: Some(b > a),
    };
    let (direction, values) = (Some(Direction::Maximize), vec![(Which::Final, values)]);
    MetricChange { name: name.to_owned(), direction, values, steps: Some([Some(3), None]), points: None }
}

fn difference(sections: Vec<(Section, Vec<Change>)>) -> Difference {
    let file =
        |path: &str, lines| FileChange { path: path.to_owned(), from: None, insertions: lines, deletions: lines };
    Difference {
        a: subject(1, "one"),
        b: subject(2, "two"),
        sections,
        folders: Vec::new(),
        code: Some(CodeChanges::Files(vec![file("a.py", Some(3)), file("model.bin", None)])),
        metrics: vec![metric("acc", 0.91234, 0.93), metric("a longer name", f64::INFINITY, 1.0)],
    }
}

#[test]
fn a_metric_of_one_run_is_rounded_like_one_of_both() {
    let value = |value| Some(Number::Float(value));
    let pair = |a, b| metric_pair(&Values { a, b, delta: None, better: None }).join(" → ");
    assert_eq!(pair(value(0.974_936_674_244_284_9), None), "0.974937 → –");
    assert_eq!(pair(None, value(0.974_936_674_244_284_9)), "– → 0.974937");
    assert_eq!(pair(value(0.123_456_789), value(0.123_456_788)), "0.123456789 → 0.123456788");
}

#[test]
fn long_values_stand_below_each_other() {
    let long = |word: &str| Some(json!([word.repeat(30), "x"]));
    let given = difference(vec![
        (Section::Code, vec![change("", "tree", Some(json!("1")), Some(json!("2")))]),
        (
            Section::Environment,
            vec![
                change("packages", "numpy", Some(json!("1.26.4")), Some(json!("2.0"))),
                change("packages", "pandas", Some(json!("2.2")), None),
                change("system", "cores", None, Some(json!(8))),
            ],
        ),
        (Section::Command, vec![change("", "command", long("ab"), long("ba"))]),
        (Section::Tags, vec![change("", "keep", None, Some(json!(true)))]),
    ]);
    let shown = text(&given, &[], Some(80), false);
    let shown: Vec<&str> = shown.lines().skip(3).collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    code
      a.py       +3 -3
      model.bin  binary
      2 files, +3 -3; --patch shows them

    environment
      packages
        numpy   1.26.4 → 2.0
        pandas  removed 2.2
      system
        cores  added 8

    command
      command
        a  abababababababababababababababababababababababababababababab x
        b  babababababababababababababababababababababababababababababa x

    metrics
      acc ↑            final  0.91234 → 0.93  +0.01766  ▲ step 3 → –
      a longer name ↑  final  Infinity → 1.0            ▼ step 3 → –

    tags
      keep  added
    ");
    let painted = text(&given, &[], Some(80), true);
    assert!(painted.contains("\u{1b}[1mcode\u{1b}[0m") && painted.contains("\u{1b}[32m▲"), "{painted:?}");
}

#[test]
fn what_does_not_differ_is_one_sentence() {
    let mut same = Difference { code: None, metrics: Vec::new(), ..difference(Vec::new()) };
    insta::assert_snapshot!(text(&same, &[], None, false), @r"111 and 222 do not differ in anything that is recorded");
    insta::assert_snapshot!(text(&same, &[Section::Params, Section::Seed], None, false), @r"111 and 222 do not differ in params, seed");
    same.sections = vec![(Section::Duration, vec![change("", "seconds", Some(json!(1.0)), Some(json!(90)))])];
    insta::assert_snapshot!(text(&same, &[], None, false), @r"111 and 222 do not differ in anything that is recorded, but in how long they took: 1.00 s and 1 min 30 s");
    assert!(text(&same, &[Section::Duration], None, false).contains("seconds"));
}

proptest! {
    #[test]
    fn hostile_text_is_harmless_everywhere(
        names in vec(any::<String>(), 4), columns in 20..120_usize, section in 0..Section::ALL.len(),
    ) {
        let value = |at: usize| Some(Value::from(names[at].as_str()));
        let section = Section::ALL[section];
        let mut given = difference(vec![(section, vec![
            change(&names[0], &names[1], value(2), value(3)), change(&names[0], &names[3], None, value(1)),
        ])]);
        given.metrics.push(metric(&names[2], 1.0, 2.0));
        given.a.name = Some(names[0].clone());
        given.code = Some(CodeChanges::Missing(vec![names[1].clone()]));
        let shown = text(&given, &[], Some(columns), false);
        assert!(!shown.contains(|c| is_unsafe(c) && c != '\n'), "{shown:?}");
        let drawn = terminal(&table(&given), Some(columns), false);
        assert!(!drawn.contains(|c| is_unsafe(c) && c != '\n'), "{drawn:?}");
        let _ = (csv(&given), json(&given).to_string());
    }

    #[test]
    fn any_number_of_runs_fits(names in vec(any::<String>(), 1..6), columns in 20..100_usize) {
        let given = Several {
            subjects: (0..3).map(|n| subject(n, &names[0])).collect(),
            columns: names.iter().map(|name| Column { section: Section::Params, group: String::new(), key: name.clone() }).collect(),
            rows: (0..3).map(|n| names.iter().map(|name| (n != 1).then(|| name.as_str().into())).collect()).collect(),
            also: vec![Section::Code],
        };
        let drawn = terminal(&several(&given, |_| None), Some(columns), false);
        assert!(drawn.lines().all(|line| width(line) <= columns), "{drawn}");
        assert!(!several_csv(&given).is_empty());
    }
}
