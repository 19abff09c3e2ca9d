use super::{Comparison, Expectation, Summary, Target};
use crate::model::direction::Direction;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};

fn parse(text: &str) -> Expectation {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn error(text: &str) -> String {
    text.parse::<Expectation>().unwrap_err().to_string()
}

#[test]
fn the_documented_forms_are_read() {
    let expected = Expectation {
        metric: "val_acc".into(),
        summary: Summary::Final,
        op: Comparison::Ge,
        target: Target::Value(0.92),
    };
    assert_eq!(parse("val_acc >= 0.92"), expected);
    assert_eq!(parse("  val_acc≥.92 "), expected);
    assert_eq!(parse("final(val_acc) >= 9.2e-1"), expected);
    assert_eq!(parse("best( val_acc ) >= 0.92").summary, Summary::Best);
    assert_eq!(parse("loss < 0.3").op, Comparison::Lt);
    assert_eq!(parse("loss<-3").target, Target::Value(-3.0));
    assert_eq!(parse("x ≤ 1.").op, Comparison::Le);
    assert_eq!(parse("val_acc >= baseline + 0.01").target, Target::BaselinePlus(0.01));
    assert_eq!(parse("val_acc >= baseline - 0.01").target, Target::BaselinePlus(-0.01));
    assert_eq!(parse("val_acc > baseline").target, Target::BaselinePlus(0.0));
    assert_eq!(parse("loss <= baseline*0.95").target, Target::BaselineTimes(0.95));
    assert_eq!(parse("acc@5/val:top-1.% >= 1").metric, "acc@5/val:top-1.%");
    assert_eq!(parse(r#""val \"acc\" \u{202e}" >= 1"#).metric, "val \"acc\" \u{202e}");
    assert_eq!(parse("best >= 1").metric, "best");
}

#[test]
fn canonical_text() {
    for (given, canonical) in [
        ("val_acc≥0.920", "val_acc >= 0.92"),
        ("final(x)>1.0", "x > 1"),
        ("max(x) < 1e300", "max(x) < 1e300"),
        ("x <= baseline+-0.5", "x <= baseline - 0.5"),
        ("x <= baseline + 0", "x <= baseline"),
        ("x <= baseline * 2", "x <= baseline * 2"),
        (r#"best("val acc") >= 1"#, r#"best("val acc") >= 1"#),
        ("\"a\nb\" >= 1", r#""a\nb" >= 1"#),
        ("\"\u{1b}[31m\" >= 1", r#""\u{1b}[31m" >= 1"#),
    ] {
        assert_eq!(parse(given).to_string(), canonical);
    }
}

#[test]
fn direction_follows_from_the_comparison() {
    assert_eq!(parse("a > 1").direction(), Direction::Maximize);
    assert_eq!(parse("a <= 1").direction(), Direction::Minimize);
}

#[test]
fn errors_name_the_column_and_show_an_example() {
    assert_eq!(
        error("val_acc => 0.92"),
        r#"cannot read the expectation "val_acc => 0.92" at column 9: expected one of >=, >, <=, <, as in `val_acc >= 0.92`"#
    );
    assert_eq!(
        error("val_acc >= 92%"),
        "cannot read the expectation \"val_acc >= 92%\" at column 14: expected the end, for a percentage is written as \
         a fraction: 0.92 for 92%, as in `val_acc >= 0.92`"
    );
    for (text, column) in [
        ("", 1),
        (">= 1", 1),
        ("mean(x) >= 1", 1),
        ("x == 1", 3),
        ("x >", 4),
        ("x >== 1", 3),
        ("x > nan", 5),
        ("x > inf", 5),
        ("x > 1e999", 5),
        ("x > best", 5),
        ("x > baseline +", 15),
        ("x > baseline / 2", 14),
        ("x > 1 2", 7),
        ("x > 1, y > 2", 6),
        (r#""" > 1"#, 1),
        (r#""x > 1"#, 7),
        (r#""\q" > 1"#, 3),
        ("best(x >= 1", 8),
        ("é\u{301} >= 1", 2),
    ] {
        assert_eq!(text.parse::<Expectation>().unwrap_err().column, column, "{text}");
    }
}

#[test]
fn stored_as_text() {
    let json = serde_json::to_string(&parse("loss<0.3")).unwrap();
    assert_eq!(json, r#""loss < 0.3""#);
    assert_eq!(serde_json::from_str::<Expectation>(&json).unwrap(), parse("loss < 0.3"));
}

#[test]
fn target_needs_a_baseline_only_when_it_names_one() {
    assert_eq!(Target::Value(1.0).value(None), Some(1.0));
    assert_eq!(Target::BaselineTimes(0.5).value(Some(4.0)), Some(2.0));
    assert_eq!(Target::BaselinePlus(0.5).value(None), None);
    assert!(!Comparison::Ge.holds(f64::NAN, 1.0));
}

fn finite() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("finite", |value| value.is_finite())
}

pub(crate) fn expectations() -> impl Strategy<Value = Expectation> {
    let metric = prop_oneof!["[a-z_./:@%-]{1,8}", ".{1,12}", any::<String>()].prop_filter("named", |m| !m.is_empty());
    let summary = prop_oneof![Just(Summary::Final), Just(Summary::Best), Just(Summary::Min), Just(Summary::Max)];
    let op = prop_oneof![Just(Comparison::Ge), Just(Comparison::Gt), Just(Comparison::Le), Just(Comparison::Lt)];
    let target = prop_oneof![
        finite().prop_map(Target::Value),
        finite().prop_map(Target::BaselinePlus),
        finite().prop_map(Target::BaselineTimes)
    ];
    (metric, summary, op, target).prop_map(|(metric, summary, op, target)| Expectation { metric, summary, op, target })
}

proptest! {
    #[test]
    fn printed_expectations_are_read_back(expectation in expectations()) {
        let text = expectation.to_string();
        prop_assert_eq!(text.lines().count(), 1);
        prop_assert_eq!(text.parse::<Expectation>(), Ok(expectation));
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = text.parse::<Expectation>();
    }

    #[test]
    fn nearly_right_text_is_read_or_refused(text in r#"[a-z"\\(){}<>=≥ .0-9+*%e-]{0,24}"#) {
        if let Ok(expectation) = text.parse::<Expectation>() {
            prop_assert_eq!(expectation.to_string().parse::<Expectation>(), Ok(expectation));
        }
    }
}
