//! `git xp list`.

use crate::support::TestRepo;

/// A baseline, and experiments `a` (two seeds), `b` (started from `a`, one that failed) and `c` (without a run).
fn listed() -> TestRepo {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.xp(&["start", "a", "--expect", "val_acc >= 0.8", "--because", "the loss is flat", "--tag", "lr"]).ok();
    repo.train(1, "0.2");
    repo.train(3, "0.2");
    repo.xp(&["start", "b", "--from", "a", "--base", "main", "--expect", "loss < 0.3"]).ok();
    repo.train(4, "0.3");
    repo.xp(&["run", "--seed", "5", "-p", "lr=0.4", "--", "sh", "-c", "exit {lr}"]).fails(2);
    repo.xp(&["start", "c", "--base", "main"]).ok();
    repo.git(&["switch", "--quiet", "main"]);
    repo
}

fn names(repo: &TestRepo, args: &[&str]) -> Vec<String> {
    let json = repo.xp(&[&["list", "--json"], args].concat()).json();
    json["experiments"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|found| found["name"].as_str().expect("a name").to_owned())
        .collect()
}

fn runs(repo: &TestRepo, filter: &str) -> Vec<i64> {
    let json = repo.xp(&["list", "--runs", "--json", "--sort", "seed,experiment", "--where", filter]).json();
    json["runs"].as_array().expect("a list").iter().map(|run| run["seed"].as_i64().expect("a seed")).collect()
}

#[test]
fn experiments_with_their_runs_and_numbers() {
    let repo = listed();
    insta::assert_snapshot!(repo.xp(&["list"]).ok(), @r"
    experiment  state  runs         metric   best point           mean  age       hypothesis
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    c           open   0                              –              –  just now
    b           open   1 +1 failed  loss            0.3         0.3000  just now  We believe that we get loss of less than 0.3, because the loss is flat.
    a           open   2            val_acc       0.833  0.823 ± 0.014  just now  We believe that we get val_acc of at least 0.8, because the loss is flat.
    ");
    assert_eq!(names(&repo, &["--sort", "experiment"]), ["a", "b", "c"]);
    assert_eq!(names(&repo, &["--sort=-metrics.val_acc,experiment"]), ["b", "a", "c"]);
    assert_eq!(names(&repo, &["exp/[ab]", "-n", "1"]), ["b"]);
    assert_eq!(names(&repo, &["a", "c"]), ["c", "a"]);
    let text = repo.xp(&["list", "nothing*"]).fails(128);
    assert!(text.contains("no experiment or branch matches 'nothing*'"), "{text}");
}

#[test]
fn filters_choose_runs_and_the_experiments_that_have_them() {
    let repo = listed();
    assert_eq!(runs(&repo, "status = 'failed'"), [5]);
    assert_eq!(runs(&repo, "params.lr in (0.2, 0.3) and metrics.val_acc.max > 0.82"), [3, 4]);
    assert_eq!(runs(&repo, "not params.lr = 0.2 and status != 'failed'"), [1, 4]);
    assert_eq!(runs(&repo, "branch like 'exp/%' and started > '1 hour ago'"), [1, 3, 4, 5]);
    assert_eq!(runs(&repo, "tags.lr and seed < 3"), [1]);
    assert_eq!(names(&repo, &["--where", "status = 'failed'"]), ["b"]);
    assert_eq!(names(&repo, &["--where", "runs = 0"]), ["c"]);
    assert_eq!(names(&repo, &["--where", "metrics.val_acc > 0.9"]), [] as [&str; 0]);
    insta::assert_snapshot!(repo.xp(&["list", "--where", "metrics.val_ac > 1"]).fails(129), @r"
    error: column 1: no run has the metric 'val_ac'; did you mean metrics.val_acc?
      metrics.val_ac > 1
      ^
    ");
    insta::assert_snapshot!(repo.xp(&["list", "--where", "seed > 1 and statu = 'ok'"]).fails(129), @r"
    error: column 14: 'statu' is no attribute; did you mean status?
      seed > 1 and statu = 'ok'
                   ^
    ");
    repo.xp(&["list", "--sort", "metrics.nope"]).fails(129);
    repo.xp(&["list", "--columns", "params.nope"]).fails(129);
}

#[test]
fn columns_and_formats() {
    let repo = listed();
    let columns = "experiment,seed,params.lr,metrics.val_acc,status";
    let args = ["list", "--runs", "--sort", "seed,experiment", "--columns", columns];
    insta::assert_snapshot!(repo.xp(&args).ok(), @r"
    experiment  seed   lr  val_acc  status
    ──────────────────────────────────────
    a              1  0.2    0.813  ok
    –              1  0.1    0.813  ok
    a              3  0.2    0.833  ok
    b              4  0.3    0.843  ok
    b              5  0.4        –  failed
    ");
    insta::assert_snapshot!(repo.xp(&[&args[..], &["--format", "csv"]].concat()).ok(), @r"
    experiment,seed,params.lr,metrics.val_acc,status
    a,1,0.2,0.813,ok
    ,1,0.1,0.813,ok
    a,3,0.2,0.833,ok
    b,4,0.3,0.843,ok
    b,5,0.4,,failed
    ");
    assert!(repo.xp(&["list", "--format", "markdown"]).ok().starts_with("| experiment |"));
    for width in ["40", "20", "1"] {
        let output =
            repo.output(repo.command(env!("CARGO_BIN_EXE_git-xp")).args(["list", "--runs"]).env("COLUMNS", width)).ok();
        let widest = output.lines().map(|line| line.chars().count()).max().expect("lines");
        assert!(widest <= width.parse::<usize>().expect("a number").max(8), "{width}: {output}");
    }
}

#[test]
fn descent_is_drawn() {
    let repo = listed();
    repo.xp(&["start", "d", "--from", "b", "--base", "main"]).ok();
    repo.xp(&["start", "e", "--from", "a", "--base", "main"]).ok();
    let text = repo.xp(&["list", "--tree", "--columns", "experiment,runs"]).ok();
    insta::assert_snapshot!(text, @r"
    experiment  runs
    ────────────────
    c              0
    a              2
    ├─ e           0
    └─ b           2
       └─ d        0
    ");
}

#[test]
fn tags_remarks_and_states_are_found() {
    let repo = listed();
    repo.xp(&["remark", "b", "The loss still falls at the end"]).ok();
    repo.xp(&["tag", "a", "archived"]).ok();
    assert_eq!(names(&repo, &[]), ["c", "b"]);
    assert_eq!(names(&repo, &["--archived"]), ["c", "b", "a"]);
    assert_eq!(names(&repo, &["--grep", "STILL FALLS"]), ["b"]);
    assert_eq!(names(&repo, &["--archived", "--grep", "at least"]), ["a"]);
    assert_eq!(names(&repo, &["--where", "remarks contains 'falls'"]), ["b"]);
    repo.git(&["branch", "--quiet", "-D", "exp/b"]);
    repo.git(&["merge", "--quiet", "--no-ff", "-m", "Take c", "exp/c"]);
    repo.git(&["branch", "--quiet", "-D", "exp/c"]);
    let json = repo.xp(&["list", "--json", "--archived", "--sort", "experiment"]).json();
    let states: Vec<_> = json["experiments"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|found| found["state"].as_str().expect("a state"))
        .collect();
    assert_eq!(states, ["open", "deleted", "merged"]);
    assert_eq!(names(&repo, &["--where", "state = 'merged'"]), ["c"]);
}

#[test]
fn similar_runs_are_measured_and_drawn() {
    let repo = listed();
    let text = repo.xp(&["list", "--similar", "a"]).ok();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("a seed 3 and the runs with the most similar params"), "{text}");
    assert!(lines[4].trim_start().starts_with("0.000") && lines[4].ends_with("nothing"), "{text}");
    assert!(text.contains("lr 0.2 → 0.3") && text.contains("┐"), "{text}");
    let json = repo.xp(&["list", "--similar", "a", "-n", "2", "--json"]).json();
    assert_eq!(json["runs"].as_array().expect("a list").len(), 2);
    assert_eq!(json["runs"][0]["distance"], 0.0);
}

#[test]
fn nothing_is_a_sentence() {
    let repo = TestRepo::new();
    let output = repo.xp(&["list"]);
    assert_eq!((output.code, output.stdout.lines().count() > 2), (0, false), "{output:?}");
    assert!(output.stderr.contains("there is no experiment yet"), "{output:?}");
    assert_eq!(repo.xp(&["list", "--json"]).json()["experiments"], serde_json::json!([]));
}

#[test]
fn hostile_names_are_shown_not_obeyed() {
    let repo = TestRepo::new();
    repo.xp(&["start", "x", "--because", "\u{1b}[31mred\u{202e}"]).ok();
    let script = "printf '{\"metric\":\"\\\\u001b[2J\",\"value\":1}\\n{\"param\":\"a`b\\\\n\",\"value\":\"\\\\u001b]0;x\"}\\n' >> \"$GIT_XP_JOURNAL\"";
    repo.xp(&["run", "--seed", "1", "--", "sh", "-c", script]).ok();
    repo.xp(&["run", "--seed", "2", "-p", "p=1", "--", "test", "{p}"]).ok();
    for args in [&["list"][..], &["list", "--runs"], &["list", "--similar", "last"], &["compare"]] {
        let output = repo.xp(args);
        assert_eq!(output.code, 0, "{output:?}");
        assert!(!output.stdout.contains(['\u{1b}', '\u{202e}']), "{args:?}: {:?}", output.stdout);
    }
}

#[test]
fn long_lists_go_to_the_pager_of_a_terminal() {
    let repo = listed();
    if repo.sh("command -v script").code != 0 {
        return;
    }
    let paged = |pager: &str| {
        let line = format!(
            "stty rows 4 cols 80; GIT_PAGER='{pager}' TERM=xterm script -qec 'stty rows 4 cols 80; git-xp list' /dev/null"
        );
        repo.sh(&line).stdout
    };
    assert!(paged("sed s/experiment/PAGED/").contains("PAGED"));
    assert!(!paged("cat").contains("PAGED"));
    // No terminal, no pager.
    assert!(repo.sh("GIT_PAGER='sed s/experiment/PAGED/' git-xp list").stdout.contains("experiment"));
}
