//! Notebooks that papermill executed: where a command leaves one, and which parameters it ran with.
//!
//! Papermill writes what it was given into the metadata of the notebook. Parameters that it was not given have the defaults of the cell with the
//! tag `parameters`; of these only plain literals are read, and only of Python.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::capture::config;
use crate::model::param::typed;

/// The largest notebook that is read, in bytes: pictures lie in it.
pub const MAX_BYTES: u64 = 64 << 20;

/// Options that take one value; `-p` and `-r` take two.
const WITH_VALUE: [&str; 21] = [
    "-f",
    "--parameters_file",
    "-y",
    "--parameters_yaml",
    "-b",
    "--parameters_base64",
    "--engine",
    "--autosave-cell-every",
    "-k",
    "--kernel",
    "-l",
    "--language",
    "--cwd",
    "--stdout-file",
    "--stderr-file",
    "--log-level",
    "--start-timeout",
    "--start_timeout",
    "--execution-timeout",
    "--parameters-file",
    "--parameters-yaml",
];

/// The notebook that a command of papermill writes, as the command names it. `None` if it writes none, or to somewhere that is no file.
pub fn output(argv: &[String]) -> Option<&str> {
    let name =
        |word: &str| word.rsplit(['/', '\\']).next().map(|name| name.strip_suffix(".exe").unwrap_or(name).to_owned());
    let at = argv.iter().position(|word| name(word).as_deref() == Some("papermill"))?;
    let mut places = Vec::new();
    let mut words = argv[at + 1..].iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-p" | "--parameters" | "-r" | "--parameters_raw" => drop((words.next(), words.next())),
            word if WITH_VALUE.contains(&word) => drop(words.next()),
            "--" => places.extend(words.by_ref()),
            word if word.starts_with('-') && word.len() > 1 => {}
            word => places.push(word),
        }
    }
    places.get(1).copied().filter(|place| *place != "-" && !place.contains("://"))
}

#[derive(Deserialize)]
struct Notebook<'a> {
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
    #[serde(default)]
    cells: Vec<Cell>,
}

#[derive(Deserialize, Default)]
struct Metadata<'a> {
    #[serde(borrow)]
    papermill: Option<Papermill<'a>>,
    kernelspec: Option<Language>,
    language_info: Option<Language>,
}

#[derive(Deserialize)]
struct Papermill<'a> {
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Language {
    name: Option<String>,
    language: Option<String>,
}

#[derive(Deserialize)]
struct Cell {
    #[serde(default)]
    metadata: CellMetadata,
    #[serde(default)]
    source: Source,
}

#[derive(Deserialize, Default)]
struct CellMetadata {
    #[serde(default)]
    tags: Vec<String>,
}

/// A text, or its lines.
#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    Text(String),
    Lines(Vec<String>),
}

impl Default for Source {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// The parameters that a notebook was executed with, nested keys joined with dots. `None` if papermill did not execute it.
///
/// # Errors
/// If it is no notebook.
pub fn params(bytes: &[u8]) -> Result<Option<BTreeMap<String, Value>>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned())?;
    let notebook: Notebook<'_> = serde_json::from_str(text).map_err(|error| format!("it is no notebook: {error}"))?;
    let Some(papermill) = &notebook.metadata.papermill else { return Ok(None) };
    let mut params = if notebook.is_python() { notebook.assigned("parameters") } else { BTreeMap::new() };
    match papermill.parameters {
        Some(given) => {
            let given = config::parse("parameters.json", given.get().as_bytes()).map_err(|error| error.to_string())?;
            // A default that is a map as a whole is replaced as a whole.
            params.retain(|name, _| !given.contains_key(name));
            params.extend(config::flatten(&given));
        }
        None if notebook.is_python() => params.extend(notebook.assigned("injected-parameters")),
        None => {}
    }
    Ok(Some(params))
}

impl Notebook<'_> {
    fn is_python(&self) -> bool {
        let Metadata { kernelspec, language_info, .. } = &self.metadata;
        let is = |text: &Option<String>| text.as_deref().is_some_and(|text| text.eq_ignore_ascii_case("python"));
        language_info.as_ref().is_some_and(|found| is(&found.name))
            || kernelspec.as_ref().is_some_and(|found| is(&found.language))
    }

    /// What the first cell with a tag assigns.
    fn assigned(&self, tag: &str) -> BTreeMap<String, Value> {
        let cell = self.cells.iter().find(|cell| cell.metadata.tags.iter().any(|found| found == tag));
        let source = match cell.map(|cell| &cell.source) {
            Some(Source::Text(text)) => text.clone(),
            Some(Source::Lines(lines)) => lines.concat(),
            None => String::new(),
        };
        assignments(&source)
    }
}

/// The assignments of literals among lines of Python. A text over several lines could hold lines that only look like some: then none is read.
fn assignments(source: &str) -> BTreeMap<String, Value> {
    if source.contains("\"\"\"") || source.contains("'''") || source.contains("\\\n") {
        return BTreeMap::new();
    }
    source.lines().filter_map(assignment).collect()
}

/// `name = literal`, with a type and a comment or without.
fn assignment(line: &str) -> Option<(String, Value)> {
    let (left, right) = line.split_once('=')?;
    let name = left.split(':').next().unwrap_or(left).trim_end();
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let (value, rest) = literal(right.trim_start(), 0)?;
    let rest = rest.trim();
    (is_name && (rest.is_empty() || rest.starts_with('#'))).then(|| (name.to_owned(), value))
}

/// A literal at the beginning of a text, and what follows it.
fn literal(text: &str, depth: usize) -> Option<(Value, &str)> {
    match text.chars().next()? {
        quote @ ('"' | '\'') => {
            let (inside, rest) = text[1..].split_once(quote)?;
            // What a backslash means is Python's affair.
            (!inside.contains('\\')).then(|| (inside.into(), rest))
        }
        open @ ('[' | '(') if depth < 8 => {
            let close = if open == '[' { ']' } else { ')' };
            let mut items = Vec::new();
            let mut rest = text[1..].trim_start();
            while !rest.starts_with(close) {
                let (item, after) = literal(rest, depth + 1)?;
                items.push(item);
                rest = after.trim_start();
                match rest.strip_prefix(',') {
                    Some(after) => rest = after.trim_start(),
                    // `(1)` is 1.
                    None if rest.starts_with(close) && (open == '[' || items.len() > 1) => {}
                    None => return None,
                }
            }
            Some((Value::Array(items), &rest[1..]))
        }
        _ => {
            let end = text.find([',', ']', ')', '#', ' ', '\t']).unwrap_or(text.len());
            let (word, rest) = text.split_at(end);
            let value = typed(word);
            // `true` and `nan` are names in Python; other words are no literals.
            let is_literal = match &value {
                Value::Bool(_) => matches!(word, "True" | "False"),
                Value::Null => word == "None",
                Value::Number(_) => true,
                Value::String(digits) => {
                    digits.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit())
                        && !word.starts_with(['"', '\''])
                }
                _ => false,
            };
            (is_literal && !word.is_empty()).then_some((value, rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use serde_json::{Value, json};

    use super::{assignments, output, params};

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_output_of_papermill_is_found() {
        for line in [
            "papermill in.ipynb out.ipynb -p lr 0.1",
            "python -m papermill -p lr 0.1 -y x in.ipynb --log-output out.ipynb",
            ".venv/bin/papermill -k python3 --progress-bar in.ipynb out.ipynb",
        ] {
            assert_eq!(output(&words(line)), Some("out.ipynb"), "{line}");
        }
        for line in ["papermill in.ipynb", "papermill in.ipynb -", "papermill a s3://b/c", "jupyter in.ipynb out.ipynb"]
        {
            assert_eq!(output(&words(line)), None, "{line}");
        }
    }

    #[test]
    fn parameters_and_defaults_are_read() {
        let notebook = json!({
            "metadata": {
                "kernelspec": {"language": "python"},
                "papermill": {"parameters": {"lr": 0.1, "sub": {"a": 1}, "big": 9007199254740993_u64}}
            },
            "cells": [
                {"metadata": {"tags": ["parameters"]}, "source": ["lr = 0.01  # rate\n", "name: str = 'adam'\n", "n = 3"]},
                {"metadata": {}, "source": "x = 1", "outputs": [{"data": {"y": 1}}]}
            ]
        });
        let found = params(notebook.to_string().as_bytes()).expect("a notebook").expect("executed");
        let wanted = json!({"big": "9007199254740993", "lr": 0.1, "n": 3, "name": "adam", "sub.a": 1});
        assert_eq!(found.into_iter().collect::<serde_json::Map<_, _>>(), *wanted.as_object().expect("a map"));
        assert_eq!(params(br#"{"metadata": {}, "cells": []}"#), Ok(None));
        assert!(params(b"3").is_err() && params(b"\xff").is_err() && params(b"").is_err());
    }

    #[test]
    fn only_plain_literals_are_defaults() {
        let source = "a = 1e-3\nb = [1, 'x', (2, 3)]\nc = a\nd = f(1)\ne = -5 # x\nf = True\ng = None\nh = 'it''s'\ni = \"a\\n\"\n\
                      if x:\n    j = 1\nk == 2\nl = 1 + 2\nm: float = 1_000.5\nn = {'a': 1}\no = ()\np = nan\nq += 1\n";
        let found: serde_json::Map<String, Value> = assignments(source).into_iter().collect();
        let wanted = json!({"a": 0.001, "b": [1, "x", [2, 3]], "e": -5, "f": true, "g": null, "m": 1000.5, "o": []});
        assert_eq!(Value::Object(found), wanted);
        assert!(assignments("a = 1\nb = '''\nc = 2\n'''\n").is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in any::<Vec<u8>>(), text in "[a-z =:#'\"\\[\\](),0-9\n-]{0,40}") {
            let _ = params(&bytes);
            let _ = assignments(&text);
        }

        #[test]
        fn what_was_given_is_found(name in "[a-z]{1,8}", value in any::<i32>()) {
            let given = serde_json::Map::from_iter([(name.clone(), Value::from(value))]);
            let notebook = json!({"metadata": {"papermill": {"parameters": given}}, "cells": []});
            let found = params(notebook.to_string().as_bytes()).expect("a notebook").expect("executed");
            assert_eq!(found[&name], value);
        }
    }
}
