//! `git xp run`.

use crate::support::TestRepo;

#[test]
fn a_run_is_recorded_whole() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    let runs = repo.facts("run");
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    assert_eq!(run["seed"], 1);
    assert_eq!(run["params"]["lr"], 0.1);
    assert_eq!(run["metrics"]["val_acc"]["final"], 0.813);
    assert_eq!(run["metrics"]["val_acc"]["count"], 3);
    assert_eq!(run["status"], "ok");
    assert_eq!(run["commit"], repo.git(&["rev-parse", "HEAD"]));
    repo.is_sound();
}
