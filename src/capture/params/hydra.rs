//! What Hydra leaves in the folder of a job: `.hydra/config.yaml`, the composed config, and `.hydra/overrides.yaml`, what the command line changed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::capture::config;

/// The folder below that of a job.
pub const FOLDER: &str = ".hydra";

/// The file in it that holds the params.
pub const CONFIG: &str = "config.yaml";

/// The file in it that says what the command line changed.
pub const OVERRIDES: &str = "overrides.yaml";

/// What Hydra knows of itself: where it ran, which parts were chosen.
pub const ITSELF: &str = "hydra.yaml";

/// How many overrides are recorded.
const MAX_OVERRIDES: usize = 1000;

/// The params of a composed config, nested keys joined with dots. What Hydra fills in when it is asked for (`${…}`) stays as it is written.
///
/// # Errors
/// If it cannot be read.
pub fn params(bytes: &[u8]) -> Result<BTreeMap<String, Value>, String> {
    config::parse(CONFIG, bytes).map(|map| config::flatten(&map)).map_err(|error| error.to_string())
}

/// What the command line changed: `lr=0.2`, `model=big`.
///
/// # Errors
/// If it cannot be read.
pub fn overrides(bytes: &[u8]) -> Result<Vec<String>, String> {
    let text = String::from_utf8_lossy(bytes);
    if matches!(text.trim(), "" | "[]") {
        return Ok(Vec::new());
    }
    // Of a list a map is made, which the reader of configs takes.
    let map = config::parse(OVERRIDES, format!("list:\n{text}").as_bytes()).map_err(|error| error.to_string())?;
    let flat = config::flatten(&map);
    let items = flat.get("list").and_then(Value::as_array).ok_or("it holds no list")?;
    Ok(items.iter().take(MAX_OVERRIDES).filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Where a command tells Hydra to put its folders: the parts of paths before what Hydra fills in.
pub fn folders(argv: &[String]) -> Vec<String> {
    let is_folder = |key: &str| matches!(key.trim_start_matches('+'), "hydra.run.dir" | "hydra.sweep.dir");
    let values = argv.iter().filter_map(|word| word.split_once('=')).filter(|(key, _)| is_folder(key));
    values.map(|(_, value)| fixed_part(value.trim_matches(['\'', '"']))).collect()
}

/// `logs/${now:%Y}/x` is `logs`, `logs/x` is itself.
fn fixed_part(path: &str) -> String {
    match path.split_once("${") {
        Some((fixed, _)) => fixed.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned(),
        None => path.to_owned(),
    }
}

/// Whether a command asks for several jobs.
pub fn is_multirun(argv: &[String]) -> bool {
    // `python -m package` is not Hydra's.
    let is_module =
        |at: usize| at > 0 && argv[at - 1].rsplit(['/', '\\']).next().is_some_and(|name| name.starts_with("python"));
    let asks = |(at, word): (usize, &String)| {
        word == "--multirun" || word == "hydra.mode=MULTIRUN" || (word == "-m" && !is_module(at))
    };
    argv.iter().enumerate().any(asks)
}

/// Of several jobs, each by its overrides, those that this command can have started: two commands may run at once in one work tree.
///
/// A command that is Hydra's own program has each override among its words (of several jobs at least its name). Those with most of them are its jobs.
/// If no job fits, the program is started by a script, and all are, but those that change what the command says otherwise.
pub fn own(argv: &[String], jobs: &[Vec<String>]) -> Vec<usize> {
    let several = is_multirun(argv);
    let names = |text: &str| {
        let key = text.split_once('=').map(|(key, _)| key);
        key.is_some() && argv.iter().any(|word| word.split_once('=').map(|(key, _)| key) == key)
    };
    let is_word = |text: &String| argv.contains(text) || (several && names(text));
    let fits = |job: &&Vec<String>| job.iter().all(is_word);
    let most = jobs.iter().filter(fits).map(Vec::len).max();
    let is_own = |job: &Vec<String>| match most {
        Some(most) => job.len() == most && fits(&job),
        None => !job.iter().any(|text| names(text) && !is_word(text)),
    };
    jobs.iter().enumerate().filter(|(_, job)| is_own(job)).map(|(at, _)| at).collect()
}

/// The params that all jobs have with one value, and the names of the others.
pub fn common(jobs: Vec<BTreeMap<String, Value>>) -> (BTreeMap<String, Value>, Vec<String>) {
    let mut jobs = jobs.into_iter();
    let Some(mut common) = jobs.next() else { return Default::default() };
    let mut varying: Vec<String> = Vec::new();
    for job in jobs {
        varying.extend(job.keys().filter(|name| !common.contains_key(*name)).cloned());
        common.retain(|name, value| {
            let is_same = job.get(name) == Some(value);
            if !is_same {
                varying.push(name.clone());
            }
            is_same
        });
    }
    varying.sort_unstable();
    varying.dedup();
    (common, varying)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::{any, proptest};
    use serde_json::json;

    use super::{common, folders, is_multirun, overrides, own, params};

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_hydra_writes_is_read() {
        let text = "model:\n  width: 100\nlr: 1.0e-05\nname: ${model.width}\nnested:\n  a:\n  - 1\n  - 2\n  b: null\n  miss: ???\n";
        let found = params(text.as_bytes()).expect("read");
        assert_eq!(found["model.width"], 100);
        assert_eq!(found["lr"], 1e-5);
        assert_eq!(found["name"], "${model.width}");
        assert_eq!((&found["nested.a"], &found["nested.b"]), (&json!([1, 2]), &json!(null)));
        assert_eq!(
            overrides(b"- lr=0.2\n- model=big\n- '+a.b=\"x y\"'\n").expect("read"),
            ["lr=0.2", "model=big", "+a.b=\"x y\""]
        );
        assert_eq!(overrides(b"[]\n"), Ok(vec![]));
        assert!(overrides(b"a: 1\n").is_err() && params(b"- 1\n").is_err());
    }

    #[test]
    fn folders_and_modes_are_found_in_the_command() {
        assert_eq!(folders(&words("train.py hydra.run.dir=out/x '+hydra.sweep.dir=a' lr=1")), ["out/x"]);
        assert_eq!(folders(&words("t.py hydra.run.dir=logs/${now:%Y}/x hydra.sweep.dir=${x}")), ["logs", "."]);
        assert!(is_multirun(&words("python train.py -m lr=1,2")) && is_multirun(&words("python -m pkg --multirun")));
        assert!(!is_multirun(&words("python3.11 -m pkg.train lr=1")));
    }

    #[test]
    fn jobs_of_other_commands_are_told_apart() {
        let jobs = |lines: &[&str]| lines.iter().map(|line| words(line)).collect::<Vec<_>>();
        assert_eq!(own(&words("python t.py lr=1 seed=2"), &jobs(&["lr=1 seed=1", "lr=1 seed=2", "lr=1", ""])), [1]);
        assert_eq!(own(&words("bash all.sh"), &jobs(&["lr=1", "lr=2"])), [0, 1]);
        assert_eq!(own(&words("python t.py -m lr=1,2 a=3"), &jobs(&["lr=1 a=3", "lr=2 a=3", "b=1"])), [0, 1]);
        assert_eq!(own(&words("python t.py"), &jobs(&["", "lr=1"])), [0]);
        assert_eq!(own(&words("python t.py seed=1"), &jobs(&["seed=2"])), [0; 0]);
        let job = |lr: i64| BTreeMap::from([("lr".to_owned(), json!(lr)), ("n".to_owned(), json!(1))]);
        let (all, varying) = common(vec![job(1), job(2), job(1)]);
        assert_eq!((all.len(), varying), (1, vec!["lr".to_owned()]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in any::<Vec<u8>>(), text in "(- [a-z=$'{}]{0,5}\n|[a-z]: &a\n|\\[\\]|\n){0,6}", words in proptest::collection::vec("(-m|a=1|a=2|hydra.run.dir=\\$\\{a/)", 0..5)) {
            let _ = (params(&bytes), overrides(&bytes), params(text.as_bytes()), overrides(text.as_bytes()));
            let _ = (folders(&words), own(&words, std::slice::from_ref(&words)));
        }
    }
}
