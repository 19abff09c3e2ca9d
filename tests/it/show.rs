//! `git xp show`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Output, TestRepo, exit_code};

const BIN: &str = env!("CARGO_BIN_EXE_git-xp");

/// Logs slowly; ends when the file `go` lies beside the repository.
const SLOW: &str = r#"echo begin
echo '{"metric":"acc","value":0.5,"step":1}' >> "$GIT_XP_JOURNAL"
until [ -e ../go ]; do sleep 0.05; done
printf 'end\n'
echo '{"metric":"acc","value":0.75,"step":2}' >> "$GIT_XP_JOURNAL"
"#;

fn show(repo: &TestRepo, args: &[&str]) -> Output {
    repo.xp(&[&["show"], args].concat())
}

/// The lines of some keys, with their values; times differ from test to test.
fn lines(repo: &TestRepo, text: &str, keys: &[&str]) -> String {
    let mut text = text.to_owned();
    for kind in ["run", "late", "tag", "remark", "withdrawal", "experiment"] {
        for fact in repo.facts(kind) {
            let time = fact["time"].as_str().expect("a time");
            text = text.replace(&format!("{} {}", &time[..10], &time[11..16]), "<time>");
        }
    }
    let mut is_wanted = false;
    let wanted = text.lines().filter(|line| {
        let key = line.get(..12).unwrap_or_default().trim();
        is_wanted = if key.is_empty() { is_wanted } else { keys.contains(&key) };
        is_wanted
    });
    wanted.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_run_an_experiment_and_a_commit_are_shown() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a", "--expect", "val_acc >= 0.9", "--because", "why"]).ok();
    repo.train(7, "0.1");
    let text = show(&repo, &[]).ok();
    for part in ["seed", "7", "lr", "0.1", "val_acc", "sh train.sh"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = show(&repo, &["a"]).ok();
    assert!(text.contains("val_acc >= 0.9") && text.contains("why"), "{text}");
    assert!(show(&repo, &["HEAD"]).ok().contains("val_acc"));
    assert!(show(&repo, &["main"]).ok().contains("has no run"));
    let json = show(&repo, &["last", "--json"]).json();
    assert_eq!(json["runs"][0]["fact"], repo.facts("run")[0]);
}

#[test]
fn everything_that_a_fact_says_is_shown() {
    let repo = TestRepo::new();
    repo.write("requirements.txt", "numpy==2.0\n");
    repo.write(".xp.toml", "[metrics]\nval_acc = \"maximize\"\n");
    repo.write("conf.toml", "lr = 0.1\n");
    repo.commit("Lock");
    repo.xp(&["start", "a"]).ok();
    repo.write("new", "1");
    repo.xp(&[
        "run",
        "--snapshot",
        "--seed",
        "1",
        "--config",
        "conf.toml",
        "--",
        "sh",
        "train.sh",
        "0.1",
        "{seed}",
        "{config}",
    ])
    .ok();
    let text = show(&repo, &[]).ok();
    let fact = &repo.facts("run")[0];
    let words = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => vec![text.clone()],
        serde_json::Value::Object(map) => map.keys().cloned().collect(),
        serde_json::Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        value => vec![value.to_string()],
    };
    // Those that are said in other words.
    let others = [
        "xp",
        "experiment",
        "kind",
        "time",
        "start",
        "end",
        "seconds",
        "resources",
        "head",
        "dirty",
        "settings",
        "baseline",
        "diff",
        "config",
        "branch",
        "command",
    ];
    for (key, value) in fact.as_object().expect("an object").iter().filter(|(key, _)| !others.contains(&key.as_str())) {
        for word in words(value) {
            assert!(text.contains(&word), "{key} {word}: {text}");
        }
    }
    for part in [
        "exp/a",
        "2 lines of .xp.toml",
        "conf.toml sha256:",
        "linux",
        "train.sh 0.1 {seed} {config}",
        "since the baseline",
        "used  CPU ",
        "peak memory ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn what_was_said_later_is_merged_and_marked() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a", "--expect", "val_acc >= 0.9", "--tag", "wip"]).ok();
    repo.xp(&["start", "--amend", "--expect", "val_acc >= 0.8", "--planned-seeds", "3"]).ok();
    repo.train(1, "0.1");
    repo.xp(&["log-metric", "loss", "0.25", "test_acc", "0.7", "--run", "last"]).ok();
    repo.xp(&["log-param", "labels=old", "--run", "last"]).ok();
    repo.xp(&["tag", "last", "keep", "slow"]).ok();
    repo.xp(&["tag", "-d", "last", "slow"]).ok();
    repo.xp(&["remark", "last", "first line\n\u{1b}[31msecond"]).ok();
    repo.xp(&["discard", "last", "--because", "a slip"]).ok();
    repo.train(2, "0.2");
    let keys = ["withdrawn", "branch", "param", "metric", "tags", "tag", "remark"];
    insta::assert_snapshot!(lines(&repo, &show(&repo, &["last~1"]).ok(), &keys), @r"
    withdrawn  <time> Ada: a slip
       branch  exp/a
        param  labels = old  (late: <time> Ada)
        param  lr = 0.1
       metric  loss = 0.25  (late: <time> Ada; before: 0.1)  ▁█
       metric  test_acc = 0.7  (late: <time> Ada)
       metric  val_acc = 0.813 at step 3  (3 points, 0.811 to 0.813)  ▁▅█
         tags  keep
          tag  <time> Ada: keep slow
          tag  <time> Ada: removed slow
       remark  <time> Ada: first line
               \u001b[31msecond
    ");
    let json = show(&repo, &["last~1", "--json"]).json();
    let run = &json["runs"][0];
    assert_eq!((&run["tags"], &run["withdrawn"]), (&serde_json::json!(["keep"]), &"a slip".into()));
    assert_eq!(
        (&run["late"][0]["by"], &run["about"][1]["removed"][0]),
        (&"Ada <ada@example.org>".into(), &"slow".into())
    );

    repo.xp(&["remark", "a", "worth it"]).ok();
    repo.xp(&["tag", "a", "paper"]).ok();
    let keys = ["state", "started", "amended", "expect", "seeds", "tags", "tag", "remark"];
    let text = show(&repo, &["a"]).ok();
    insta::assert_snapshot!(lines(&repo, &text, &keys), @r"
      state  open, 2 runs of 3 planned, 1 withdrawn
    started  <time> Ada
    amended  <time> Ada: expect was val_acc >= 0.9; seeds was none
     expect  val_acc >= 0.8
      seeds  3 planned
       tags  paper wip
     remark  <time> Ada: worth it
        tag  <time> Ada: paper
    ");
    let table: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("run  ")).collect();
    assert!(table[0].contains("val_acc ↑") && table[2].contains("withdrawn") && table.len() == 4, "{text}");
    let json = show(&repo, &["a", "--json"]).json();
    let experiment = &json["experiment"];
    assert_eq!((&experiment["amendments"], &experiment["state"]), (&1.into(), &"local".into()));
    assert_eq!(experiment["tags"], serde_json::json!(["paper", "wip"]));
    assert_eq!(experiment["registrations"][0]["registration"]["hypothesis"]["expect"][0], "val_acc >= 0.9");
    assert_eq!(json["runs"].as_array().map(Vec::len), Some(2));
}

#[test]
fn files_of_a_run_are_printed() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    assert_eq!(show(&repo, &["last", "--file", "output.log"]).ok(), "trained with 0.1\n");
    assert!(show(&repo, &["last", "--file", "series.tsv"]).ok().starts_with("metric\tstep\tseconds\tvalue\n"));
    insta::assert_snapshot!(
        show(&repo, &["last", "--file", "x"]).fails(128).replace(repo.facts("run")[0]["id"].as_str().expect("an id"), "<id>"), @r"
    error: run <id> has no file 'x'
    hint: it has: env.toml, output.log, series.tsv
    ");
}

#[test]
fn the_points_of_a_series_are_printed_exactly() {
    let repo = TestRepo::new();
    let line = r#"{"metric":"a\tb","value":0.1,"step":1}
{"metric":"a\tb","value":NaN}
{"metric":"a\tb","value":12345678901234567890,"step":-3}
{"metric":"a","value":1e-300,"step":1}
"#;
    std::fs::write(repo.outside().join("lines"), line).expect("written");
    repo.xp(&["run", "--seed", "1", "--", "sh", "-c", r#"cat ../lines >> "$GIT_XP_JOURNAL""#]).ok();
    insta::assert_snapshot!(show(&repo, &["last", "--series", "a\tb"]).ok(), @r"
    step  seconds  value
       1           0.1
                   NaN
      -3           12345678901234567890
    ");
    assert_eq!(
        show(&repo, &["last", "--series", "a\tb", "--csv"]).ok(),
        "step,seconds,value\n1,,0.1\n,,NaN\n-3,,12345678901234567890\n"
    );
    let json = show(&repo, &["last", "--series", "a\tb", "--json"]).json();
    assert_eq!(json["points"][1], serde_json::json!({"step": null, "seconds": null, "value": "NaN"}));
    assert_eq!(json["points"][2]["value"], "12345678901234567890");
    assert_eq!((&json["version"], &json["metric"]), (&1.into(), &"a\tb".into()));
    repo.xp(&["log-metric", "a", "2", "--step", "7", "--run", "last"]).ok();
    assert_eq!(show(&repo, &["--series", "a", "--csv"]).ok(), "step,seconds,value\n1,,1e-300\n7,,2\n");
    let id = repo.facts("run")[0]["id"].as_str().expect("an id").to_owned();
    insta::assert_snapshot!(show(&repo, &["--series", "zzz"]).fails(128).replace(&id, "<id>"), @r"
    error: run <id> has no series 'zzz'
    hint: it has: a\tb, a
    ");
    show(&repo, &["--csv"]).fails(129);
    show(&repo, &["--series", "a", "--csv", "--json"]).fails(129);
}

fn spawn(repo: &TestRepo, args: &[&str]) -> Child {
    let mut command: Command = repo.command(BIN);
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

/// A follower that has printed its first line, and the lines behind it.
fn following(repo: &TestRepo) -> (Child, impl Iterator<Item = String>) {
    let mut follower = spawn(repo, &["show", "--follow"]);
    let mut lines = BufReader::new(follower.stdout.take().expect("a pipe")).lines().map(|line| line.expect("text"));
    lines.next().expect("a line");
    (follower, lines)
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A run of `SLOW` that has logged its first point, and its id.
fn slow(repo: &TestRepo) -> (Child, String) {
    let run = spawn(repo, &["run", "--seed", "7", "--", "sh", "slow.sh"]);
    let mut id = None;
    wait_until("it runs", || {
        let status = repo.xp(&["status", "--json"]).json();
        id = status["open"][0]["id"].as_str().map(str::to_owned);
        id.as_ref().is_some_and(|id| repo.xp(&["show", id, "--series", "acc"]).code == 0)
    });
    (run, id.expect("an id"))
}

fn prepared() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("slow.sh", SLOW);
    repo.commit("Log slowly");
    repo
}

fn go(repo: &TestRepo) {
    std::fs::write(repo.outside().join("go"), "").expect("written");
}

#[test]
fn a_run_under_way_shows_what_is_known_so_far() {
    let repo = prepared();
    let (run, id) = slow(&repo);
    let text = show(&repo, &[&id[..8]]).ok();
    assert!(text.starts_with(&format!("run {} (main seed 7) running\n", &id[..6])), "{text}");
    assert!(text.contains("acc = 0.5 at step 1") && text.contains("output.log (6 B)"), "{text}");
    assert_eq!(show(&repo, &[]).ok(), text, "where nothing else is there it is the last one");
    let json = show(&repo, &[&id, "--json"]).json();
    assert_eq!((&json["open"]["id"], &json["open"]["stage"]), (&id.as_str().into(), &"running".into()));
    assert_eq!(json["open"]["fact"]["metrics"]["acc"]["final"], 0.5);
    assert!(json["open"]["fact"].get("status").is_none() && json["runs"].as_array().is_some_and(Vec::is_empty));
    assert_eq!(show(&repo, &[&id, "--file", "output.log"]).ok(), "begin\n");
    go(&repo);
    assert_eq!(exit_code(run.wait_with_output().expect("it ended").status), 0);
    assert!(show(&repo, &[&id]).ok().contains("acc = 0.75 at step 2"));
    repo.is_sound();
}

#[test]
fn a_run_is_followed_to_its_end() {
    let repo = prepared();
    let (run, id) = slow(&repo);
    let mut followers: Vec<Child> = [&["show", "--follow"][..], &["show", "-f", &id[..5]], &["show", "main", "-f"]]
        .iter()
        .map(|args| spawn(&repo, args))
        .collect();
    let mut readers = Vec::new();
    for follower in &mut followers {
        let mut reader = BufReader::new(follower.stdout.take().expect("a pipe")).lines();
        let mut seen: Vec<String> = (0..2).map(|_| reader.next().expect("a line").expect("text")).collect();
        seen.sort();
        assert_eq!(seen, ["[step 1] acc 0.5", "begin"]);
        readers.push(reader);
    }
    // All of that was seen while it runs.
    assert_eq!(repo.facts("run").len(), 0);
    go(&repo);
    assert_eq!(exit_code(run.wait_with_output().expect("it ended").status), 0);
    for (follower, reader) in followers.into_iter().zip(readers) {
        let mut seen: Vec<String> = reader.map(|line| line.expect("text")).collect();
        seen.sort();
        assert_eq!(seen, ["[step 2] acc 0.75", "end"]);
        let output = follower.wait_with_output().expect("it ended");
        assert_eq!(exit_code(output.status), 0);
        assert_eq!(String::from_utf8_lossy(&output.stderr), format!("run {} ok  acc 0.75\n", &id[..4]));
    }
    assert_eq!(repo.facts("run")[0]["metrics"]["acc"]["count"], 2);
    repo.is_sound();
}

#[test]
fn an_interrupted_follower_leaves_the_run_alone() {
    let repo = prepared();
    let (run, _) = slow(&repo);
    let (follower, _lines) = following(&repo);
    repo.sh(&format!("kill -INT {}", follower.id())).ok();
    assert_eq!(exit_code(follower.wait_with_output().expect("it ended").status), 130);
    go(&repo);
    assert_eq!(exit_code(run.wait_with_output().expect("it ended").status), 0);
    assert_eq!(repo.facts("run")[0]["status"], "ok");
}

#[test]
fn a_run_that_everybody_left_ends_the_following() {
    let repo = prepared();
    let (mut run, id) = slow(&repo);
    let (follower, lines) = following(&repo);
    run.kill().expect("killed");
    run.wait().expect("it ended");
    // The command goes on without git-xp, and is followed on.
    std::thread::sleep(Duration::from_millis(2500));
    assert!(repo.path.join(".git/xp/runs").join(&id).exists());
    go(&repo);
    let output = follower.wait_with_output().expect("it ended");
    assert_eq!(exit_code(output.status), 0);
    let (lines, stderr) = (lines.collect::<Vec<_>>(), String::from_utf8_lossy(&output.stderr));
    assert!(
        lines.iter().any(|line| line == "end") && lines.iter().any(|line| line == "[step 2] acc 0.75"),
        "{lines:?}"
    );
    assert!(stderr.contains("nobody runs") && stderr.contains("hint: git xp status"), "{stderr}");
    repo.xp(&["status"]).ok();
    assert_eq!(repo.facts("run")[0]["status"], "crashed");
}

#[test]
fn a_manual_run_is_followed_too() {
    let repo = TestRepo::new();
    repo.xp(&["log-metric", "acc", "0.5"]).ok();
    let (follower, lines) = following(&repo);
    repo.xp(&["log-metric", "odd\nname", "1", "--step", "3"]).ok();
    repo.xp(&["log-param", "lr=0.1"]).ok();
    repo.xp(&["finish"]).ok();
    let output = follower.wait_with_output().expect("it ended");
    assert_eq!(lines.collect::<Vec<_>>(), ["[step 3] odd\\nname 1", "[params] lr = 0.1"]);
    assert_eq!(exit_code(output.status), 0);
}

#[test]
fn nothing_that_a_program_prints_acts_on_the_terminal() {
    let repo = TestRepo::new();
    if repo.sh("command -v script").code != 0 {
        return;
    }
    repo.write("slow.sh", &format!("printf 'caf\\303\\251 10 %%\\r20 %%\\n\\033[31mred\\n'\n{SLOW}"));
    repo.commit("Print");
    let (run, id) = slow(&repo);
    let shown = repo.sh("(sleep 1; touch ../go) & TERM=xterm script -qec 'git-xp show --follow' /dev/null");
    assert!(shown.stdout.contains("caf\u{e9} 10 %\r20 %\r\n\\u001b[31mred"), "{shown:?}");
    run.wait_with_output().expect("it ended");
    let shown = repo.sh(&format!("TERM=xterm script -qec 'git-xp show {id} --file output.log' /dev/null"));
    assert!(shown.stdout.contains("\\u001b[31mred") && !shown.stdout.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn without_a_run_under_way_there_is_nothing_to_follow() {
    let repo = TestRepo::new();
    insta::assert_snapshot!(show(&repo, &["--follow"]).fails(128), @r"
    error: no run is under way
    hint: git xp show last    shows the last one that ended
    ");
    repo.train(1, "0.1");
    let id = repo.facts("run")[0]["id"].as_str().expect("an id").to_owned();
    insta::assert_snapshot!(show(&repo, &["--follow", &id]).fails(128).replace(&id, "<id>"), @r"
    error: run <id> has ended: ok
    hint: git xp show <id> --file output.log
    ");
    repo.xp(&["start", "a"]).ok();
    insta::assert_snapshot!(show(&repo, &["--follow", "a"]).fails(128), @r"
    error: no run of 'a' is under way
    hint: git xp show a
    ");
    insta::assert_snapshot!(show(&repo, &["--follow", "nowhere"]).fails(128), @r"
    error: 'nowhere' is no experiment, run or commit
    hint: git xp list, git xp list --runs    show what there is
    ");
    show(&repo, &["--follow", "--json"]).fails(129);
}

#[test]
fn of_several_runs_under_way_one_has_to_be_named() {
    let repo = prepared();
    let (first, id) = slow(&repo);
    let second = spawn(&repo, &["run", "--seed", "8", "--", "sh", "slow.sh"]);
    wait_until("both run", || {
        repo.xp(&["status", "--json"]).json()["open"].as_array().is_some_and(|open| open.len() == 2)
    });
    let error = show(&repo, &["--follow"]).fails(128);
    assert!(error.contains("several runs are under way") && error.contains(&id[..6]), "{error}");
    go(&repo);
    for run in [first, second] {
        assert_eq!(exit_code(run.wait_with_output().expect("it ended").status), 0);
    }
}

#[test]
fn a_seed_among_the_params_has_one_column() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a"]).ok();
    for n in ["1", "2"] {
        let (seed, layers) = (format!("train.seed={n}"), format!("layers={n}"));
        repo.xp(&["run", "--seed", n, "-p", &seed, "-p", &layers, "--", "echo", "{train.seed} {layers}"]).ok();
    }
    let text = show(&repo, &["a"]).ok();
    let header = text.lines().find(|line| line.starts_with("run  ")).expect("a table");
    assert!(header.contains("layers") && header.matches("seed").count() == 1, "{text}");
}
