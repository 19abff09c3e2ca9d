//! Settings guessed from what lies in a repository. Each guess has a reason, which stands beside it in the file and is said. Pure: files are
//! read through a function.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;
use serde_json::{Map, Value};

use super::direction;
use crate::capture::config;
use crate::model::text::printable;
use crate::model::{data, param};
use crate::record::metrics_file;
use crate::settings::reference::Chosen;
use crate::settings::{DEFAULT_METRICS_FILES, is_path};

/// Files that are looked into are at most so large, in bytes.
pub const LARGEST: u64 = 256 * 1024;
/// So many sources are looked into for the names of metrics.
const SOURCES: usize = 200;
/// So many metrics get a direction.
const METRICS: usize = 40;
/// So many pins of data are proposed.
const DATA: usize = 10;
/// Names of files that hold metrics, besides those with `metrics` in their name.
const METRICS_NAMES: [&str; 4] = ["summary.json", "results.json", "scores.json", "evaluation.json"];
/// Names of files that compute metrics.
const EVALUATION_NAMES: [&str; 6] = ["eval.py", "evaluate.py", "evaluation.py", "metrics.py", "score.py", "evaluate.R"];
/// Keys of configs that are seeds.
const SEED_NAMES: [&str; 3] = ["seed", "random_seed", "random_state"];

/// What was found: values by table and key, as [`crate::settings::reference::new_file`] takes them.
pub type Guesses = BTreeMap<(String, String), Chosen>;

/// Guess from the paths of a work tree, `/` separated from its top, and what `read` gives of a file: `None` for one that is too large or no file.
pub fn guess(paths: &[String], mut read: impl FnMut(&str) -> Option<Vec<u8>>) -> Guesses {
    let mut guesses = Guesses::new();
    let metrics = metrics_files(paths, &mut read);
    if metrics.iter().any(|(path, _)| !DEFAULT_METRICS_FILES.contains(&path.as_str())) {
        // The usual places count on.
        let usual = DEFAULT_METRICS_FILES.iter().filter(|path| metrics.iter().all(|(known, _)| known != *path));
        let all: Vec<&str> = metrics.iter().map(|(path, _)| path.as_str()).chain(usual.copied()).collect();
        let reasons: Vec<String> = metrics.iter().map(|(path, why)| format!("{path}: {why}")).collect();
        insert(&mut guesses, "metrics", "files", format!("{all:?}"), reasons.join("; "));
    }
    for (name, source) in metric_names(paths, &metrics, &mut read) {
        if let Some(direction) = direction::guess(&name).filter(|_| is_plain(&name)) {
            let because = format!("from its name, found in {source}");
            let table = format!("metric.{}", toml_key(&name));
            insert(&mut guesses, &table, "direction", format!("{:?}", direction.as_str()), because);
        }
    }
    let locks = paths
        .iter()
        .filter(|path| file_name(path) == "dvc.yaml" && depth(path) <= 3 && is_plain(path) && is_path(path));
    let locks: Vec<String> = locks.map(|path| path.replace("dvc.yaml", "dvc.lock")).collect();
    if !locks.is_empty() {
        insert(&mut guesses, "run", "ignore", format!("{locks:?}"), "dvc repro writes it during a run".to_owned());
    }
    for (name, path) in dvc_data(paths) {
        let because = format!("kept by DVC: its hash is read from {path}.dvc");
        insert(&mut guesses, "data", &name, format!("{path:?}"), because);
    }
    if let Some((key, path)) = seed_key(paths, &mut read) {
        insert(&mut guesses, "seed", "param", format!("{key:?}"), format!("found in {path}"));
    }
    let evaluation: Vec<&String> = paths
        .iter()
        .filter(|path| {
            is_plain(path) && is_path(path) && depth(path) <= 3 && EVALUATION_NAMES.contains(&file_name(path))
        })
        .collect();
    if !evaluation.is_empty() && evaluation.len() <= 3 {
        insert(&mut guesses, "evaluation", "paths", format!("{evaluation:?}"), "from the name".to_owned());
    }
    guesses
}

fn insert(guesses: &mut Guesses, table: &str, key: &str, value: String, because: String) {
    let because = printable(&because);
    guesses.insert((table.to_owned(), key.to_owned()), Chosen { value, because });
}

/// Files that hold metrics, with the reason.
fn metrics_files(paths: &[String], read: &mut impl FnMut(&str) -> Option<Vec<u8>>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut add = |path: String, why: String| {
        if is_plain(&path) && is_path(&path) && found.iter().all(|(known, _)| *known != path) && found.len() < 10 {
            found.push((path, why));
        }
    };
    for path in paths.iter().filter(|path| file_name(path) == "dvc.yaml" && depth(path) <= 3) {
        let Some(map) = read(path).and_then(|bytes| config::parse(path, &bytes).ok()) else { continue };
        let folder = path.strip_suffix("dvc.yaml").unwrap_or_default();
        for name in dvc_metrics(&map).into_iter().filter(|name| name.ends_with(".json")) {
            add(format!("{folder}{name}"), format!("a metric of {path}"));
        }
    }
    for path in paths.iter().filter(|path| depth(path) <= 3 && path.ends_with(".json")) {
        let name = file_name(path).to_lowercase();
        let is_named = name.contains("metrics") || METRICS_NAMES.contains(&name.as_str());
        if is_named
            && read(path).and_then(|bytes| metrics_file::parse(&bytes).ok()).is_some_and(|found| !found.is_empty())
        {
            add(path.clone(), "it holds numbers".to_owned());
        }
    }
    found
}

/// The metrics that a `dvc.yaml` names: `metrics` at the top and of each stage, each a path or a map with the path as its key.
fn dvc_metrics(map: &Map<String, Value>) -> Vec<String> {
    let stages = map.get("stages").and_then(Value::as_object);
    let of_stages = stages.into_iter().flat_map(|stages| stages.values()).filter_map(|stage| stage.get("metrics"));
    let items = map.get("metrics").into_iter().chain(of_stages).filter_map(Value::as_array).flatten();
    items
        .filter_map(|item| match item {
            Value::String(path) => Some(path.clone()),
            Value::Object(map) => map.keys().next().cloned(),
            _ => None,
        })
        .collect()
}

/// Names of metrics: those in metrics files, and those that the code logs; with the file that has it.
fn metric_names(
    paths: &[String],
    files: &[(String, String)],
    read: &mut impl FnMut(&str) -> Option<Vec<u8>>,
) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for (path, _) in files {
        for (name, _) in read(path).and_then(|bytes| metrics_file::parse(&bytes).ok()).unwrap_or_default() {
            names.entry(name).or_insert_with(|| path.clone());
        }
    }
    // MLflow, DVCLive, Lightning and this program in a shell; then dicts that W&B, Lightning and others log.
    let call = Regex::new(
        r#"\b(?:log_metric|log-metric|log|add_scalar)\(?\s*\\?["']?([A-Za-z][A-Za-z0-9_./@-]{0,60})\\?["' ,]"#,
    );
    let dict = Regex::new(r"\blog(?:_dict|_metrics)?\(\s*\{([^}]{0,2000})\}");
    let key = Regex::new(r#"["']([A-Za-z][A-Za-z0-9_./@ -]{0,60})\\?["']\s*:"#);
    let (Ok(call), Ok(dict), Ok(key)) = (call, dict, key) else { return names };
    let is_source = |path: &&String| [".py", ".ipynb", ".sh", ".R", ".jl"].iter().any(|end| path.ends_with(end));
    for path in paths.iter().filter(is_source).take(SOURCES) {
        let Some(bytes) = read(path) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let calls = call.captures_iter(&text).filter_map(|found| found.get(1));
        let dicts = dict.captures_iter(&text).filter_map(|found| found.get(1));
        let keys = dicts.flat_map(|body| key.captures_iter(body.as_str())).filter_map(|found| found.get(1));
        for name in calls.chain(keys) {
            names.entry(name.as_str().to_owned()).or_insert_with(|| path.clone());
        }
    }
    names.into_iter().take(METRICS).collect()
}

/// Data that DVC keeps, by a name for it. To pin it costs nothing, because DVC has hashed it.
fn dvc_data(paths: &[String]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for path in paths.iter().filter_map(|path| path.strip_suffix(".dvc")) {
        let name = file_name(path).split('.').next().unwrap_or_default().to_owned();
        let is_name = data::check_name(&name).is_ok() && toml_key(&name) == name;
        if is_plain(path) && is_path(path) && is_name && found.len() < DATA {
            found.entry(name).or_insert_with(|| path.to_owned());
        }
    }
    found
}

/// The key of the configs that is a seed, if all that have one agree.
fn seed_key(paths: &[String], read: &mut impl FnMut(&str) -> Option<Vec<u8>>) -> Option<(String, String)> {
    let is_config = |path: &&String| {
        let is_form = [".yaml", ".yml", ".toml", ".json"].iter().any(|end| path.ends_with(end));
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_place = matches!(folder, "" | "config" | "configs" | "conf");
        let is_tool =
            matches!(path.as_str(), "pyproject.toml" | "package.json" | "dvc.yaml" | ".xp.toml" | "Cargo.toml");
        is_form && is_place && !is_tool
    };
    let mut found: Option<(String, String)> = None;
    for path in paths.iter().filter(is_config).take(20) {
        let Some(map) = read(path).and_then(|bytes| config::parse(path, &bytes).ok()) else { continue };
        for key in config::flatten(&map).into_keys() {
            if !SEED_NAMES.contains(&key.rsplit('.').next().unwrap_or_default())
                || !is_plain(&key)
                || param::check_name(&key).is_err()
            {
                continue;
            }
            match &found {
                Some((known, _)) if *known != key => return None,
                Some(_) => {}
                None => found = Some((key, path.clone())),
            }
        }
    }
    found
}

fn file_name(path: &str) -> &str {
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// Folders above, and itself.
fn depth(path: &str) -> usize {
    path.split('/').count()
}

/// What can stand in a file of settings without tricks.
fn is_plain(text: &str) -> bool {
    let is_its_own_quotation = format!("{text:?}").trim_matches('"') == text;
    is_its_own_quotation && text.len() <= 200 && printable(text) == text && !text.contains(['\'', '$'])
}

/// A key as TOML has it: bare where it can be.
fn toml_key(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_bare { name.to_owned() } else { format!("\"{name}\"") }
}

#[cfg(test)]
mod tests {
    use super::{Guesses, guess};
    use crate::settings::Settings;
    use crate::settings::reference::new_file;
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    fn of(files: &[(&str, &str)]) -> Guesses {
        let paths: Vec<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        guess(&paths, |path| files.iter().find(|(known, _)| *known == path).map(|(_, text)| text.as_bytes().to_vec()))
    }

    fn value<'a>(guesses: &'a Guesses, table: &str, key: &str) -> Option<(&'a str, &'a str)> {
        let chosen = guesses.get(&(table.to_owned(), key.to_owned()))?;
        Some((chosen.value.as_str(), chosen.because.as_str()))
    }

    #[test]
    fn a_dvc_project_tells_its_metrics_and_its_seed() {
        let guesses = of(&[
            (
                "dvc.yaml",
                "stages:\n  train:\n    cmd: python train.py\n    metrics:\n    - eval/scores.json:\n        cache: false\n",
            ),
            ("eval/scores.json", r#"{"roc_auc": 0.9, "avg_prec": 0.8, "n": 3}"#),
            ("data/train.csv.dvc", "outs: []"),
            ("params.yaml", "train:\n  seed: 20170428\n  lr: 0.1\n"),
            (
                "src/evaluate.py",
                "live.log_metric('val/loss', x)\nmlflow.log_metric(\"rmse\", 1)\nwandb.log({\"val_acc\": a, 'x': 1})\n",
            ),
        ]);
        assert_eq!(
            value(&guesses, "metrics", "files"),
            Some((
                r#"["eval/scores.json", "metrics.json", "reports/metrics.json", "dvclive/metrics.json"]"#,
                "eval/scores.json: a metric of dvc.yaml"
            ))
        );
        assert_eq!(value(&guesses, "seed", "param"), Some(("\"train.seed\"", "found in params.yaml")));
        assert_eq!(value(&guesses, "run", "ignore").map(|(value, _)| value), Some(r#"["dvc.lock"]"#));
        assert_eq!(value(&guesses, "data", "train").map(|(value, _)| value), Some("\"data/train.csv\""));
        let up = Some(("\"maximize\"", "from its name, found in eval/scores.json"));
        assert_eq!(value(&guesses, "metric.roc_auc", "direction"), up);
        assert_eq!(
            value(&guesses, "metric.\"val/loss\"", "direction"),
            Some(("\"minimize\"", "from its name, found in src/evaluate.py"))
        );
        assert!(
            value(&guesses, "metric.rmse", "direction").is_some()
                && value(&guesses, "metric.val_acc", "direction").is_some()
        );
        assert_eq!(value(&guesses, "metric.n", "direction"), None);
        assert_eq!(value(&guesses, "evaluation", "paths").map(|(value, _)| value), Some(r#"["src/evaluate.py"]"#));
    }

    #[test]
    fn what_does_not_agree_is_not_guessed() {
        let guesses =
            of(&[("a.yaml", "seed: 1\n"), ("conf/b.yaml", "model:\n  seed: 1\n"), ("metrics.json", "{\"acc\": 1}")]);
        assert_eq!(value(&guesses, "seed", "param"), None);
        // Where it lies is the usual place.
        assert_eq!(value(&guesses, "metrics", "files"), None);
        assert!(value(&guesses, "metric.acc", "direction").is_some());
        assert!(of(&[("README.md", "x"), ("metrics.json", "[1]"), ("evil.py", "log('\u{1b}[2Jacc')")]).is_empty());
    }

    proptest! {
        #[test]
        fn whatever_lies_there_the_file_can_be_read(names in vec("[a-z\"'#\\]\\[= ./\\n\u{202e}]{0,12}(metrics\\.json|\\.py|\\.yaml)", 0..4), text in any::<String>(), name in any::<String>()) {
            let json = serde_json::json!({ name: 1, "acc\"]\n[x": 2, "val.acc": 1 }).to_string();
            let paths: Vec<String> = names;
            for bytes in [text.clone(), json, format!("log_metric('{text}acc')"), format!("seed: 1\n{text}: {{seed: 2}}")] {
                let guesses = guess(&paths, |_| Some(bytes.clone().into_bytes()));
                let file = new_file(&guesses);
                let read = Settings::parse_file(&file, ".xp.toml");
                assert!(read.is_ok(), "{file}\n{read:?}");
            }
        }
    }
}
