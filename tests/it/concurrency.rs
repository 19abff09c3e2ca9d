//! Many processes at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::TestRepo;

const BIN: &str = env!("CARGO_BIN_EXE_git-xp");

/// How many processes run at once.
const PROCESSES: usize = 16;

/// Linked work trees, each at a commit of its own.
fn work_trees(repo: &TestRepo, count: usize) -> Vec<PathBuf> {
    (0..count)
        .map(|i| {
            let (path, branch) = (repo.outside().join(format!("tree{i}")), format!("side{i}"));
            repo.git(&["worktree", "add", "--quiet", "-b", &branch, &path.display().to_string()]);
            let dir = path.display().to_string();
            repo.git(&["-C", &dir, "commit", "--quiet", "--allow-empty", "-m", &branch]);
            path
        })
        .collect()
}

fn notes_hold(repo: &TestRepo) -> BTreeSet<String> {
    let notes = repo.git(&["notes", "--ref=xp", "list"]);
    let blobs = notes.lines().filter_map(|line| line.split(' ').next());
    blobs
        .flat_map(|blob| repo.git(&["cat-file", "blob", blob]).lines().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(&line).ok()?["id"].as_str().map(str::to_owned))
        .collect()
}

/// 16 × 100 runs need more work trees than 64 runs a commit allow, so each process changes its commit now and then.
#[test]
fn sixteen_processes_seal_at_once_and_no_fact_is_lost() {
    let runs = 100;
    let repo = TestRepo::new();
    let trees = work_trees(&repo, PROCESSES);
    std::thread::scope(|scope| {
        for tree in &trees {
            let repo = &repo;
            scope.spawn(move || {
                for seed in 0..runs {
                    if seed % 50 == 49 {
                        let commit = ["commit", "--quiet", "--allow-empty", "-m", "More"];
                        repo.output(repo.command("git").args(commit).current_dir(tree)).ok();
                    }
                    run(repo, tree, seed);
                }
            });
        }
    });
    // What lost every race waits for the next command.
    repo.xp(&["status"]).ok();
    let facts: BTreeSet<String> =
        repo.facts("run").iter().map(|fact| fact["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(facts.len(), PROCESSES * runs);
    assert_eq!(notes_hold(&repo), facts);
    repo.is_sound();
}

fn run(repo: &TestRepo, tree: &Path, seed: usize) {
    let args = ["run", "--again", "--seed", &seed.to_string(), "--", "true"];
    let done = repo.output(repo.command(BIN).args(args).current_dir(tree));
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn two_work_trees_train_at_once_each_for_its_own_branch() {
    let repo = TestRepo::new();
    let trees = work_trees(&repo, 2);
    std::thread::scope(|scope| {
        for tree in &trees {
            let repo = &repo;
            scope.spawn(move || {
                for seed in 0..5 {
                    run(repo, tree, seed);
                    repo.output(repo.command(BIN).args(["log-metric", "by_hand", "1"]).current_dir(tree)).ok();
                    repo.output(repo.command(BIN).arg("finish").current_dir(tree)).ok();
                }
            });
        }
    });
    let facts = repo.facts("run");
    for branch in ["refs/heads/side0", "refs/heads/side1"] {
        assert_eq!(facts.iter().filter(|fact| fact["branch"] == branch).count(), 10);
    }
    repo.is_sound();
}

#[test]
fn several_that_seal_one_pending_folder_seal_it_once() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    // As a crash between the fact and its seal leaves it.
    let id = repo.facts("run")[0]["id"].as_str().expect("an id").to_owned();
    let xp = repo.path.join(".git/xp");
    for name in ["refs/notes/xp", &repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"])] {
        repo.git(&["update-ref", "-d", name]);
    }
    std::fs::rename(xp.join("sealed").join(&id), xp.join("runs").join(&id)).expect("moved");
    let mut sealers: Vec<_> = (0..8)
        .map(|_| repo.command(BIN).arg("status").stdout(std::process::Stdio::null()).spawn().expect("it starts"))
        .collect();
    sealers.iter_mut().for_each(|sealer| assert!(sealer.wait().expect("it ended").success()));
    assert_eq!(repo.facts("run").len(), 1);
    assert_eq!(notes_hold(&repo), BTreeSet::from([id]));
    repo.is_sound();
}
