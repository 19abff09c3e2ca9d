//! Params from the options of a command: `--lr 0.1`, `--lr=0.1`, `--no-augment`, `-b 32`.
//!
//! Only the program knows which of its options take values. So each word that is no option belongs to the option before it, as argparse does
//! with `nargs="*"`; words before the first option are nobody's.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::param::typed;

/// What stands before the names.
pub const PREFIX: &str = "argv.";

/// Extensions of scripts: options before one are those of what starts it (`torchrun --nproc-per-node 4 train.py`).
const SCRIPTS: [&str; 11] = ["py", "pyc", "sh", "r", "jl", "js", "ts", "lua", "pl", "rb", "m"];

/// The params. `is_filled` says which placeholders git-xp fills: an option whose value holds one is left out, because what fills it is recorded
/// under its own name.
pub fn params(command: &[String], is_filled: impl Fn(&str) -> bool) -> BTreeMap<String, Value> {
    let mut all: BTreeMap<String, Vec<Option<Value>>> = BTreeMap::new();
    let mut words = own_words(command).iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        let Some((name, joined)) = option(word) else { continue };
        let mut values: Vec<&str> = joined.into_iter().collect();
        while joined.is_none()
            && let Some(value) = words.next_if(|next| *next != "--" && option(next).is_none())
        {
            values.push(value);
        }
        if values.iter().any(|value| is_filled(value)) {
            continue;
        }
        let value = match values.as_slice() {
            [] => None,
            [one] => Some(typed(one)),
            several => Some(several.iter().map(|value| typed(value)).collect()),
        };
        all.entry(name.to_owned()).or_default().push(value);
    }
    all.into_iter().map(|(name, given)| folded(&name, given)).collect()
}

/// One value for all times that an option is given.
fn folded(name: &str, given: Vec<Option<Value>>) -> (String, Value) {
    let count = given.len();
    let values: Vec<Value> = given.into_iter().flatten().collect();
    let own = |value| (format!("{PREFIX}{name}"), value);
    match (values.len(), count) {
        (0, 1) => match name.strip_prefix("no-").or_else(|| name.strip_prefix("no_")).filter(|rest| !rest.is_empty()) {
            // The same switch as `--augment`, so the same param.
            Some(rest) => (format!("{PREFIX}{rest}"), false.into()),
            None => own(true.into()),
        },
        // `-v -v`
        (0, count) => own(count.into()),
        (1, 1) => own(values.into_iter().next().unwrap_or_default()),
        _ => own(Value::Array(values)),
    }
}

/// The words behind the program, or behind the script or module that it runs.
fn own_words(command: &[String]) -> &[String] {
    let is_script = |word: &String| {
        let extension = word.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        !word.starts_with('-') && extension.is_some_and(|extension| SCRIPTS.contains(&extension.as_str()))
    };
    let script = command.iter().position(is_script);
    let module = command.iter().position(|word| word == "-m").map(|at| at + 1);
    // `python -c CODE`
    let code = command.iter().position(|word| word == "-c").filter(|_| is_python(command)).map(|at| at + 1);
    let start = [script, module, code].into_iter().flatten().min().unwrap_or(0);
    command.get(start + 1..).unwrap_or_default()
}

fn is_python(command: &[String]) -> bool {
    let name = command.first().and_then(|program| program.rsplit(['/', '\\']).next());
    name.is_some_and(|name| name.starts_with("python"))
}

/// The name of an option, and the value that is joined to it. `None` for values, negative numbers among them.
fn option(word: &str) -> Option<(&str, Option<&str>)> {
    let (name, is_long) = match word.strip_prefix("--") {
        Some(name) => (name, true),
        None => (word.strip_prefix('-')?, false),
    };
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    if !name.starts_with(is_name) || (!is_long && is_number(word)) {
        return None;
    }
    if let Some((name, value)) = name.split_once('=') {
        return Some((name, Some(value)));
    }
    // `-j8`, but not `-lr`.
    let second = name.char_indices().nth(1).map(|(at, _)| at);
    match second.filter(|_| !is_long).map(|at| name.split_at(at)) {
        Some((letter, rest)) if is_number(rest) => Some((letter, Some(rest))),
        _ => Some((name, None)),
    }
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.')) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use serde_json::{Value, json};

    use super::{PREFIX, params};

    fn read(line: &str) -> Value {
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        params(&argv, |value| value.contains("{seed}")).into_iter().collect::<serde_json::Map<_, _>>().into()
    }

    #[test]
    fn every_way_to_write_an_option_is_read() {
        assert_eq!(
            read("python -u train.py data.csv --lr 0.1 --opt=adam -b 32 --no-augment --amp --shift -0.5 -j8"),
            json!({"argv.lr": 0.1, "argv.opt": "adam", "argv.b": 32, "argv.augment": false, "argv.amp": true, "argv.shift": -0.5, "argv.j": 8})
        );
        assert_eq!(
            read("train --layers 64 128 --tag a --tag b -v -v --no-repeat 3 --x=a=b -lr 1e-3 -- --rest"),
            json!({"argv.layers": [64, 128], "argv.tag": ["a", "b"], "argv.v": 2, "argv.no-repeat": 3, "argv.x": "a=b", "argv.lr": 0.001})
        );
    }

    #[test]
    fn options_of_what_starts_the_program_are_not_its_own() {
        assert_eq!(read("torchrun --nproc-per-node 4 train.py --lr 1"), json!({"argv.lr": 1}));
        assert_eq!(read("python -u -m pkg.train --lr 1"), json!({"argv.lr": 1}));
        assert_eq!(read("python -u -c pass --lr 1"), json!({"argv.lr": 1}));
        assert_eq!(read("python"), json!({}));
        assert_eq!(read("--lr"), json!({}));
    }

    #[test]
    fn what_a_placeholder_fills_is_left_out() {
        assert_eq!(read("train.py --seed {seed} --name=run-{seed} --lr {lr}"), json!({"argv.lr": "{lr}"}));
    }

    proptest! {
        #[test]
        fn any_words_are_read(
            words in proptest::collection::vec(any::<String>(), 0..6),
            usual in proptest::collection::vec("-{0,3}[a-zé0-9.=_-]{0,6}", 0..8),
        ) {
            for words in [words, usual] {
                let found = params(&words, |_| false);
                assert!(found.len() <= words.len());
                assert!(found.keys().all(|name| name.len() > PREFIX.len()));
                assert!(params(&words, |_| true).values().all(|value| !value.is_array()));
            }
        }
    }
}
