//! What is read is what was written, by both ways of reading.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::{Value as Json, json};

use super::{Body, Fetch, Measure, Names, Num, Records, Rests, Row, Segment, Symbol, Value, parse};
use crate::model::fact::{About, Body as FactBody, Fact, Header, Late};
use crate::model::id::Id;
use crate::model::metric::Accumulator;
use crate::model::number::Number;
use crate::model::run::{Run, Status};
use crate::model::time::Time;

fn id(n: u8) -> Id {
    Id::from_random([n; 20])
}

fn fact(kind: &str, n: u8, body: FactBody) -> Fact {
    Fact { header: Header::new(kind, id(n), Time(i64::from(n)), "Ada <ada@example.org>"), body }
}

fn row(fact: &Fact, names: &mut Names) -> (Row, [u8; 20]) {
    let blob = [fact.header.id.as_str().as_bytes()[0]; 20];
    (Row::read(&format!("{}.json", fact.header.id), &fact.encode().expect("it encodes"), names), blob)
}

#[derive(Debug)]
struct Kept(Option<Vec<u8>>);

impl Fetch for Kept {
    fn fetch(&self, _: &str, _: &dyn Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
        self.0.clone()
    }
}

fn decode(bytes: &[u8], rest: &[u8], names: &mut Names) -> Option<Segment> {
    Segment::decode(bytes.to_vec(), Rests::Here(rest.to_vec()), names)
}

/// Each fact in a segment of its own.
fn records(facts: &[Fact]) -> Records {
    let mut names = Names::default();
    let ledger = names.intern("refs/xp/runs/2026-11");
    let segment = |fact| {
        let row = row(fact, &mut names);
        (ledger, Segment::new("", [row], Vec::new(), &mut names))
    };
    let segments: Vec<_> = facts.iter().map(segment).collect();
    Records::new(names, segments)
}

fn run(seed: i64) -> Run {
    Run { commit: "c0ffee".to_owned(), status: Status::Ok, seed: Some(seed), ..Run::default() }
}

/// What a record says, as JSON, beside what the fact says.
fn of_record(records: &Records, id: Id) -> Json {
    let run = records.find_run(id).expect("a run");
    let num = |num: Num| json!(num.to_number(&records.names));
    let metric = |(name, measure): (Symbol, Measure)| {
        let optional = |value: Option<Num>| value.map(num);
        let of = json!([num(measure.last), measure.step, optional(measure.min), optional(measure.max), measure.count]);
        (records.text(name).to_owned(), of)
    };
    json!({
        "seed": run.seed, "status": run.status, "commit": run.commit(),
        "params": run.params().map(|(name, value)| (records.text(name).to_owned(), value.to_json(&records.names))).collect::<serde_json::Map<_, _>>(),
        "metrics": run.metrics().map(metric).collect::<serde_json::Map<_, _>>(),
    })
}

fn of_fact(run: &Run) -> Json {
    let metrics = run.metrics.iter().map(|(name, s)| (name.clone(), json!([s.r#final, s.step, s.min, s.max, s.count])));
    json!({
        "seed": run.seed, "status": run.status, "commit": run.commit,
        "params": run.params, "metrics": metrics.collect::<serde_json::Map<_, _>>(),
    })
}

#[test]
fn values_keep_their_type() {
    let mut names = Names::default();
    let line = br#"{"xp":"1.0","kind":"run","id":"77777777777777777777","time":"2026-11-21T00:00:00.000Z","commit":"c",
        "params":{"z":1,"a":1.0,"b":-0,"c":"1","d":[1, 2],"e":18446744073709551615,"f":null,"g":true,"a":2e0,"h":"\u00e9"}}"#;
    let Body::Run(run) = parse(line, &mut names).expect("a run") else { panic!("a run") };
    let value = |name: &str| {
        let name = names.find(name).expect("a name");
        run.params.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    };
    assert_eq!(value("z"), Some(Value::Integer(1)));
    // Of equal names the last one counts, as in any map.
    assert_eq!(value("a"), Some(Value::Float(2.0)));
    assert!(matches!(value("b"), Some(Value::Float(zero)) if zero.is_sign_negative()));
    assert_eq!(value("d").map(|value| value.to_json(&names)), Some(json!([1, 2])));
    assert_eq!(value("e").map(|value| value.to_json(&names)), Some(json!(18446744073709551615_u64)));
    assert_eq!(value("h").map(|value| value.to_json(&names)), Some(json!("é")));
    let order: Vec<&str> = run.params.iter().map(|(name, _)| names.text(*name)).collect();
    assert!(order.is_sorted());
}

#[test]
fn what_cannot_be_read_says_why() {
    let mut names = Names::default();
    let mut reason = |file: &str, bytes: &[u8]| match Row::read(file, bytes, &mut names).body {
        Body::Unreadable(reason) => names.text(reason).to_owned(),
        other => panic!("{other:?}"),
    };
    let newer = br#"{"xp":"2.0","kind":"run","id":"77777777777777777777","time":"2026-11-21T00:00:00Z"}"#;
    assert!(reason("77777777777777777777.json", newer).contains("newer git-xp"));
    let remark = br#"{"xp":"1.0","kind":"remark","id":"77777777777777777777","time":"2026-11-21T00:00:00Z"}"#;
    assert_eq!(reason("88888888888888888888.json", remark), "its name is not its id, 77777777777777777777");
    assert_eq!(reason("x", remark), "its name does not end in .json");
    assert!(reason("x.json", b"{").contains("not a fact"));
}

#[test]
fn odd_but_valid_facts_are_read_by_the_general_parser() {
    let mut names = Names::default();
    let poem = br#"{"xp":"1.7","kind":"poem","id":"77777777777777777777","time":"2026-11-21T00:00:00Z","metrics":5}"#;
    assert!(matches!(parse(poem, &mut names), Ok(Body::About(_))));
    let odd = br#"{"xp":"1.0","kind":"run","id":"77777777777777777777","time":"2026-11-21T00:00:00Z","commit":"c","name":"x","base":7}"#;
    assert!(matches!(parse(odd, &mut names), Ok(Body::Run(_))));
}

#[test]
fn later_facts_meet_what_they_are_about_in_any_order() {
    let about = |target: u8, because: &str| About {
        target: Some(id(target)),
        because: Some(because.to_owned()),
        ..About::default()
    };
    let mut late = Accumulator::default();
    late.add(None, &Number::Integer(7));
    let metrics = [("test".to_owned(), late.summary(None).expect("a point"))].into();
    let facts = [
        fact("withdrawal", 5, FactBody::Withdrawal(about(1, "leak"))),
        fact(
            "late",
            6,
            FactBody::Late(Late {
                target: id(1),
                commit: None,
                metrics,
                artifacts: Vec::new(),
                params: Default::default(),
                left_out: Default::default(),
            }),
        ),
        fact("tombstone", 7, FactBody::Tombstone(about(2, "secret"))),
        fact("run", 2, FactBody::Run(Box::new(run(2)))),
        fact("run", 1, FactBody::Run(Box::new(run(1)))),
    ];
    let records = records(&facts);
    assert_eq!(records.runs.len(), 1);
    let found = records.find_run(id(1)).expect("a run");
    assert_eq!(found.withdrawn.map(|why| records.text(why)), Some("leak"));
    assert_eq!(
        found.metric(records.names.find("test").expect("a name")).map(|measure| measure.last),
        Some(Num::Integer(7))
    );
    assert_eq!((records.late_of(id(1)).len(), records.about(id(1)).len(), records.about(id(2)).len()), (1, 1, 1));
    assert!(records.find_run(id(2)).is_none());
}

#[test]
fn copies_count_once() {
    let fact = fact("run", 1, FactBody::Run(Box::new(run(1))));
    assert_eq!(records(&[fact.clone(), fact]).runs.len(), 1);
}

fn runs() -> impl Strategy<Value = Run> {
    let value = prop_oneof![
        any::<String>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<bool>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        Just(Json::Null),
        Just(json!({"a": [1, "x", null]})),
    ];
    let metric = prop_oneof![
        any::<f64>().prop_map(Number::Float),
        any::<i64>().prop_map(|n| Number::parse(&n.to_string()).expect("digits"))
    ];
    (
        vec((any::<String>(), value), 0..6),
        vec((any::<String>(), vec(metric, 1..4)), 0..6),
        any::<Option<i64>>(),
        any::<String>(),
    )
        .prop_map(|(params, metrics, seed, commit)| {
            let summary = |values: Vec<Number>| {
                let mut series = Accumulator::default();
                values.iter().enumerate().for_each(|(step, value)| series.add(Some(step as i64), value));
                series.summary(None).expect("points")
            };
            Run {
                params: params.into_iter().collect(),
                metrics: metrics.into_iter().map(|(name, values)| (name, summary(values))).collect(),
                seed,
                commit,
                status: Status::Failed,
                ..Run::default()
            }
        })
}

proptest! {
    #[test]
    fn a_record_says_what_the_fact_says(run in runs()) {
        let fact = fact("run", 1, FactBody::Run(Box::new(run)));
        let FactBody::Run(run) = &fact.body else { panic!("a run") };
        // Compared as text: NaN is unlike itself, and what was read back is what counts.
        let Fact { body: FactBody::Run(back), .. } = Fact::parse(&fact.encode().expect("it encodes")).expect("a fact") else { panic!("a run") };
        assert_eq!(of_record(&records(std::slice::from_ref(&fact)), id(1)).to_string(), of_fact(&back).to_string());
        let _ = run;
    }

    #[test]
    fn segments_read_back(runs in vec(runs(), 0..5), key in any::<String>()) {
        let mut names = Names::default();
        let facts = runs.into_iter().zip(0..).map(|(run, n)| fact("run", n, FactBody::Run(Box::new(run))));
        let mut rows: Vec<(Row, [u8; 20])> = facts.map(|fact| row(&fact, &mut names)).collect();
        rows.push(row(&fact("remark", 9, FactBody::Other(About { target: Some(id(1)), ..About::default() })), &mut names));
        let notes = vec![super::Listed { blob: vec![1, 2], ids: vec![id(3)] }];
        let segment = Segment::new(&key, rows.clone(), notes.clone(), &mut names);
        let mut other = Names::default();
        let back = decode(segment.bytes(), segment.rest(), &mut other).expect("it decodes");
        assert_eq!((back.key(), back.notes(), back.len()), (key.as_str(), notes, rows.len()));
        let ids: Vec<Id> = back.ids(20).map(|(id, _)| id).collect();
        let found = decode(segment.bytes(), segment.rest(), &mut names).expect("it decodes").into_rows(20, &mut names);
        assert_eq!(ids, found.iter().filter_map(|(row, _)| row.body.id()).collect::<Vec<_>>());
        // Runs come first, otherwise in the same order.
        rows.sort_by_key(|(row, _)| !matches!(row.body, Body::Run(_)));
        let rows: Vec<(Row, Vec<u8>)> = rows.into_iter().map(|(row, blob)| (row, blob.to_vec())).collect();
        assert_eq!(format!("{found:?}"), format!("{rows:?}"));
    }

    #[test]
    fn damaged_segments_are_none(bytes in vec(any::<u8>(), 0..200), at in any::<usize>(), bit in 0..8_u32) {
        assert!(decode(&bytes, &[], &mut Names::default()).is_none());
        let mut names = Names::default();
        let row = row(&fact("run", 1, FactBody::Run(Box::new(run(1)))), &mut names);
        let segment = Segment::new("k", [row], Vec::new(), &mut names);
        let mut whole = segment.bytes().to_vec();
        let at = at % whole.len();
        whole[at] ^= 1 << bit;
        assert!(decode(&whole, segment.rest(), &mut names).is_none());
        assert!(decode(&whole[..at], segment.rest(), &mut names).is_none());
        assert!(decode(segment.bytes(), &segment.rest()[1..], &mut names).is_none());
    }

    #[test]
    fn the_rest_is_fetched_when_it_is_asked_for_and_only_the_right_one_counts(run in runs()) {
        let mut names = Names::default();
        let row = row(&fact("run", 1, FactBody::Run(Box::new(Run { tree: "beef".to_owned(), ..run }))), &mut names);
        let segment = Segment::new("k", [row], Vec::new(), &mut names);
        let elsewhere = |rest: Option<Vec<u8>>| {
            let rest = Rests::Elsewhere(Arc::new(Kept(rest)));
            Segment::decode(segment.bytes().to_vec(), rest, &mut Names::default()).expect("it decodes")
        };
        let found = elsewhere(Some(segment.rest().to_vec()));
        assert!(found.is_whole());
        assert_eq!((found.runs[0].tree(), found.runs[0].metrics().count()), ("beef", segment.runs[0].metrics().count()));
        let mut wrong = segment.rest().to_vec();
        wrong[1] ^= 1;
        for rest in [None, Some(wrong)] {
            let found = elsewhere(rest);
            assert_eq!((found.runs[0].tree(), found.is_whole()), ("", false));
        }
    }

    /// Whoever makes the checksum right can write anything: it is another segment or none, and nothing breaks.
    #[test]
    fn forged_segments_break_nothing(runs in vec(runs(), 1..4), changes in vec((any::<usize>(), any::<u8>()), 1..4)) {
        let mut names = Names::default();
        let facts = runs.into_iter().zip(0..).map(|(run, n)| fact("run", n, FactBody::Run(Box::new(run))));
        let rows: Vec<_> = facts.map(|fact| row(&fact, &mut names)).collect();
        let segment = Segment::new("k", rows, Vec::new(), &mut names);
        let mut bytes = segment.bytes().to_vec();
        for (at, byte) in changes {
            let at = 4 + at % (bytes.len() - 4);
            bytes[at] = byte;
        }
        let sum = crc32fast::hash(&bytes[4..]).to_le_bytes();
        bytes[..4].copy_from_slice(&sum);
        if let Some(segment) = decode(&bytes, segment.rest(), &mut names) {
            let ledger = Symbol::default();
            let _ = format!("{:?}", segment.clone().into_rows(20, &mut names));
            let records = Records::new(names, [(ledger, segment)]);
            for run in &records.runs {
                let _ = format!("{:?} {:?} {:?}", run.commit(), run.finals().collect::<Vec<_>>(), run.condition());
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300), text in any::<String>()) {
        let _ = parse(&bytes, &mut Names::default());
        let _ = parse(text.as_bytes(), &mut Names::default());
    }
}

#[test]
fn both_parsers_refuse_the_same_params() {
    let whole = fact("run", 1, FactBody::Run(Box::new(run(1)))).encode().expect("it encodes");
    let whole = String::from_utf8(whole).expect("text");
    for (param, is_read) in [
        ("\"\\ud800\"".to_owned(), false),
        ("[\"\\udfff\"]".to_owned(), false),
        (format!("{}{}", "[".repeat(500), "]".repeat(500)), false),
        (format!("{}1{}", "{\"a\":".repeat(500), "}".repeat(500)), false),
        (format!("{}{}", "[".repeat(100), "]".repeat(100)), true),
        ("1".repeat(30), true),
        ("1".repeat(500), false),
        ("1e309".to_owned(), false),
    ] {
        let text = whole.replacen('{', &format!("{{\"params\":{{\"p\":{param}}},"), 1);
        assert_eq!(Fact::parse(text.as_bytes()).is_ok(), is_read, "{param}");
        assert_eq!(parse(text.as_bytes(), &mut Names::default()).is_ok(), is_read, "{param}");
    }
}
