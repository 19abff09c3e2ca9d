use super::{ConfigError, MAX_BYTES, encode, flatten, merge, parse};
use crate::model::param::typed;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Map, Value, json};

fn read(name: &str, text: &str) -> Map<String, Value> {
    parse(name, text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn flat(name: &str, text: &str) -> Value {
    flatten(&read(name, text)).into_iter().collect::<Map<_, _>>().into()
}

fn error(name: &str, text: &str) -> String {
    parse(name, text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn json_as_python_writes_it() {
    let text = "{\n  \"a\": NaN,\n  \"b\": [\n    Infinity,\n    -Infinity\n  ],\n  \"c\": {\n    \"d\": 1.0,\n    \"e\": 1,\n    \
                \"f\": \"NaN\",\n    \"g\": {},\n    \"h\": []\n  },\n  \"i\": 123456789012345678901234567890,\n  \
                \"j\": 18446744073709551615,\n  \"k\": \"\\u0000fNaN\"\n}\n";
    let expected = json!({
        "a": "NaN", "b": ["Infinity", "-Infinity"], "c.d": 1.0, "c.e": 1, "c.f": "NaN", "c.g": {}, "c.h": [],
        "i": "123456789012345678901234567890", "j": "18446744073709551615", "k": "\0fNaN",
    });
    assert_eq!(flat("c.json", text), expected);
    assert_eq!(encode("c.json", &read("c.json", text)).unwrap(), text);
    assert_eq!(
        flat("c.JSON", "{\"a\":1e999,\"b\":-0,\"é\":\"\\\"é\\\\\"}"),
        json!({"a": "Infinity", "b": 0, "é": "\"é\\"})
    );
}

#[test]
fn yaml_as_pyyaml_reads_it() {
    let text = "a: .nan\nb: [.inf, -.inf, 1, 1.0]\nc: {0: 1.5, true: x, '1': y}\nd: yes\ne: '.nan'\nf: 010\ng: 1e-5\nh: ~\n\
                base: &b {lr: 0.1}\nderived:\n  <<: *b\n  wd: 0.2\n";
    let expected = json!({
        "a": "NaN", "b": ["Infinity", "-Infinity", 1, 1.0], "c.0": 1.5, "c.true": "x", "c.1": "y", "d": true,
        "e": ".nan", "f": 8, "g": 1e-5, "h": null, "base.lr": 0.1, "derived.lr": 0.1, "derived.wd": 0.2,
    });
    assert_eq!(flat("c.yaml", text), expected);
    let mut config = read("c.yaml", text);
    merge(&mut config, "c.0", json!(2.5)).unwrap();
    let written = encode("c.yml", &config).unwrap();
    assert_eq!(
        written,
        "a: .nan\nb:\n- .inf\n- -.inf\n- 1\n- 1.0\nc:\n  0: 2.5\n  true: x\n  \"1\": \"y\"\nd: true\ne: \".nan\"\nf: 8\n\
         g: 0.00001\nh: null\nbase:\n  lr: 0.1\nderived:\n  wd: 0.2\n  lr: 0.1\n"
    );
    let axes = "x: 1\ny: y\n\"n\": no\n'yes': [N, off]\ny2: {on: 1, yes: 2}\n";
    assert_eq!(
        flat("c.yml", axes),
        json!({"x": 1, "y": "y", "n": false, "yes": ["N", false], "y2.on": 1, "y2.yes": 2})
    );
    assert_eq!(flat("c.yml", &encode("c.yml", &read("c.yml", axes)).unwrap()), flat("c.yml", axes));
    assert_eq!(parse("c.yml", b"# nothing\n").unwrap(), Map::new());
}

#[test]
fn toml_keeps_dates_and_non_finite_numbers() {
    let text =
        "a = nan\nb = [inf, -inf]\nd = 1979-05-27T07:32:00Z\n\"x.y\" = 1\n\n[t]\nf = 1.0\nt = 07:32:00\n\n[t.e]\n";
    let expected = json!({
        "a": "NaN", "b": ["Infinity", "-Infinity"], "d": "1979-05-27T07:32:00Z", "x.y": 1, "t.f": 1.0, "t.t": "07:32:00",
        "t.e": {},
    });
    assert_eq!(flat("c.toml", text), expected);
    assert_eq!(encode("c.toml", &read("c.toml", text)).unwrap(), text);
}

#[test]
fn overrides_find_flat_and_nested_keys() {
    let mut config = read("c.json", r#"{"a.b": 1, "a": {"b": 2, "c.d": {"e": 3}}, "o": {}, "s": 1, "l": [1]}"#);
    let mut set = |key: &str, value: Value| merge(&mut config, key, value).map_err(|error| error.to_string());
    set("a.b", json!(10)).unwrap();
    set("a.c.d.e", json!(30)).unwrap();
    set("a.c.d.f", json!(31)).unwrap();
    set("a.g.h", json!("x")).unwrap();
    set("o", json!(null)).unwrap();
    set("new.key", typed("nan")).unwrap();
    set("seed", typed("18446744073709551615")).unwrap();
    set("huge", typed("-0xffffffffffffffffffff")).unwrap();
    assert_eq!(set("s.x.y", json!(1)).unwrap_err(), "cannot set `s.x.y`: `s` is a number in the config, not a map");
    assert_eq!(set("l.0", json!(1)).unwrap_err(), "cannot set `l.0`: `l` is a list in the config, not a map");
    assert_eq!(set("a.b.x", json!(1)).unwrap_err(), "cannot set `a.b.x`: `a.b` is a number in the config, not a map");
    assert_eq!(
        set("a", json!(1)).unwrap_err(),
        "cannot set `a`: it is a map in the config; set one of its keys, such as `a.b`"
    );
    for key in ["", ".", "x.", ".x", "x..y", &"x.".repeat(70)] {
        assert!(set(key, json!(1)).unwrap_err().contains("is no key of a config"), "{key}");
    }
    let compact = encode("c.json", &config).unwrap().split_whitespace().collect::<String>();
    assert_eq!(
        compact,
        r#"{"a.b":10,"a":{"b":2,"c.d":{"e":30,"f":31},"g":{"h":"x"}},"o":null,"s":1,"l":[1],"new":{"key":NaN},"#
            .to_owned()
            + r#""seed":18446744073709551615,"huge":-1208925819614629174706175}"#
    );
    assert_eq!(flatten(&config)["a.b"], 10);
    let refused = encode("c.toml", &config).unwrap_err().to_string();
    assert_eq!(refused, r#""c.toml" cannot hold `o`: TOML has no null; leave the param out"#);
}

#[test]
fn errors_name_the_place() {
    assert_eq!(
        error("c.ini", ""),
        r#""c.ini" has no known format: use a file that ends in .json, .yaml, .yml or .toml"#
    );
    assert_eq!(error("c.json", "{\n \"a\": ,\n}"), r#"cannot read "c.json" at line 2, column 7: expected value"#);
    for text in ["01e999", "1.e999", "1e999.", ".1e999", "-", "--1", "Infinit", "+1", "01"] {
        assert!(error("c.json", &format!("{{\"a\": {text}}}")).starts_with("cannot read"), "{text}");
    }
    assert_eq!(error("c.json", "[1]"), r#""c.json" holds a list at its top: a config is a map of names to values"#);
    assert!(error("c.toml", "a = 1\nb = \n").starts_with(r#"cannot read "c.toml" at line 2, column 5: "#));
    assert!(
        error("c.yaml", "a: 1\nb: [1\n").starts_with(r#"cannot read "c.yaml" at line "#),
        "{}",
        error("c.yaml", "b: [")
    );
    assert!(error("c.yaml", "a: 1\n---\nb: 2\n").starts_with(r#"cannot read "c.yaml" at line"#));
    assert!(error("c.yaml", "a: !!python/tuple [1]\n").contains("line 1"), "{}", error("c.yaml", "a: !x 1\n"));
    assert_eq!(parse("c.json", b"{\"\xff"), Err(ConfigError::NotUtf8 { file: "c.json".into(), offset: 2 }));
    let large = vec![b' '; MAX_BYTES + 1];
    assert!(matches!(parse("c.yaml", &large), Err(ConfigError::TooLarge { .. })));
}

#[test]
fn hostile_files_are_refused() {
    for (name, text) in [
        ("c.json", "[".repeat(1_000_000)),
        ("c.json", "{\"a\":".repeat(65) + "1" + &"}".repeat(65)),
        ("c.yaml", "[".repeat(1_000_000)),
        ("c.yaml", "- ".repeat(100_000)),
        ("c.yaml", (0..2000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect()),
        ("c.toml", format!("a = {}", "[".repeat(100_000))),
        ("c.toml", format!("[{}a]\n{}a = 1", "a.".repeat(70), "a.".repeat(70))),
    ] {
        let error = error(name, &text);
        assert!(error.len() < 300, "{error}");
    }
    let long = "x".repeat(1 << 20);
    let anchors: String = (0..100).map(|at| format!("b{at}: &b{at} 1\n")).collect();
    let repeated = format!("{anchors}a: &a {long}\nl: [{}]\n", vec!["*a"; 500].join(", "));
    assert!(error("c.yaml", &repeated).contains("aliases that multiply beyond reason"));
    let leaves: Vec<String> = (0..1000).map(|at| format!("\"{at}\":0")).collect();
    let joined = format!("{{\"{long}\":{{{}}}}}", leaves.join(","));
    assert!(error("c.json", &joined).contains("flattened keys take over 40 MiB"));
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let before = level - 1;
        let aliases = vec![format!("*a{before}"); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let started = std::time::Instant::now();
    assert!(error("c.yaml", &bomb).contains("aliases that multiply beyond reason"));
    assert!(started.elapsed().as_secs() < 20);
}

fn values() -> impl Strategy<Value = Value> {
    let text = prop_oneof![r"\PC{0,8}", any::<String>(), "(NaN|yes|null|1e3|0x1|~|010|1:30|\0[a-z]x|- a|# b|'|\")"];
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(super::marked::float),
        text.prop_map(|text| super::marked::Marked::Text(&text).store().into()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof!["[a-z.]{0,4}", r"\PC{0,6}", "(yes|1|~|<<|=|\n)"];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key, inner), 0..4).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in values()) {
        let map = Map::from_iter([("top".to_owned(), value)]);
        for name in ["c.json", "c.yaml", "c.toml"] {
            let text = encode(name, &map).unwrap();
            let back = parse(name, text.as_bytes());
            prop_assert_eq!(back.as_ref(), Ok(&map), "{}", text);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200), text in any::<String>()) {
        for name in ["c.json", "c.yaml", "c.toml"] {
            let _ = parse(name, &bytes);
            let _ = parse(name, text.as_bytes());
        }
    }

    #[test]
    fn nearly_right_text_is_read_or_refused(text in r#"[a-c0-2{}\[\]:,.=+eENInfinity"'\\u&*!<~|>#é \n-]{0,60}"#, key in "[a-c0-2.]{0,8}") {
        for name in ["c.json", "c.yaml", "c.toml"] {
            if let Ok(mut map) = parse(name, text.as_bytes()) {
                let before = flatten(&map);
                if merge(&mut map, &key, "new".into()).is_err() {
                    prop_assert_eq!(flatten(&map), before);
                } else {
                    prop_assert_eq!(flatten(&map).remove(&key), Some(Value::from("new")));
                }
                let _ = encode(name, &map);
            }
        }
    }
}
