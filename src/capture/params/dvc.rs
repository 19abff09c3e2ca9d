//! What a project of DVC says of its params: which files `dvc.yaml` names, what `dvc exp run -S` changes.
//!
//! Format: <https://dvc.org/doc/user-guide/project-structure/dvcyaml-files>.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::capture::config;
use crate::model::param::typed;

/// The file of params that DVC knows without being told.
pub const DEFAULT: &str = "params.yaml";

/// How many files one `dvc.yaml` may name.
const MAX_FILES: usize = 50;

/// The files of params that a `dvc.yaml` names, relative to its folder, in its order; `params.yaml` is first, named or not.
///
/// # Errors
/// If it cannot be read.
pub fn files(bytes: &[u8]) -> Result<Vec<String>, String> {
    let map = config::parse("dvc.yaml", bytes).map_err(|error| error.to_string())?;
    let mut files = Files(vec![DEFAULT.to_owned()]);
    // At the top, `params` lists files; of a stage it lists names of params and maps from file to names.
    items(&map, "params").filter_map(Value::as_str).for_each(|file| files.add(file));
    items(&map, "vars").for_each(|item| files.add_vars(item));
    for stage in map.get("stages").and_then(Value::as_object).into_iter().flat_map(Map::values) {
        // What a stage does for each item of a list stands one level deeper.
        let stage = stage.get("do").unwrap_or(stage);
        let Some(stage) = stage.as_object() else { continue };
        for item in items(stage, "params") {
            item.as_object().into_iter().flat_map(Map::keys).for_each(|file| files.add(file));
        }
        items(stage, "vars").for_each(|item| files.add_vars(item));
    }
    Ok(files.0)
}

fn items<'a>(map: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> {
    map.get(key).and_then(Value::as_array).into_iter().flatten()
}

struct Files(Vec<String>);

impl Files {
    /// A file to interpolate from is `file` or `file:name,name`; a map holds values of its own.
    fn add_vars(&mut self, item: &Value) {
        if let Some(text) = item.as_str() {
            self.add(text.split(':').next().unwrap_or(text));
        }
    }

    fn add(&mut self, file: &str) {
        // What DVC has to fill in first is not known here.
        let is_plain = !file.is_empty() && !file.contains("${") && !file.contains(char::is_control);
        if is_plain && self.0.len() < MAX_FILES && !self.0.iter().any(|known| known == file) {
            self.0.push(file.to_owned());
        }
    }
}

/// What `dvc exp run -S [FILE:]NAME=VALUE` sets before it runs anything: by file (empty for the default one) names and values.
#[derive(Debug, Default, PartialEq)]
pub struct Overrides {
    /// As they were typed.
    pub texts: Vec<String>,
    /// File, name, value.
    pub values: Vec<(String, String, Value)>,
}

impl Overrides {
    /// Of a command. None if it is not DVC's, or only puts the experiment into a queue.
    pub fn read(argv: &[String]) -> Self {
        let mut found = Self::default();
        let is_dvc =
            |word: &str| word.rsplit(['/', '\\']).next().is_some_and(|name| name == "dvc" || name == "dvc.exe");
        let Some(at) = argv.iter().position(|word| is_dvc(word)) else { return found };
        let words = &argv[at + 1..];
        if !matches!(words, [first, second, ..] if first == "exp" && second == "run") {
            return found;
        }
        if words.iter().any(|word| matches!(word.as_str(), "--queue" | "--temp" | "--run-all")) {
            return found;
        }
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let text = match word.as_str() {
                "-S" | "--set-param" => words.next().map(String::as_str),
                word => word.strip_prefix("--set-param=").or_else(|| word.strip_prefix("-S").filter(|s| !s.is_empty())),
            };
            text.into_iter().for_each(|text| found.add(text));
        }
        found
    }

    fn add(&mut self, text: &str) {
        self.texts.push(text.to_owned());
        let Some((name, value)) = text.split_once('=') else { return };
        let (file, name) = name.split_once(':').unwrap_or(("", name));
        // `+name` adds a param, `++name` adds or changes one, `~name` removes one.
        let name = name.trim_start_matches('+');
        if !name.is_empty() && !name.starts_with('~') {
            self.values.push((file.to_owned(), name.to_owned(), typed(value)));
        }
    }

    /// Change the params of a file, and return the texts of what was changed.
    pub fn apply(&self, file: &str, params: &mut BTreeMap<String, Value>) -> Vec<String> {
        let is_of = |of: &str| of == file || (of.is_empty() && file == DEFAULT);
        let mut texts = Vec::new();
        for (of, name, value) in self.values.iter().filter(|(of, _, _)| is_of(of)) {
            params.insert(name.clone(), value.clone());
            let prefix = if of.is_empty() { String::new() } else { format!("{of}:") };
            let start = format!("{prefix}{name}=");
            let text = self.texts.iter().find(|text| text.replace('+', "").starts_with(&start.replace('+', "")));
            texts.extend(text.cloned());
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::{any, proptest};
    use serde_json::json;

    use super::{Overrides, files};

    fn argv(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_files_of_a_dvc_yaml_are_found() {
        let text = "params:\n- conf/a.toml\nvars:\n- vars.json:x,y\n- inline: 1\nstages:\n  train:\n    cmd: x\n    params:\n    - lr\n    \
                    - conf/b.yaml:\n      - width\n    - params.yaml:\n  each:\n    foreach: [1]\n    do:\n      cmd: y\n      vars: [more.yaml]\n      \
                    params:\n      - ${item}.yaml: [a]\n";
        let wanted = ["params.yaml", "conf/a.toml", "vars.json", "conf/b.yaml", "more.yaml"];
        assert_eq!(files(text.as_bytes()).expect("read"), wanted);
        assert_eq!(files(b"stages: 3\n").expect("read"), ["params.yaml"]);
        assert!(files(b"- a\n").is_err());
    }

    #[test]
    fn what_is_set_for_an_experiment_is_found() {
        let found = Overrides::read(&argv("uv run dvc exp run -S lr=0.2 --set-param=c.toml:a.b=x -Sn=3 -f"));
        let values = [("", "lr", json!(0.2)), ("c.toml", "a.b", json!("x")), ("", "n", json!(3))];
        assert_eq!(found.values, values.map(|(file, name, value)| (file.to_owned(), name.to_owned(), value)));
        let mut params = BTreeMap::from([("lr".to_owned(), json!(0.1))]);
        assert_eq!(found.apply("params.yaml", &mut params), ["lr=0.2", "n=3"]);
        assert_eq!((&params["lr"], params.len()), (&json!(0.2), 2));
        for line in ["dvc repro -S lr=1", "python -S lr=1", "dvc exp run --queue -S lr=1,2"] {
            assert_eq!(Overrides::read(&argv(line)), Overrides::default(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_and_words_are_read(
            bytes in any::<Vec<u8>>(),
            lines in "(stages:\n|  a:\n|    params:\n|    - x\n|    - y:\n|vars: \\[a\\]\n|params:\n|- b\n){0,8}",
            words in proptest::collection::vec("(dvc|exp|run|-S|--set-param=|[+~]{0,2}[a:=]{0,4})", 0..8),
        ) {
            let _ = (files(&bytes), files(lines.as_bytes()));
            let mut params = BTreeMap::new();
            let _ = Overrides::read(&words).apply("params.yaml", &mut params);
        }
    }
}
