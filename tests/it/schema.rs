//! What `--json` prints is what `docs/schema` describes.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Part, TestRepo, need};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/schema")
}

/// Documents on their way to the validator.
#[derive(Default)]
struct Documents(Vec<Value>);

impl Documents {
    /// Call a command with `--json` and take its document. The exit code is 1 where `fsck` has findings.
    #[track_caller]
    fn take(&mut self, repo: &TestRepo, args: &[&str]) -> Value {
        let said = repo.xp(&[args, &["--json"]].concat());
        assert!(said.code <= 1, "{args:?}: {said:?}");
        let document: Value =
            serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {}", said.stdout));
        self.0.push(json!({"schema": args[0], "call": args.join(" "), "document": document}));
        document
    }

    #[track_caller]
    fn take_all(&mut self, repo: &TestRepo, calls: &[&str]) {
        for call in calls {
            self.take(repo, &call.split(' ').collect::<Vec<_>>());
        }
    }

    /// Which of them are wrong, and where.
    fn errors(&self, python: &str) -> String {
        let mut child = std::process::Command::new(python)
            .arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/schema.py"))
            .arg(folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let lines: String = self.0.iter().map(|document| format!("{document}\n")).collect();
        child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("written");
        let output = child.wait_with_output().expect("it ends");
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        if output.status.success() { String::new() } else { format!("wrong: {said}") }
    }
}

/// Lines that a program logs once in its life.
const ODD: &str = r#"{"metric":"loss","value":NaN,"step":1}
{"metric":"loss","value":-Infinity,"step":2}
{"metric":"loss","value":12345678901234567890,"step":-3,"time":1793500000.5}
{"metric":"a\tb\n\"c\"","value":0.1}
{"metric":"none","value":NaN}
{"param":"nested","value":{"a":[1,{"b":null}],"c":NaN}}
{"param":"large","value":9007199254740993}
{"param":"nothing","value":null}
{"param":"mixed","value":1}
not a line
"#;

fn odd() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("odd.jsonl", ODD);
    repo.write("train.yaml", "lr: 0.1\nmodel:\n  layers: [1, 2]\n  name: \"1\"\n");
    repo.write("requirements.txt", "numpy==2.2.6\n");
    repo.commit("Odd");
    repo.train(1, "0.1");
    repo.xp(&["start", "a", "--expect", "loss < 0.1", "--because", "it falls", "--planned-seeds", "3", "--tag", "lr"])
        .ok();
    repo.xp(&["start", "--amend", "--expect", "loss < 0.2"]).ok();
    let log = r#"cat odd.jsonl >> "$GIT_XP_JOURNAL""#;
    for seed in ["1", "2", "3"] {
        repo.xp(&["run", "--seed", seed, "-p", "mixed=x", "--", "sh", "-c", log, "{mixed}"]).ok();
    }
    repo.xp(&["run", "--config", "train.yaml", "--seed", "-9", "--", "sh", "-c", ": {config}; exit 3"]).fails(3);
    repo.write("train.sh", "kill -9 $$\n");
    let _ = repo.xp(&["run", "--again", "--", "sh", "train.sh"]);
    repo.xp(&["discard", "last", "--because", "wrong labels"]).ok();
    repo.git(&["checkout", "--quiet", "--", "train.sh"]);
    repo.train(4, "0.2");
    repo.xp(&["log-metric", "--run", "last", "test_acc", "0.9"]).ok();
    repo.xp(&["log-param", "--run", "last", "late", "true"]).ok();
    repo.xp(&["tag", "last", "keep", "best"]).ok();
    repo.xp(&["tag", "--delete", "last", "best"]).ok();
    repo.xp(&["remark", "last", "two\nlines"]).ok();
    repo.xp(&["remark", "a", "\u{202e}odd"]).ok();
    repo.xp(&["start", "gone", "--base", "main", "--from", "a"]).ok();
    repo.train(1, "0.3");
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["branch", "--quiet", "-D", "exp/gone"]);
    repo.xp(&["start", "empty", "--base", "main"]).ok();
    repo.git(&["switch", "--quiet", "exp/a"]);
    repo
}

#[test]
fn every_document_is_as_its_schema_says() {
    let Some(python) = need(Part::Python) else { return };
    let mut documents = Documents::default();
    let bare = TestRepo::new();
    documents.take_all(
        &bare,
        &["status", "list", "list --runs", "list --tree", "log", "log --all", "show main", "compare", "fsck"],
    );
    // Data and outputs.
    for text in ["1", "22"] {
        bare.write("data/a.csv", text);
        let script = "echo $GIT_XP_SEED > {out}/a; ln -s a {out}/b; chmod +x {out}/a";
        let uri = "web=hf://datasets/org/name@main";
        bare.xp(&["run", "--seed", "1", "--data", "train=data", "--data", uri, "--", "sh", "-c", script]).ok();
    }
    documents.take_all(&bare, &["show last", "diff last~1 last"]);
    let repo = odd();
    documents.take_all(
        &repo,
        &[
            "status",
            "log",
            "log --all",
            "log gone",
            "list",
            "list --runs",
            "list --tree",
            "list --archived",
            "list --similar last",
            "list --runs --where status='failed'",
            "show",
            "show last",
            "show last~1",
            "show a",
            "show gone",
            "show empty",
            "show exp/a",
            "show last~3 --series loss",
            "show last --series val_acc",
            "tag last",
            "tag a",
            "tag empty",
            "diff last~1 last",
            "diff last~1 gone",
            "diff last~2 last~4",
            "diff last~4 last main gone",
            "diff last last",
            "compare",
            "compare --runs",
            "compare --at best",
            "compare --at step=2",
            "compare a gone empty",
            "plot loss a",
            "plot val_acc a gone --x seconds --smooth 0.5",
            "plot loss a --each",
            "fsck",
            "check",
            "check --seed 1",
            "check -a",
            "check --recorded a",
            "check --recorded exp/*",
        ],
    );
    // By hand, until `finish`: a run under way.
    repo.xp(&["log-metric", "loss", "0.5", "--step", "1"]).ok();
    let open = documents.take(&repo, &["status"]);
    let id = open["open"][0]["id"].as_str().expect("a run under way");
    documents.take(&repo, &["show", id]);
    documents.take(&repo, &["show", id, "--series", "loss"]);
    documents.take(&repo, &["plot", "loss", id]);
    repo.xp(&["finish"]).ok();
    // What a remote alone has, and what is damaged.
    let remote = TestRepo::new();
    let from = repo.path.display().to_string();
    remote.git(&["fetch", "--quiet", &from, "+refs/heads/exp/*:refs/remotes/origin/exp/*", "+refs/xp/*:refs/xp/*"]);
    documents.take_all(&remote, &["fsck", "list", "list --runs", "compare", "show a"]);
    assert_eq!(documents.errors(&python), "");
}

#[test]
fn what_a_schema_does_not_say_is_found() {
    let Some(python) = need(Part::Python) else { return };
    let right = json!({"version": 1, "facts": 0, "repaired": 0, "findings": []});
    let mut wrong = Vec::new();
    for (key, value) in [("version", json!(2)), ("facts", json!("1")), ("findings", json!([{}])), ("new", json!(1))] {
        let mut document = right.clone();
        document[key] = value;
        wrong.push(document);
    }
    for (document, is_right) in wrong.into_iter().map(|document| (document, false)).chain([(right, true)]) {
        let documents = Documents(vec![json!({"schema": "fsck", "call": "fsck", "document": document})]);
        assert_eq!(documents.errors(&python).is_empty(), is_right, "{document}: {}", documents.errors(&python));
    }
}

#[test]
fn every_command_that_prints_json_has_a_schema() {
    let prints = |command: &clap::Command| command.get_arguments().any(|arg| arg.get_long() == Some("json"));
    let command = git_xp::cli::command();
    let with: BTreeSet<String> =
        command.get_subcommands().filter(|sub| prints(sub)).map(|sub| sub.get_name().to_owned()).collect();
    let text = std::fs::read_to_string(folder().with_file_name("json.md")).expect("docs/json.md");
    for name in &with {
        assert!(folder().join(format!("{name}.json")).is_file(), "docs/schema/{name}.json is missing");
        assert!(text.contains(&format!("schema/{name}.json")), "docs/json.md does not link schema/{name}.json");
    }
    let files = std::fs::read_dir(folder()).expect("docs/schema");
    let found: BTreeSet<String> = files
        .map(|file| file.expect("a file").path().file_stem().expect("a name").to_string_lossy().into_owned())
        .filter(|name| name != "common")
        .collect();
    assert_eq!(found, with, "a schema that no command has");
    let tested = include_str!("schema.rs");
    for name in &with {
        assert!(tested.contains(&format!("\"{name}")), "no document of {name} is validated");
    }
}
