//! `git xp diff`.

use crate::support::{Output, TestRepo};

fn diff(repo: &TestRepo, args: &[&str]) -> Output {
    repo.xp(&[&["diff"], args].concat())
}

/// A run on `main`, and one of the experiment `a` with other code, params, config, environment and seed.
fn two() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("conf.yaml", "model:\n  depth: 4\n  width: 8\n");
    repo.commit("Configure");
    repo.train(1, "0.1");
    repo.xp(&["start", "a", "--expect", "val_acc >= baseline + 0.01"]).ok();
    repo.write("train.sh", &format!("{}# more\n", crate::support::TRAIN));
    repo.write("requirements.txt", "numpy==2.0\n");
    repo.commit("Change");
    let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    command.env("OMP_NUM_THREADS", "4").args(["run", "--seed", "3", "--config", "conf.yaml", "-p", "lr=0.2"]);
    command.args(["-p", "model.depth=6", "--", "sh", "train.sh", "{lr}", "{seed}", "{config}"]);
    repo.output(&mut command).ok();
    repo
}

/// Ids, commits and times differ from test to test; short ids are as wide, whatever they are. Durations mostly differ between runs, but need not.
fn redact(repo: &TestRepo, text: &str) -> String {
    let mut text = text.to_owned();
    let runs = repo.facts("run");
    for (n, fact) in runs.iter().enumerate() {
        let time = fact["time"].as_str().expect("a time");
        text = text.replace(&format!("{} {}", &time[..10], &time[11..16]), "<time>");
        text = text.replace(&fact["commit"].as_str().expect("a commit")[..10], &format!("<commit{n}>"));
    }
    let line = |line: &str| {
        // Three characters may be part of any word, so they are looked for where ids stand.
        for (n, fact) in runs.iter().enumerate() {
            for before in ["", "a  ", "b  ", "| "] {
                let begin = format!("{before}{} ", &fact["id"].as_str().expect("an id")[..3]);
                if let Some(rest) = line.strip_prefix(&begin) {
                    return format!("{before}r0{n} {rest}\n");
                }
            }
        }
        format!("{line}\n")
    };
    let sections = text.split("\n\n").filter(|section| !section.starts_with("duration\n"));
    sections.collect::<Vec<_>>().join("\n\n").lines().map(line).collect()
}

#[test]
fn two_runs_show_what_differs_and_nothing_else() {
    let repo = two();
    insta::assert_snapshot!(redact(&repo, &diff(&repo, &["main", "a"]).ok()), @r"
    a  r00  main, seed 1, ok, <time>
    b  r01  a, seed 3, ok, <time>

    experiment
      baseline.commit      – → <commit0>
      baseline.merge_base  – → <commit0>
      branch               main → exp/a
      name                 – → a

    code
      commit  <commit0> → <commit1>
      requirements.txt  +1 -0
      train.sh          +1 -0
      2 files, +2 -0; --patch shows them

    params
      lr           0.1 → 0.2
      model.depth  added 6
      model.width  added 8

    config
      conf.yaml: 2 values as listed among the params

    environment
      variables
        OMP_NUM_THREADS  added 4

    locks
      requirements.txt  added 168267de97

    seed
      seed  1 → 3

    command
      command  sh train.sh {lr} {seed} → sh train.sh {lr} {seed} {config}

    metrics
      loss       final  0.1 → 0.2      +0.1000
      val_acc ↑  final  0.813 → 0.833  +0.02000  ▲

    files
      output.log  690005dd64 → 8b035e5cf0
    ");
    let swapped = diff(&repo, &["last", "main"]).ok();
    assert!(swapped.contains("OMP_NUM_THREADS  removed 4") && swapped.contains("seed  3 → 1"), "{swapped}");
}

#[test]
fn sections_can_be_chosen() {
    let repo = two();
    let text = diff(&repo, &["main", "a", "--only", "seed,env", "--only", "locks"]).ok();
    let headings: Vec<&str> = text.lines().skip(2).filter(|line| !line.is_empty() && !line.starts_with(' ')).collect();
    assert_eq!(headings, ["environment", "locks", "seed"]);
    let text = diff(&repo, &["main", "a", "--only", "settings,tags"]).ok();
    assert!(text.contains("do not differ in settings, tags"), "{text}");
    let error = diff(&repo, &["main", "a", "--only", "parms"]).fails(129);
    assert!(error.contains("'params'"), "{error}");
}

#[test]
fn other_formats_hold_the_same() {
    let repo = two();
    let json = diff(&repo, &["main", "a", "--json"]).json();
    assert_eq!(diff(&repo, &["main", "a", "--format", "json"]).json(), json);
    let runs = repo.facts("run");
    assert_eq!((&json["version"], &json["a"]["id"], &json["b"]["name"]), (&1.into(), &runs[0]["id"], &"a".into()));
    assert_eq!(json["code"]["commit"], serde_json::json!({"a": runs[0]["commit"], "b": runs[1]["commit"]}));
    assert_eq!(json["code"]["files"][1], serde_json::json!({"path": "train.sh", "insertions": 1, "deletions": 0}));
    assert_eq!(json["params"]["model.width"], serde_json::json!({"b": 8}));
    assert_eq!(json["config"]["conf.yaml"]["model.depth"], serde_json::json!({"b": 6}));
    assert_eq!(json["environment"]["variables"]["OMP_NUM_THREADS"], serde_json::json!({"b": "4"}));
    let acc = &json["metrics"]["val_acc"];
    assert_eq!((&acc["direction"], &acc["final"]["better"]), (&"maximize".into(), &true.into()));
    assert_eq!(acc["final"]["a"], 0.813);
    assert!(json.get("status").is_none() && json.get("host").is_none(), "{json:#}");

    let csv = diff(&repo, &["main", "a", "--format", "csv"]).ok();
    assert!(csv.starts_with("section,group,key,a,b,delta,better\n"), "{csv}");
    assert!(csv.contains("\nparams,,lr,0.1,0.2,,\n") && csv.contains("\ncode,file,train.sh,0,1,,\n"), "{csv}");
    let markdown = diff(&repo, &["main", "a", "--format", "markdown"]).ok();
    assert!(markdown.contains("| params | lr | 0.1 | 0.2 |  |") && markdown.contains("▲"), "{markdown}");
}

#[test]
fn a_patch_is_what_git_applies() {
    let repo = two();
    let patch = diff(&repo, &["main", "a", "--patch"]).ok();
    assert!(patch.starts_with("diff --git a/requirements.txt"), "{patch}");
    repo.git(&["switch", "--quiet", "main"]);
    std::fs::write(repo.outside().join("patch"), &patch).expect("written");
    repo.git(&["apply", "--index", "../patch"]);
    assert_eq!(repo.git(&["write-tree"]), repo.facts("run")[1]["tree"].as_str().expect("a tree"));
    let same = diff(&repo, &["main", "main", "--patch"]);
    assert_eq!((same.code, same.stdout.as_str()), (0, ""));

    // Of a run with a snapshot the exact tree counts, and nothing that a file holds acts on a terminal.
    repo.write("train.sh", "echo '\u{1b}[31mred'\r\n");
    repo.xp(&["run", "--snapshot", "--seed", "9", "--", "sh", "train.sh"]).ok();
    let patch = diff(&repo, &["a", "last", "-p"]).ok();
    assert!(patch.contains("+echo '\u{1b}[31mred'\r\n"), "{patch:?}");
    let text = diff(&repo, &["a", "last", "--only", "code"]).ok();
    assert!(text.contains("dirty") && text.contains("train.sh"), "{text}");
    if repo.sh("command -v script").code == 0 {
        let shown = repo.sh("TERM=xterm script -qec 'git-xp diff a last -p' /dev/null").ok();
        assert!(shown.contains("\u{1b}[32m+echo '\\u001b[31mred'\\r"), "{shown:?}");
    }
}

#[test]
fn runs_that_do_not_differ_say_so() {
    let repo = TestRepo::new();
    let line = r#"echo '{"metric":"m","value":1}' >> "$GIT_XP_JOURNAL""#;
    for again in [&["--again"][..], &["--again"]] {
        repo.xp(&[&["run", "--seed", "1"], again, &["--", "sh", "-c", line]].concat()).ok();
    }
    let text = diff(&repo, &["last", "last"]).ok();
    assert!(text.ends_with(" do not differ in anything that is recorded\n"), "{text}");
    let text = diff(&repo, &["last~1", "last"]).ok();
    assert!(text.contains(" do not differ in anything that is recorded") && text.lines().count() == 1, "{text}");
    let json = diff(&repo, &["last", "last", "--json"]).json();
    assert_eq!(json.as_object().expect("an object").keys().collect::<Vec<_>>(), ["version", "a", "b"]);
}

#[test]
fn points_before_the_last_are_seen() {
    let repo = TestRepo::new();
    let points = |middle: &str| {
        let line = format!(
            "for v in 0 {middle} 9 4; do echo \"{{\\\"metric\\\":\\\"m\\\",\\\"value\\\":$v,\\\"time\\\":$(date +%s)}}\" >> $GIT_XP_JOURNAL; done"
        );
        repo.write("log.sh", &line);
        repo.commit("Log");
        repo.xp(&["run", "--seed", "1", "--", "sh", "log.sh"]).ok();
    };
    points("5");
    points("6");
    let text = diff(&repo, &["last~1", "last", "--only", "metrics"]).ok();
    assert!(text.contains("m  ") && text.contains("points before the last differ"), "{text}");
}

#[test]
fn of_an_experiment_the_last_run_that_counts_is_taken() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.xp(&["start", "a"]).ok();
    repo.train(2, "0.2");
    repo.train(3, "0.2");
    repo.xp(&["discard", "last", "--because", "a slip"]).ok();
    repo.xp(&["run", "--seed", "4", "--", "false"]).fails(1);
    repo.git(&["commit", "--quiet", "--allow-empty", "-m", "Nothing"]);
    repo.xp(&["run", "--seed", "5", "--", "false"]).fails(1);
    let runs = repo.facts("run");
    let json = diff(&repo, &["main", "a", "--json"]).json();
    assert_eq!((&json["a"]["id"], &json["b"]["id"]), (&runs[0]["id"], &runs[1]["id"]));
    // Where none counts, the last one is.
    assert_eq!(diff(&repo, &["HEAD", "main", "--json"]).json()["a"]["id"], runs[4]["id"]);
    let withdrawn = runs[2]["id"].as_str().expect("an id");
    let text = diff(&repo, &["a", withdrawn]).ok();
    assert!(text.contains("withdrawn  – → a slip"), "{text}");
}

#[test]
fn code_that_is_not_here_is_said_and_the_rest_shown() {
    let repo = two();
    let other = TestRepo::empty();
    let from = repo.path.display().to_string();
    other.git(&["fetch", "--quiet", &from, "refs/xp/runs/*:refs/xp/runs/*"]);
    let ids: Vec<String> = repo.facts("run").iter().map(|run| run["id"].as_str().expect("an id").to_owned()).collect();
    let text = diff(&other, &[&ids[0], &ids[1]]).ok();
    assert!(text.contains("the code is not here (tree ") && text.contains("lr           0.1 → 0.2"), "{text}");
    let json = diff(&other, &[&ids[0], &ids[1], "--json"]).json();
    assert_eq!(json["code"]["missing"].as_array().map(Vec::len), Some(2));
    let error = diff(&other, &[&ids[0], &ids[1], "--patch"]).fails(128);
    assert!(error.contains("the code is not here") && error.contains("hint: "), "{error}");
}

#[test]
fn more_than_two_make_a_table() {
    let repo = TestRepo::new();
    repo.write("train.sh", crate::support::TRAIN);
    for (seed, lr) in [(1, "0.1"), (2, "0.1"), (1, "\"0.1\"")] {
        repo.train(seed, lr);
    }
    repo.xp(&["start", "a", "--expect", "val_acc > 0.8"]).ok();
    repo.train(1, "0.2");
    let runs = ["main", "last~0", "a"];
    let ids: Vec<String> = repo.facts("run").iter().map(|run| run["id"].as_str().expect("an id").to_owned()).collect();
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    insta::assert_snapshot!(redact(&repo, &diff(&repo, &all).ok()), @r#"
    run  experiment  seed     lr  loss  val_acc ↑
    ─────────────────────────────────────────────
    r00  main        1       0.1   0.1      0.813
    r01  main        2       0.1   0.1      0.823
    r02  main        1     "0.1"   0.1      0.813
    r03  a           1       0.2   0.2      0.813

    also different: experiment, code, files; git xp diff with two of them, or --only, shows how
    "#);
    insta::assert_snapshot!(redact(&repo, &diff(&repo, &[&all, &["--only", "params", "--format", "markdown"][..]].concat()).ok()), @r#"
    | run | experiment | lr |
    | :-- | :-- | --: |
    | r00 | main | 0.1 |
    | r01 | main | 0.1 |
    | r02 | main | "0.1" |
    | r03 | a | 0.2 |

    - also different: experiment, code, seed, metrics, files; git xp diff with two of them, or --only, shows how
    "#);
    let csv = diff(&repo, &[&all, &["--only", "params", "--format", "csv"][..]].concat()).ok();
    let lines: Vec<String> = csv.lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "id,experiment,param.lr");
    assert_eq!(lines[4], format!("{},a,0.2", ids[3]));
    let json = diff(&repo, &[&all, &["--json"][..]].concat()).json();
    assert_eq!(json["columns"][0], serde_json::json!({"section": "seed", "group": "", "key": "seed"}));
    assert_eq!(json["runs"][3]["values"]["params"]["lr"], 0.2);
    assert_eq!(json["also"][0], "experiment");
    assert_eq!(diff(&repo, &runs).ok().lines().filter(|line| line.contains(" a ")).count(), 2);
    diff(&repo, &["main", "a", "last", "--patch"]).fails(129);
}

#[test]
fn late_metrics_and_params_count() {
    let repo = two();
    repo.xp(&["log-metric", "test_acc", "0.7", "--run", "last"]).ok();
    repo.xp(&["log-param", "labels=old", "--run", "last"]).ok();
    let text = diff(&repo, &["main", "last"]).ok();
    assert!(text.contains("test_acc") && text.contains("labels       added old"), "{text}");
}

#[test]
fn wrong_calls_say_what_to_type() {
    let repo = two();
    diff(&repo, &[]).fails(129);
    diff(&repo, &["last"]).fails(129);
    diff(&repo, &["last", "main", "--patch", "--json"]).fails(129);
    insta::assert_snapshot!(diff(&repo, &["last", "nowhere"]).fails(128), @r"
    error: 'nowhere' is no experiment, run or commit
    hint: git xp list, git xp list --runs    show what there is
    ");
    insta::assert_snapshot!(diff(&repo, &["last", "last~7"]).fails(128), @r"error: 'last~7' goes back too far: there are 1 runs");
    let repo = TestRepo::new();
    insta::assert_snapshot!(diff(&repo, &["main", "HEAD"]).fails(128).replace(&repo.git(&["rev-parse", "HEAD"]), "<commit>"), @r"
    error: '<commit>' has no run yet
    hint: git xp run --seed 1 -- <command>
    ");
}
