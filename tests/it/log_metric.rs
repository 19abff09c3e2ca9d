//! `git xp log-metric` and `git xp log-param`.

use crate::support::TestRepo;

#[test]
fn all_forms_are_logged() {
    let repo = TestRepo::new();
    let out = repo.xp(&["log-metric", "val_acc", "0.93", "loss=0.2", "--step", "10"]);
    insta::assert_snapshot!(out.stderr, @r"
    warning: a manual run is open: no seed is recorded
    hint: git xp finish    ends it
    ");
    repo.xp(&["log-metric", "val_acc=0.95", "--step", "11"]).ok();
    repo.sh("printf 'val_acc 0.97 12\\nf1 0.5\\n\\n{\"metric\":\"auc\",\"value\":0.7,\"step\":3}\\n' | git xp log-metric --stdin").ok();
    repo.xp(&["log-param", "lr", "1e-3", "optimizer=adam"]).ok();
    assert_eq!(repo.facts("run").len(), 0);
    repo.xp(&["finish"]).ok();
    let fact = &repo.facts("run")[0];
    assert_eq!(fact["manual"], true);
    assert_eq!(fact["metrics"]["val_acc"]["final"], 0.97);
    assert_eq!(
        (fact["metrics"]["val_acc"]["step"].as_i64(), fact["metrics"]["val_acc"]["count"].as_i64()),
        (Some(12), Some(3))
    );
    assert_eq!(fact["metrics"]["loss"]["final"], 0.2);
    assert_eq!(fact["metrics"]["f1"]["final"], 0.5);
    assert_eq!(fact["metrics"]["auc"]["step"], 3);
    assert_eq!(fact["params"], serde_json::json!({"lr": 0.001, "optimizer": "adam"}));
    repo.is_sound();
}

#[test]
fn values_that_json_lacks_are_kept() {
    let repo = TestRepo::new();
    repo.xp(&["log-metric", "a", "nan", "b", "-inf", "c=Infinity", "big", "12345678901234567890", "neg", "-3"]).ok();
    repo.xp(&["finish"]).ok();
    let metrics = &repo.facts("run")[0]["metrics"];
    assert_eq!(metrics["a"]["final"], "NaN");
    assert_eq!(metrics["b"]["final"], "-Infinity");
    assert_eq!(metrics["c"]["final"], "Infinity");
    assert_eq!(metrics["big"]["final"], "12345678901234567890");
    assert_eq!(metrics["neg"]["final"], -3);
}

#[test]
fn the_highest_step_is_the_final_one() {
    let repo = TestRepo::new();
    for (value, step) in [("1", "5"), ("2", "9"), ("3", "2"), ("4", "9"), ("5", "-1")] {
        repo.xp(&["log-metric", "m", value, "--step", step]).ok();
    }
    repo.xp(&["finish"]).ok();
    let fact = &repo.facts("run")[0]["metrics"]["m"];
    assert_eq!((fact["final"].as_i64(), fact["step"].as_i64(), fact["count"].as_i64()), (Some(4), Some(9), Some(5)));
    let series = repo.xp(&["show", "last", "--file", "series.tsv"]).ok();
    assert_eq!(series.lines().count(), 6);
}

#[test]
fn wrong_input_says_what_to_type() {
    let repo = TestRepo::new();
    insta::assert_snapshot!(repo.xp(&["log-metric", "val_acc"]).fails(129), @r"
    error: metric 'val_acc' has no value
    hint: git xp log-metric 'val_acc' <number>
    ");
    insta::assert_snapshot!(repo.xp(&["log-metric", "val_acc", "high"]).fails(129), @r"
    error: metric 'val_acc': 'high' is no number
    hint: such as 0.93, 1e-3, nan, -inf
    ");
    insta::assert_snapshot!(repo.sh("printf 'a 1\\nb x\\n' | git xp log-metric --stdin").fails(129), @r"
    warning: a manual run is open: no seed is recorded
    hint: git xp finish    ends it
    error: metric 'b': 'x' is no number
    hint: such as 0.93, 1e-3, nan, -inf
    ");
    insta::assert_snapshot!(repo.sh("printf 'a 1 2 3\\n' | git xp log-metric --stdin").fails(129), @r"
    error: line 1 of standard input: it is not NAME VALUE [STEP]: 'a 1 2 3'
    hint: write: NAME VALUE [STEP]
    ");
    repo.xp(&["log-metric"]).fails(129);
    repo.xp(&["log-metric", "a", "1", "--step", "x"]).fails(129);
    repo.xp(&["log-metric", "a", "1", "--run", "nowhere"]).fails(128);
    repo.xp(&["log-param", "lr"]).fails(129);
    // The good line beside the bad one is logged, nothing else.
    repo.xp(&["finish"]).ok();
    let metrics = repo.facts("run")[0]["metrics"].clone();
    assert_eq!((metrics["a"]["final"].as_i64(), metrics.as_object().map(|all| all.len())), (Some(1), Some(1)));
}

#[test]
fn a_stream_is_logged_as_it_comes() {
    let repo = TestRepo::new();
    let line = "(echo a 1; echo b x; echo a 2; for i in $(seq 100); do grep -q '\"value\":2' $GIT_XP_JOURNAL && break; sleep 0.1; done; \
                grep -q '\"value\":2' $GIT_XP_JOURNAL && echo seen 1; printf 'last 1') | git xp log-metric --stdin";
    let out = repo.xp(&["run", "--seed", "1", "--", "bash", "-c", line]);
    assert_eq!(out.code, 0, "{out:?}");
    assert!(out.stdout.contains("warning: not logged: metric 'b'"), "{}", out.stdout);
    let metrics = repo.facts("run")[0]["metrics"].clone();
    assert_eq!(metrics["a"]["count"], 2);
    assert_eq!((metrics["seen"]["final"].as_i64(), metrics["last"]["final"].as_i64()), (Some(1), Some(1)), "{metrics}");
}

#[test]
fn inside_a_run_it_logs_to_it_and_never_fails_it() {
    let repo = TestRepo::new();
    let line = "set -e; git xp log-metric a 0.5; git xp log-metric a; git xp log-metric a high; git xp log-param depth 3; \
                git xp log-metric --nonsense; echo end";
    let out = repo.xp(&["run", "--seed", "1", "--", "bash", "-c", line]);
    assert_eq!(out.code, 0, "{out:?}");
    assert!(out.stdout.contains("warning: not logged: metric 'a' has no value"), "{}", out.stdout);
    let fact = &repo.facts("run")[0];
    assert_eq!(fact["metrics"]["a"]["final"], 0.5);
    assert_eq!(fact["params"]["depth"], 3);
    assert_eq!(repo.facts("run").len(), 1);
}

#[test]
fn a_sealed_run_gets_a_late_fact() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    let id = repo.facts("run")[0]["id"].as_str().expect("an id").to_owned();
    repo.xp(&["log-metric", "test_acc", "0.9", "--run", &id[..6]]).ok();
    repo.xp(&["log-metric", "test_acc", "0.91", "--run", "last"]).ok();
    repo.xp(&["log-param", "gpu", "a100", "--run", "last"]).ok();
    let late = repo.facts("late");
    assert_eq!(late.len(), 3);
    assert!(late.iter().all(|fact| fact["target"] == id.as_str()));
    assert_eq!(late[0]["metrics"]["test_acc"]["final"], 0.9);
    assert_eq!(repo.facts("run").len(), 1);
    let shown = repo.xp(&["show", "last"]).ok();
    assert!(shown.contains("test_acc") && shown.contains("a100"), "{shown}");
    let compared = repo.xp(&["compare", "--format", "csv"]).ok();
    assert!(compared.contains("test_acc"), "{compared}");
    repo.is_sound();
}

#[test]
fn a_program_that_outlives_its_run_still_logs() {
    let repo = TestRepo::new();
    let line = "(sleep 0.5; git xp log-metric late 1; touch ../done) >/dev/null 2>&1 &";
    repo.xp(&["run", "--seed", "1", "--", "bash", "-c", line]).ok();
    repo.sh("for i in $(seq 100); do test -e ../done && exit 0; sleep 0.1; done; exit 1").ok();
    let logged = repo.facts("late").len() == 1 || repo.facts("run")[0]["metrics"]["late"]["final"] == 1;
    assert!(logged);
}

#[test]
fn by_hand_nothing_refuses() {
    let repo = TestRepo::new();
    repo.write("train.sh", "dirty\n");
    let out = repo.xp(&["log-metric", "a", "1"]);
    assert_eq!(out.code, 0);
    assert_eq!(out.stderr.matches("warning: ").count(), 1, "{}", out.stderr);
    repo.write("train.sh", "dirtier\n");
    assert_eq!(repo.xp(&["log-metric", "a", "2"]).stderr, "");
    repo.xp(&["finish"]).ok();
    let fact = &repo.facts("run")[0];
    let snapshot = fact["snapshot"].as_str().expect("a snapshot");
    assert_eq!(repo.git(&["show", &format!("{snapshot}:train.sh")]), "dirty");
    assert_eq!(fact["metrics"]["a"]["count"], 2);
}

#[test]
fn hostile_names_are_kept() {
    let repo = TestRepo::new();
    let names = ["a b", "a|b", "a\nb", "\u{202e}x", "\u{1b}[31mred", "é", "e\u{301}"];
    for name in names {
        repo.xp(&["log-metric", name, "1"]).ok();
    }
    repo.xp(&["finish"]).ok();
    let metrics = repo.facts("run")[0]["metrics"].as_object().expect("metrics").clone();
    assert_eq!(metrics.len(), names.len());
    for args in [&["show", "last"][..], &["log"], &["compare"], &["compare", "--format", "markdown"], &["status"]] {
        let out = repo.xp(args);
        assert!(!out.stdout.contains(['\u{1b}', '\u{202e}']), "{args:?}: {}", out.stdout);
    }
    repo.is_sound();
}
