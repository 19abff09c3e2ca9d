//! `git xp status`.

use crate::support::TestRepo;

#[test]
fn it_says_where_one_stands() {
    let repo = TestRepo::new();
    insta::assert_snapshot!(repo.xp(&["status"]).ok(), @r"
    on main, which is no experiment
      0 runs

    git xp run --seed 1 -- <command>    records a baseline
    git xp start <name>                 starts an experiment
    ");
    repo.xp(&["start", "a", "--expect", "val_acc >= 0.9", "--planned-seeds", "5"]).ok();
    repo.train(1, "0.1");
    repo.xp(&["run", "--seed", "2", "--", "false"]).fails(1);
    repo.write("new", "1");
    let (main, run) = (repo.git(&["rev-parse", "main"]), repo.facts("run")[1]["id"].clone());
    let text = repo.xp(&["status"]).ok().replace(&main[..10], "0000000000");
    insta::assert_snapshot!(text.replace(&run.as_str().expect("an id")[..3], "<i>"), @r"
    experiment a on exp/a
      We believe that we get val_acc of at least 0.9.
      baseline: main (0000000000)
      2 runs of 5 planned (1 failed, 0 withdrawn), the last one <i> just now
      the work tree differs from the commit: git xp run -a commits it first
    ");
    let json = repo.xp(&["status", "--json"]).json();
    assert_eq!(
        (json["version"].as_i64(), json["clean"].as_bool(), json["failed"].as_i64()),
        (Some(1), Some(false), Some(1))
    );
    repo.xp(&["log-metric", "a", "1"]).ok();
    assert_eq!(repo.xp(&["status", "--json"]).json()["open"].as_array().map(Vec::len), Some(1));
}

#[test]
fn odd_places_are_named() {
    let repo = TestRepo::new();
    repo.git(&["switch", "--quiet", "--detach"]);
    repo.xp(&["status"]).ok();
    let empty = TestRepo::empty();
    assert!(empty.xp(&["status"]).fails(128).contains("no commit yet"));
    let text = repo.output(repo.command(env!("CARGO_BIN_EXE_git-xp")).current_dir(repo.outside()).arg("status"));
    insta::assert_snapshot!(text.fails(128).replace(&repo.outside().display().to_string(), "<dir>"), @r"
    error: <dir> is not inside a git repository
    hint: git init && git add -A && git commit -m 'Start'
    ");
}
