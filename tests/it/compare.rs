//! `git xp compare`.

use crate::support::TestRepo;

/// A baseline with two seeds, and experiments `a` (two seeds) and `b` (one, and one that failed).
fn compared() -> TestRepo {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.train(2, "0.1");
    repo.xp(&["start", "a", "--expect", "val_acc >= baseline + 0.01"]).ok();
    repo.train(1, "0.2");
    repo.train(3, "0.2");
    repo.xp(&["start", "b", "--base", "main", "--expect", "loss < 0.3"]).ok();
    repo.train(4, "0.3");
    repo.xp(&["run", "--seed", "5", "--", "false"]).fails(1);
    repo.git(&["switch", "--quiet", "main"]);
    repo
}

/// Short oids are as wide, whatever they are.
fn redact(repo: &TestRepo, text: &str) -> String {
    let main = repo.git(&["rev-parse", "main"]);
    text.replace(&main[..7], "0000000")
}

#[test]
fn every_range_form_names_the_same() {
    let repo = compared();
    let all = repo.xp(&["compare"]).ok();
    insta::assert_snapshot!(redact(&repo, &all), @r"
    experiment       n             lr        val_acc ↑          Δ      loss ↓          Δ
    ────────────────────────────────────────────────────────────────────────────────────
    main (baseline)  2            0.1  0.8180 ± 0.0071             0.1000 ± 0
    a                2            0.2    0.823 ± 0.014   +0.005 ▲  0.2000 ± 0  +0.1000 ▼
    b                1            0.3           0.8430  +0.0250 ▲      0.3000  +0.2000 ▼
    b                0 +1 failed    –                –                      –

    mean ± standard deviation over n runs; ↑ higher is better, ↓ lower is better; Δ difference to the baseline; ▲ better, ▼ worse
    baseline main: 2 runs of 0000000
    ");
    for form in ["main..exp/*", "main..exp/", "main..", "main...exp/", "..exp/"] {
        assert_eq!(repo.xp(&["compare", form]).ok(), all, "{form}");
    }
    assert_eq!(repo.xp(&["compare", "a", "b"]).ok(), all);
    assert_eq!(repo.xp(&["compare", "main..a", "exp/b"]).ok(), all);
    let one = repo.xp(&["compare", "main...exp/a"]).ok();
    assert!(one.contains("a ") && !one.contains("\nb "), "{one}");
}

#[test]
fn what_names_nothing_is_an_error() {
    let repo = compared();
    for (range, code) in [("nowhere", 128), ("nowhere..a", 128), ("main..x*", 128), ("a..b..c", 129)] {
        let text = repo.xp(&["compare", range]);
        assert_eq!(text.code, code, "{range}: {text:?}");
        assert!(text.stderr.starts_with("error: "), "{range}: {}", text.stderr);
    }
    repo.xp(&["compare", "a", "main..b"]).fails(129);
    assert!(TestRepo::new().xp(&["compare"]).ok().contains("there is no experiment yet"));
}

#[test]
fn other_formats_hold_the_same() {
    let repo = compared();
    insta::assert_snapshot!(redact(&repo, &repo.xp(&["compare", "--format", "markdown"]).ok()), @r"
    | experiment | n | lr | val_acc ↑ | Δ | loss ↓ | Δ |
    | :-- | :-- | --: | --: | --: | --: | --: |
    | main (baseline) | 2 | 0.1 | 0.8180 ± 0.0071 |  | 0.1000 ± 0 |  |
    | a | 2 | 0.2 | 0.823 ± 0.014 | +0.005 ▲ | 0.2000 ± 0 | +0.1000 ▼ |
    | b | 1 | 0.3 | 0.8430 | +0.0250 ▲ | 0.3000 | +0.2000 ▼ |
    | b | 0 +1 failed | – | – |  | – |  |

    - mean ± standard deviation over n runs; ↑ higher is better, ↓ lower is better; Δ difference to the baseline; ▲ better, ▼ worse
    - baseline main: 2 runs of 0000000
    ");
    let csv = repo.xp(&["compare", "--format", "csv"]).ok();
    assert!(csv.lines().count() > 3, "{csv}");
    let columns: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert!(columns.windows(2).all(|pair| pair[0] == pair[1]), "{csv}");
    let json = repo.xp(&["compare", "--format", "json"]).json();
    assert_eq!(json["version"], 1);
    assert_eq!(repo.xp(&["compare", "--json"]).json(), json);
    repo.xp(&["compare", "--format", "xml"]).fails(129);
}

#[test]
fn where_an_experiment_went_is_named() {
    let repo = compared();
    repo.git(&["branch", "-D", "exp/b"]);
    repo.git(&["merge", "--quiet", "--no-edit", "exp/a"]);
    repo.git(&["branch", "-d", "exp/a"]);
    let text = repo.xp(&["compare", "a", "b"]).ok();
    assert!(text.contains("merged") && text.contains("deleted"), "{text}");
    let repo = compared();
    repo.git(&["update-ref", "refs/remotes/origin/exp/a", "exp/a"]);
    repo.git(&["branch", "-D", "exp/a"]);
    let text = repo.xp(&["compare", "a"]).ok();
    assert!(text.contains("origin"), "{text}");
}

#[test]
fn a_baseline_without_runs_is_found_elsewhere() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a"]).ok();
    repo.train(1, "0.2");
    let text = repo.xp(&["compare"]).ok();
    assert!(text.contains("has no runs and no metrics file"), "{text}");

    let repo = TestRepo::new();
    repo.write("metrics.json", "{\"val_acc\": 0.5}");
    repo.commit("Metrics");
    repo.xp(&["start", "a"]).ok();
    repo.train(1, "0.2");
    let text = repo.xp(&["compare"]).ok();
    assert!(text.contains("metrics.json") && text.contains("0.5"), "{text}");

    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.write("docs", "1");
    repo.commit("Docs");
    repo.xp(&["start", "a"]).ok();
    repo.train(1, "0.2");
    let text = repo.xp(&["compare"]).ok();
    assert!(text.contains("1 commit"), "{text}");
}

#[test]
fn a_narrow_terminal_is_told_what_is_missing() {
    let repo = compared();
    for i in 0..12 {
        let line = format!("git xp log-metric a_rather_long_metric_name_{i} 0.123456 --run last");
        repo.sh(&line).ok();
    }
    repo.git(&["switch", "--quiet", "exp/b"]);
    for width in ["60", "40", "100"] {
        let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
        let text = repo.output(command.env("COLUMNS", width).arg("compare")).ok();
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(widest <= width.parse().expect("a number"), "{width}: {widest}\n{text}");
        assert!(text.contains("left out") || text.contains("not shown"), "{width}: {text}");
    }
}

#[test]
fn only_params_that_differ_are_columns() {
    let repo = TestRepo::new();
    let train = |seed: &str, lr: &str| {
        let line = "echo '{\"metric\":\"m\",\"value\":'{lr}{seed}'}' >> $GIT_XP_JOURNAL; : {same}";
        let lr = format!("lr={lr}");
        repo.xp(&["run", "--seed", seed, "-p", &lr, "-p", "same=1", "--", "sh", "-c", line]).ok();
    };
    train("1", "1");
    repo.xp(&["start", "a"]).ok();
    train("1", "2");
    train("2", "2");
    let text = repo.xp(&["compare"]).ok();
    let head = text.lines().next().expect("a head");
    assert!(head.contains("lr") && !head.contains("same"), "{text}");
    let row = text.lines().find(|line| line.starts_with("a ")).expect("its row");
    assert!(row.contains('±') && row.split_whitespace().nth(1) == Some("2"), "{text}");
}

#[test]
fn metrics_params_order_and_rows_are_chosen() {
    let repo = compared();
    insta::assert_snapshot!(redact(&repo, &repo.xp(&["compare", "--metric", "loss", "--param", "lr", "--sort=-metrics.loss"]).ok()), @r"
    experiment       n             lr      loss ↓          Δ
    ────────────────────────────────────────────────────────
    main (baseline)  2            0.1  0.1000 ± 0
    b                1            0.3      0.3000  +0.2000 ▼
    a                2            0.2  0.2000 ± 0  +0.1000 ▼
    b                0 +1 failed    –           –

    mean ± standard deviation over n runs; ↑ higher is better, ↓ lower is better; Δ difference to the baseline; ▲ better, ▼ worse
    baseline main: 2 runs of 0000000
    ");
    let rows = |args: &[&str]| -> Vec<(String, u64, f64)> {
        let json = repo.xp(&[&["compare", "--json"], args].concat()).json();
        let row = |row: &serde_json::Value| {
            (
                row["experiment"].as_str().unwrap().to_owned(),
                row["n"].as_u64().unwrap(),
                row["metrics"]["val_acc"]["mean"].as_f64().unwrap_or(f64::NAN),
            )
        };
        json["rows"].as_array().unwrap().iter().filter(|row| row["is_baseline"] == false).map(row).collect()
    };
    assert_eq!(rows(&["--where", "params.lr = 0.2 and seed = 3"]), [("a".to_owned(), 1, 0.833)]);
    assert_eq!(rows(&["--runs", "a"]).len(), 2);
    assert_eq!(rows(&["--best", "a", "b"]).len(), 2);
    assert_eq!(rows(&["--at", "step=1", "--where", "status = 'ok'"])[0].2, (0.811 + 0.831) / 2.0);
    assert_eq!(rows(&["--at", "best", "a"])[0].2, rows(&["a"])[0].2);
    assert_eq!(rows(&["--baseline", "exp/a", "b"])[0], rows(&["exp/a..b"])[0]);
    repo.xp(&["compare", "main..a", "--baseline", "main"]).fails(129);
    repo.xp(&["compare", "--at", "step=99"]).fails(128);
    repo.xp(&["compare", "--at", "worst"]).fails(129);
    repo.xp(&["compare", "--where", "seed = 99"]).fails(128);
    let text = repo.xp(&["compare", "--metric", "val_ac"]).fails(129);
    assert!(text.contains("did you mean 'val_acc'?"), "{text}");
    let text = repo.xp(&["compare", "exp/a..main"]).stderr;
    assert!(text.contains("git xp compare main..exp/a"), "{text}");
}

#[test]
fn an_experiment_on_top_of_another_counts_its_own_runs() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.xp(&["start", "a"]).ok();
    repo.train(1, "0.2");
    repo.xp(&["start", "b"]).ok();
    repo.train(1, "0.3");
    // Two branches that point to one commit, and the same branch on a remote.
    repo.git(&["branch", "exp/twin", "exp/b"]);
    repo.git(&["update-ref", "refs/remotes/origin/exp/b", "exp/b"]);
    let json = repo.xp(&["compare", "main..exp/*", "--json"]).json();
    let rows: Vec<_> = json["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["experiment"].as_str().unwrap(), row["n"].as_u64().unwrap()))
        .collect();
    assert_eq!(rows, [("main", 1), ("a", 1), ("b", 1)]);
}

#[test]
fn a_squashed_experiment_is_named_so() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a"]).ok();
    repo.write("model.py", "layers = 4\n");
    repo.commit("Deeper");
    repo.train(1, "0.2");
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--squash", "exp/a"]);
    repo.git(&["commit", "--quiet", "-m", "Deeper (#1)"]);
    repo.git(&["branch", "--quiet", "-D", "exp/a"]);
    let json = repo.xp(&["compare", "--json"]).json();
    let states: Vec<_> = json["rows"].as_array().unwrap().iter().map(|row| row["state"].clone()).collect();
    assert!(states.contains(&"squashed".into()), "{states:?}");
    assert!(repo.xp(&["compare"]).ok().contains("a (squashed)"));
    assert_eq!(repo.xp(&["list", "--json"]).json()["experiments"][0]["place"], "squashed");
    // The default branch went on before the merge, so that no tree is the same.
    repo.xp(&["start", "b"]).ok();
    repo.write("optimizer.py", "lr = 3\n");
    repo.commit("Faster");
    repo.train(1, "0.3");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("README", "Something else\n");
    repo.commit("Something else");
    repo.git(&["merge", "--quiet", "--squash", "exp/b"]);
    repo.git(&["commit", "--quiet", "-m", "Faster (#2)"]);
    repo.git(&["branch", "--quiet", "-D", "exp/b"]);
    for _ in 0..2 {
        assert_eq!(repo.xp(&["list", "b", "--json"]).json()["experiments"][0]["place"], "squashed");
    }
    assert!(repo.path.join(".git/xp/patch-ids").exists());
}

#[test]
fn several_thousand_rows_and_hundreds_of_columns() {
    let repo = TestRepo::new();
    let line = "import json\nprint('\\n'.join(json.dumps({'metric': f'm{i}', 'value': i / 7}) for i in range(500)))\n";
    repo.write("many.py", line);
    repo.commit("Many metrics");
    repo.xp(&["run", "--seed", "1", "--", "sh", "-c", "python3 many.py >> $GIT_XP_JOURNAL"]).ok();
    for width in ["40", "120"] {
        let text = repo
            .output(repo.command(env!("CARGO_BIN_EXE_git-xp")).args(["compare", "main.."]).env("COLUMNS", width))
            .ok();
        assert!(text.lines().all(|line| line.chars().count() <= width.parse().unwrap()), "{text}");
        assert!(text.replace('\n', " ").contains("left out:"), "{text}");
    }
    let csv = repo.xp(&["compare", "main..", "--format", "csv"]).ok();
    assert!(csv.lines().next().unwrap().split(',').count() > 4000);
}
