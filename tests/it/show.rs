//! `git xp show`.

use crate::support::TestRepo;

#[test]
fn a_run_an_experiment_and_a_commit_are_shown() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a", "--expect", "val_acc >= 0.9", "--because", "why"]).ok();
    repo.train(7, "0.1");
    let text = repo.xp(&["show"]).ok();
    for part in ["seed", "7", "lr", "0.1", "val_acc", "sh train.sh"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = repo.xp(&["show", "a"]).ok();
    assert!(text.contains("val_acc >= 0.9") && text.contains("why"), "{text}");
    assert!(repo.xp(&["show", "HEAD"]).ok().contains("val_acc"));
    assert!(repo.xp(&["show", "main"]).ok().contains("has no run"));
    let json = repo.xp(&["show", "last", "--json"]).json();
    assert_eq!(json["runs"][0]["fact"], repo.facts("run")[0]);
}

#[test]
fn files_of_a_run_are_printed() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    assert_eq!(repo.xp(&["show", "last", "--file", "output.log"]).ok(), "trained with 0.1\n");
    assert!(repo.xp(&["show", "last", "--file", "series.tsv"]).ok().starts_with("metric\tstep\tseconds\tvalue\n"));
    insta::assert_snapshot!(
        repo.xp(&["show", "last", "--file", "x"]).fails(128).replace(repo.facts("run")[0]["id"].as_str().expect("an id"), "<id>"), @r"
    error: run <id> has no file 'x'
    hint: it has: env.toml, output.log, series.tsv
    ");
}
