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
