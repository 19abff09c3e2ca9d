//! `git xp finish`.

use crate::support::TestRepo;

#[test]
fn it_records_what_was_logged() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a", "--expect", "acc > 0.5"]).ok();
    repo.xp(&["log-metric", "acc", "0.6"]).ok();
    let out = repo.xp(&["finish"]);
    assert!(out.stderr.contains("ok  acc 0.6"), "{}", out.stderr);
    let fact = &repo.facts("run")[0];
    assert_eq!((fact["status"].as_str(), fact["name"].as_str()), (Some("ok"), Some("a")));
    insta::assert_snapshot!(repo.xp(&["finish"]).fails(128), @r"
    error: no manual run is open on this branch
    hint: git xp log-metric <metric> <value>    opens one
    ");
    repo.is_sound();
}

#[test]
fn it_can_have_failed() {
    let repo = TestRepo::new();
    repo.xp(&["log-metric", "acc", "0.6"]).ok();
    repo.xp(&["finish", "--failed"]).ok();
    assert_eq!(repo.facts("run")[0]["status"], "failed");
}

#[test]
fn each_branch_has_its_own_manual_run() {
    let repo = TestRepo::new();
    repo.xp(&["log-metric", "acc", "1"]).ok();
    repo.xp(&["start", "a"]).ok();
    repo.xp(&["finish"]).fails(128);
    repo.xp(&["log-metric", "acc", "2"]).ok();
    repo.xp(&["finish"]).ok();
    repo.git(&["switch", "--quiet", "main"]);
    assert!(repo.xp(&["status"]).ok().contains("manual"));
    repo.xp(&["finish"]).ok();
    let runs = repo.facts("run");
    assert_eq!((runs[0]["name"].as_str(), runs[0]["metrics"]["acc"]["final"].as_i64()), (Some("a"), Some(2)));
    assert_eq!((runs[1].get("name"), runs[1]["metrics"]["acc"]["final"].as_i64()), (None, Some(1)));
}
