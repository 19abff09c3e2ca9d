//! Facts and their code survive what people and git do to branches.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::TestRepo;

fn prune(repo: &TestRepo) {
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
}

/// Every run's commit and snapshot is here, with its whole tree.
#[track_caller]
fn all_code_is_here(repo: &TestRepo, runs: usize) {
    let facts = repo.facts("run");
    assert_eq!(facts.len(), runs);
    for fact in facts {
        for key in ["commit", "snapshot"] {
            if let Some(commit) = fact[key].as_str() {
                repo.git(&["ls-tree", "-r", commit]);
                repo.git(&["rev-list", "--objects", commit]);
            }
        }
    }
    repo.is_sound();
}

#[test]
fn gc_between_open_and_seal_takes_nothing() {
    let repo = TestRepo::new();
    repo.write("train.sh", "echo changed");
    let line =
        "git commit --quiet --amend -m Amended; git reflog expire --expire=now --all; git gc --quiet --prune=now";
    let script = repo.outside().join("gc.sh").display().to_string();
    std::fs::write(&script, line).expect("written");
    repo.xp(&["run", "--snapshot", "--seed", "1", "--", "sh", &script]).ok();
    let fact = &repo.facts("run")[0];
    assert_ne!(fact["commit"], repo.git(&["rev-parse", "HEAD"]));
    let snapshot = fact["snapshot"].as_str().expect("a snapshot");
    assert_eq!(repo.git(&["cat-file", "blob", &format!("{snapshot}:train.sh")]), "echo changed");
    prune(&repo);
    all_code_is_here(&repo, 1);
}

/// Sets its flag when it goes.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn gc_in_a_loop_while_runs_are_sealed_takes_nothing() {
    let repo = TestRepo::new();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                // Two that meet: one says that the other is at work.
                repo.try_git(&["gc", "--quiet", "--prune=now"]);
            }
        });
        // A failure must end the loop too.
        let _end = End(&is_over);
        for seed in 0..25 {
            repo.train(seed, "0.1");
        }
    });
    repo.xp(&["fsck", "--repair"]).ok();
    prune(&repo);
    all_code_is_here(&repo, 25);
}

#[test]
fn amend_rebase_squash_and_deletion_take_nothing() {
    let repo = TestRepo::new();
    repo.xp(&["start", "bigger", "--expect", "val_acc >= 0.9"]).ok();
    repo.train(1, "0.1");
    repo.write("more.txt", "one");
    repo.commit("One");
    repo.train(2, "0.1");
    repo.git(&["commit", "--quiet", "--amend", "-m", "One, said better"]);
    repo.train(3, "0.1");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("other.txt", "other");
    repo.commit("Other");
    repo.git(&["switch", "--quiet", "exp/bigger"]);
    repo.git(&["rebase", "--quiet", "--no-keep-empty", "main"]);
    // The registration is empty and gone; the branch is still the experiment.
    repo.train(4, "0.1");
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--squash", "exp/bigger"]);
    repo.commit("Bigger, squashed");
    repo.git(&["branch", "-D", "exp/bigger"]);
    prune(&repo);
    all_code_is_here(&repo, 4);
    let experiment = repo.facts("experiment")[0]["id"].clone();
    assert!(repo.facts("run").iter().all(|run| run["experiment"] == experiment));
    let compared = repo.xp(&["compare", "bigger"]).ok();
    assert!(compared.contains("bigger") && compared.contains("val_acc"), "{compared}");
}

#[test]
fn a_renamed_branch_stays_the_experiment() {
    let repo = TestRepo::new();
    repo.xp(&["start", "old-name"]).ok();
    repo.train(1, "0.1");
    repo.git(&["branch", "-m", "exp/old-name", "exp/new-name"]);
    repo.train(2, "0.1");
    let experiment = repo.facts("experiment")[0]["id"].clone();
    assert!(repo.facts("run").iter().all(|run| run["experiment"] == experiment));
    prune(&repo);
    all_code_is_here(&repo, 2);
}
