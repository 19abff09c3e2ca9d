//! `git xp log`.

use crate::support::TestRepo;

#[test]
fn it_is_the_notebook_in_order() {
    let repo = TestRepo::new();
    assert!(repo.xp(&["log"]).ok().contains("nothing is recorded here yet"));
    repo.xp(&["start", "a", "--expect", "val_acc >= 0.9"]).ok();
    repo.train(1, "0.1");
    repo.xp(&["run", "--seed", "2", "--", "false"]).fails(1);
    repo.xp(&["log-metric", "test_acc", "0.8", "--run", "last"]).ok();
    repo.xp(&["discard", "last", "--because", "a slip"]).ok();
    let json = repo.xp(&["log", "--json"]).json();
    let kinds: Vec<&str> =
        json["entries"].as_array().expect("entries").iter().filter_map(|e| e["kind"].as_str()).collect();
    assert_eq!(kinds, ["start", "run", "run", "late", "withdrawal"]);
    let text = repo.xp(&["log"]).ok();
    assert_eq!(text.lines().count(), 5, "{text}");
    for part in ["seed 1", "val_acc 0.813", "failed", "test_acc 0.8", "a slip"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    repo.git(&["switch", "--quiet", "main"]);
    assert!(repo.xp(&["log"]).ok().contains("nothing is recorded"));
    assert_eq!(repo.xp(&["log", "--all"]).ok(), text);
    assert_eq!(repo.xp(&["log", "a"]).ok(), text);
}

#[test]
fn plain_git_shows_the_same() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    let notes = repo.git(&["log", "--notes=xp", "-1"]);
    assert!(notes.contains("\"val_acc\""), "{notes}");
    let ledger = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]);
    assert!(repo.git(&["log", "-1", "--format=%s", &ledger]).contains("seed 1: "));
}
