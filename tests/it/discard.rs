//! `git xp discard`.

use crate::support::TestRepo;

#[test]
fn a_withdrawn_run_is_kept_and_counted() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.xp(&["start", "a"]).ok();
    repo.train(1, "0.2");
    repo.train(2, "0.2");
    repo.xp(&["discard", "last", "--because", "wrong labels"]).ok();
    let withdrawal = &repo.facts("withdrawal")[0];
    assert_eq!(withdrawal["because"], "wrong labels");
    assert_eq!(withdrawal["target"], repo.facts("run")[2]["id"]);
    assert_eq!(repo.facts("run").len(), 3);
    assert!(repo.xp(&["show", "last"]).ok().contains("wrong labels"));
    assert!(repo.xp(&["log"]).ok().contains("withdrawn (wrong labels)"));
    let text = repo.xp(&["compare"]).ok();
    assert!(text.contains("withdrawn"), "{text}");
    assert!(repo.xp(&["discard", "last", "--because", "again"]).fails(128).contains("withdrawn already"));
    // A withdrawn plan may be run again without --again.
    repo.train(2, "0.2");
    repo.is_sound();
}

#[test]
fn a_manual_run_is_ended_by_it() {
    let repo = TestRepo::new();
    repo.xp(&["log-metric", "a", "1"]).ok();
    repo.xp(&["discard", "--because", "a try"]).ok();
    assert_eq!(repo.facts("run").len(), 1);
    assert_eq!(repo.facts("withdrawal").len(), 1);
    repo.xp(&["finish"]).fails(128);
    repo.is_sound();
}

#[test]
fn wrong_calls_say_what_to_type() {
    let repo = TestRepo::new();
    insta::assert_snapshot!(repo.xp(&["discard", "--because", "x"]).fails(129), @r"
    error: no manual run is open on this branch, so the run has to be named
    hint: git xp discard last --because '…'
    ");
    insta::assert_snapshot!(repo.xp(&["discard", "nowhere", "--because", "x"]).fails(128), @r"
    error: 'nowhere' is no experiment, run or commit
    hint: git xp list, git xp list --runs    show what there is
    ");
    repo.train(1, "0.1");
    repo.xp(&["discard", "last"]).fails(129);
    assert_eq!(repo.facts("withdrawal").len(), 0);
}
