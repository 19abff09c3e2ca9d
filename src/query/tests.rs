use std::collections::HashMap;

use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

use super::samples::{Cell, Sample, calendar, query, sample};
use super::{Columns, Order, Query};

#[test]
fn conditions_hold() {
    for text in [
        "metrics.val_acc > 0.9 and params.lr in (0.1, 0.3) and tags.keep and not status = 'failed' and started > '2026-11-01'",
        "metrics.val_acc.best >= .95 and metric.val_acc < 1",
        "METRICS.val_acc > 0.9 AND NOT (Status == \"failed\" OR dirty)",
        "attributes.status = 'OK' and attribute.seed = 42 and param.lr = 0.1 and tag.keep",
        "id = '7kq' and id in ('abc', '7KQ2') and id != '8' and id like '7%'",
        "experiment glob 'big*' and experiment ilike 'BIG%' and experiment contains 'ger-' and experiment not like 'a%'",
        "params.model.name like 'resnet__' and params.\"model\".`name` = 'resnet50'",
        "tags = 'keep' and tags contains 'pap' and tags in ('x', 'paper') and tags != 'x' and tags not in ('y')",
        "seed = '42' and seed in (41, 42) and seed not in (1, 2) and seed ≥ 42 and seed ≠ 43 and seed<>43",
        "seconds > '10m' and seconds < '1h' and seconds > 754",
        "started = '2026-11-20' and started = 'yesterday' and started > '2 days ago' and started < '3h ago'",
        "started >= '2026-11-20' and started <= '2026-11-20' and started = '2026-11' and started = '2026-11-20 12:00'",
        "not started > '2026-11-20' and started > '2026-11-19' and started = '2026-11-20T13:00:00+01:00'",
        // Missing values.
        "exit is null and seed is not null and remarks is null and params.none is null",
        "not params.none and not tags.other and not dirty",
        "not (exit = 1) or seed = 42",
        // Mixed types.
        "params.lr = '0.1' and params.text_lr = 0.1 and params.text_lr = '0.1' and params.text_lr != '0.10' and params.text_lr < 1",
        "params.model.name != 5 and not params.model.name < 5 and not params.model.name >= 5 and params.lr != 'a'",
        "params.big = 9007199254740993 and params.big != 9007199254740992 and params.big > 9007199254740992.0",
        "params.bn = true and params.bn = 'True' and params.bn and params.bn is true and params.bn is not false",
        "params.bn != 1 and not params.bn = 1 and not params.lr = true",
        // NaN.
        "metrics.`val loss` is nan and metrics.\"val loss\" != nan and not metrics.`val loss` < inf",
        "params.nan is nan and params.nan = 'NaN' and params.nan != 0 and metrics.val_acc is not nan",
        "metrics.`val loss` and metrics.val_acc < inf and metrics.val_acc > -INF and metrics.val_acc > -1e-3",
        "experiment = 'it''s' or experiment = \"bigger-lr\"",
        "not not seed=42",
        "\n\tseed\n=\n42\n",
    ] {
        assert!(query(text).matches(&sample()), "{text}");
    }
}

#[test]
fn conditions_do_not_hold() {
    for text in [
        // Unknown is not matched, and neither is its opposite.
        "exit = 1",
        "exit != 1",
        "not exit = 1",
        "exit in (1)",
        "exit not in (1)",
        "remarks contains 'a'",
        "remarks not contains 'a'",
        "exit > 1 or exit <= 1",
        "not (exit > 1 and seed = 42)",
        "metrics.`val loss` = nan",
        "metrics.`val loss` > 0 or metrics.`val loss` <= 0",
        "seed = 42 and (dirty or status = 'failed')",
        "tags != 'keep'",
        "tags not in ('keep')",
        "id = ''",
        "params.model.name like 'RES%'",
        "params.lr like '0%'",
        "experiment in ('bigger', 'bigger-lr-2', 'a')",
    ] {
        assert!(!query(text).matches(&sample()), "{text}");
    }
}

#[test]
fn and_binds_tighter_than_or() {
    assert!(query("seed = 42 or seed = 1 and seed = 2").matches(&sample()));
    assert!(!query("(seed = 42 or seed = 1) and seed = 2").matches(&sample()));
    assert!(!query("not seed = 42 and seed = 2 or seed = 3").matches(&sample()));
}

#[test]
fn errors_point_and_help() {
    for (text, expected) in [
        ("", "column 1: a condition is missing here; as in metrics.val_acc > 0.9"),
        ("seed = 1 and", "column 13: a condition is missing here; as in metrics.val_acc > 0.9"),
        ("statu = 'ok'", "column 1: 'statu' is no attribute; did you mean status?"),
        (
            "val_acc > 0.9",
            "column 1: 'val_acc' is no attribute; a metric is written metrics.val_acc, a param params.val_acc",
        ),
        ("metrcs.a > 1", "column 1: 'metrcs.a' is no name of a field; did you mean metrics.a?"),
        ("lr.x > 1", "column 1: 'lr.x' is no name of a field; a metric is written metrics.lr.x, a param params.lr.x"),
        ("attributes.satus = 'ok'", "column 12: 'satus' is no attribute; did you mean status?"),
        ("metrics > 1", "column 1: metrics needs a name behind it, as in metrics.NAME"),
        ("metrics. > 1", "column 9: a name is missing after metrics."),
        ("metrics.`a > 1", "column 9: this quote is not closed"),
        ("status = failed", "column 10: 'failed' is no number; a text stands in quotes, as in 'failed'"),
        (
            "status = 'faild'",
            "column 10: 'faild' is no value of status, which is one of ok, failed, killed, crashed, unknown; did you mean 'failed'?",
        ),
        ("id = 7kq", "column 6: '7kq' is no number; a text stands in quotes, as in '7kq'"),
        (
            "started > '2026-13-01'",
            "column 11: '2026-13-01' is no value of started, which is a time; write '2026-11-01', '2026-11-01 12:00', '2 days ago' or 'yesterday'",
        ),
        (
            "started > 5",
            "column 11: '5' is no value of started, which is a time; write '2026-11-01', '2026-11-01 12:00', '2 days ago' or 'yesterday'",
        ),
        (
            "seconds > '10 parsecs'",
            "column 11: '10 parsecs' is no value of seconds, which is a duration in seconds; write 90, '10m', '2h' or '1h30m'",
        ),
        ("metrics.a > 'high'", "column 13: 'high' is no value of metrics.a, which is a number"),
        ("metrics.a like '1%'", "column 11: like is for texts, and metrics.a is a number"),
        (
            "params.lr = null",
            "column 13: nothing compares with null; write params.lr is null, or params.lr is not null",
        ),
        ("seed in 1", "column 9: a list in parentheses comes after in; write seed in (1, 2)"),
        ("seed in (1 2)", "column 12: a comma or the closing parenthesis of the list is missing here"),
        ("seed in ()", "column 10: a value is missing here; write a number or 'text'"),
        ("seed =", "column 7: a value is missing here; write a number or 'text'"),
        ("seed => 1", "column 7: one of = != < <= > >= ends here"),
        ("seed between 1 and 2", "column 6: 'between' is no comparison; write seed >= 1 and seed <= 2"),
        ("host liek 'a%'", "column 6: 'liek' is no comparison; did you mean like?"),
        ("host =~ 'a'", "column 7: one of = != < <= > >= ends here"),
        (
            "host ~ 'a'",
            "column 6: no comparison of host is known that starts so; patterns are written like '%text%' or glob '*text*'",
        ),
        ("host not 'a'", "column 6: not stands before a condition, or before in, like, ilike, glob or contains"),
        ("host glob 'a['", "column 11: the [ of this pattern is not closed; write [[] for the character"),
        ("seed is 5", "column 9: null, nan, true or false comes after is"),
        ("dirty && manual", "column 7: and, or or the end is missing here; write and"),
        ("seed = 1 an seed = 2", "column 10: and, or or the end is missing here; did you mean and?"),
        ("!dirty", "column 1: ! is not known here; write not"),
        ("0.9 < metrics.a", "column 1: a condition starts with the name of a field; as in metrics.val_acc > 0.9"),
        ("(dirty", "column 1: this parenthesis is not closed"),
        (
            "(dirty manual)",
            "column 8: 'manual' is no comparison; one of = != < <= > >= in, like, ilike, glob, contains, is",
        ),
        ("dirty)", "column 6: there is no opening parenthesis for this one"),
        ("host = 'a", "column 8: this quote is not closed"),
        ("host = “a”", "column 8: a text stands in straight quotes; write 'text' or \"text\""),
    ] {
        let error = Query::parse_at(text, &calendar()).expect_err(text);
        assert_eq!(error.to_string().lines().next(), Some(expected), "{text}");
    }
    let error = Query::parse("seed = 1 and\nstatu = 'ok'").expect_err("wrong");
    assert_eq!(
        error.to_string(),
        "column 14: 'statu' is no attribute; did you mean status?\n  seed = 1 and\\nstatu = 'ok'\n                ^"
    );
}

#[test]
fn hostile_texts_are_refused() {
    for open in ["(", "not ", "not(", "("] {
        let error = Query::parse(&format!("{}seed=1", open.repeat(20_000))).expect_err("too deep");
        assert!(error.message().starts_with("more than 100"), "{error}");
    }
    let deep = format!("{}seed = 1{}", "(".repeat(100), ")".repeat(100));
    assert!(Query::parse(&deep).is_ok());
    let long = format!("seed in ({})", "1, ".repeat(50_000));
    assert!(Query::parse(&long).expect_err("too long").message().contains("too long"));
    let many: Vec<String> = (0..8_000).map(|n| format!("tags.t{n}")).collect();
    assert_eq!(query(&many.join(" or ")).fields().len(), 8_000);
}

#[test]
fn fields_have_slots_and_columns() {
    let query = query("seed = 1 and (metrics.a > 1 or seed = 2) and metrics.`a` < 2 and metrics.a.best > 1");
    let fields: Vec<_> = query.fields().iter().map(|field| (field.slot(), field.column(), field.to_string())).collect();
    assert_eq!(
        fields,
        [(0, 1, "seed".to_owned()), (1, 15, "metrics.a".to_owned()), (2, 66, "metrics.a.best".to_owned())]
    );
}

#[test]
fn queries_print_canonically() {
    for (text, expected) in [
        (
            "SEED==1 AND (name = \"it's\" or NOT tags.x) or dirty",
            "seed = 1 and (experiment = 'it''s' or not tags.x) or dirty",
        ),
        ("not (seed=1 and seed=2)", "not (seed = 1 and seed = 2)"),
        ("metric.'a' > 1", ""),
        ("metrics.\"a`b\".best <> 1e300", "metrics.`a``b`.best != 1e300"),
        ("metrics.a.`best` > nan", "metrics.`a.best` > nan"),
        ("id in (123, 'ABC')", "id in ('123', 'abc')"),
        ("seconds > '10m' and seconds < 90.5", "seconds > '10m' and seconds < 90.5"),
        ("host not ilike 5", "host not ilike '5'"),
        ("seed is not null", "seed is not null"),
    ] {
        match Query::parse_at(text, &calendar()) {
            Ok(query) => assert_eq!(query.to_string(), expected),
            Err(error) => assert_eq!(expected, "", "{error}"),
        }
    }
}

fn sorted(order: &str, rows: &[Cell]) -> Vec<String> {
    let order = Order::parse(order).unwrap_or_else(|error| panic!("{error}"));
    let mut rows: Vec<Sample> = rows.iter().map(|cell| Sample(HashMap::from([("params.x", cell.clone())]))).collect();
    rows.push(Sample::default());
    rows.rotate_right(1);
    rows.sort_by(|a, b| order.compare(a, b));
    rows.iter().map(|row| row.0.get("params.x").map_or("-".to_owned(), |cell| format!("{cell:?}"))).collect()
}

#[test]
fn orders_sort_missing_values_last() {
    let rows = [
        Cell::Text("b"),
        Cell::Number(f64::NAN),
        Cell::Integer(3),
        Cell::Text("10"),
        Cell::Bool(true),
        Cell::Number(3.5),
    ];
    let up = ["Bool(true)", "Integer(3)", "Number(3.5)", "Text(\"10\")", "Text(\"b\")", "Number(NaN)", "-"];
    assert_eq!(sorted("params.x", &rows), up);
    let down = ["Text(\"b\")", "Text(\"10\")", "Number(3.5)", "Integer(3)", "Bool(true)", "Number(NaN)", "-"];
    assert_eq!(sorted("-params.x", &rows), down);
    assert_eq!(sorted(" params.x  DESC , started", &rows), down);
}

#[test]
fn orders_and_columns_are_read() {
    let order = Order::parse("metrics.val_acc desc, +started asc,-seed").expect("an order");
    assert_eq!(order.to_string(), "metrics.val_acc desc, started, seed desc");
    assert_eq!(Order::parse("metrics.`a b`.max DESC").expect("an order").to_string(), "metrics.`a b`.max desc");
    let columns = Columns::parse("id, experiment,params.lr,metrics.val_acc.best,id").expect("columns");
    assert_eq!(columns.to_string(), "id,experiment,params.lr,metrics.val_acc.best");
    for (text, expected) in [
        ("", "column 1: the name of a field is missing here"),
        ("seed,", "column 6: the name of a field is missing here"),
        ("-seed desc", "column 7: the direction is given twice"),
        ("seed down", "column 6: asc, desc, a comma or the end is missing here"),
        ("sed", "column 1: 'sed' is no attribute; did you mean seed?"),
    ] {
        let error = Order::parse(text).expect_err(text).to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    assert!(Columns::parse("seed desc").expect_err("a direction").message().starts_with("a comma"));
}

proptest! {
    #[test]
    fn near_queries_print_and_read_back(
        text in r#"(not |\()?(metrics|params|tags|attributes)?\.?[a-z`".]{1,6}(\.best)? ?(=|<|>=|!=|in|not in|like|is|glob) ?[('"a-z0-9.,e+-]{0,8}\)?( (and|or) seed = 1)?"#,
    ) {
        if let Ok(first) = Query::parse_at(&text, &calendar()) {
            prop_assert_eq!(&query(&first.to_string()), &first);
        }
        if let Ok(order) = Order::parse(&text) {
            prop_assert_eq!(Order::parse(&order.to_string()), Ok(order));
        }
    }

    #[test]
    fn any_name_can_be_asked_for(name in any::<String>(), quote in prop::sample::select(&['`', '"'][..])) {
        for above in ["metrics", "params", "tags"] {
            let quoted = name.replace(quote, &format!("{quote}{quote}"));
            let first = Columns::parse(&format!("{above}.{quote}{quoted}{quote}")).expect("a quoted name");
            prop_assert_eq!(&Columns::parse(&first.to_string()).expect("reads back"), &first);
            let is_found = match first.fields().iter().next().expect("a field").name() {
                super::Name::Metric(metric) => metric.resolve(|_| false).0 == name,
                super::Name::Param(found) | super::Name::Tag(found) => **found == *name,
                super::Name::Attribute(_) => false,
            };
            prop_assert!(is_found, "{}", first);
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        for text in [text.clone(), format!("seed = 1 and {text}"), format!("params.x in ('{text}', {text}")] {
            if let Err(error) = Query::parse(&text) {
                prop_assert!(error.column() >= 1 && error.column() <= text.chars().count() + 1);
                prop_assert_eq!(error.to_string().lines().count(), 3);
            }
            let _ = (Order::parse(&text), Columns::parse(&text));
        }
    }

}
