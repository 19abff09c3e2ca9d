//! `git xp check`: what `git xp run` would say, without doing anything.

use serde_json::Value;

use crate::support::TestRepo;

fn check(repo: &TestRepo, args: &[&str], code: i32) -> Value {
    let output = repo.xp(&[&["check", "--json"], args].concat());
    assert_eq!(output.code, code, "{}", output.stderr);
    serde_json::from_str(&output.stdout).expect("JSON")
}

/// What a check that found something says.
fn found(repo: &TestRepo, args: &[&str]) -> String {
    let output = repo.xp(&[&["check"], args].concat());
    assert_eq!(output.code, 1, "{}{}", output.stdout, output.stderr);
    output.stdout + &output.stderr
}

#[test]
fn all_rules_that_fail_are_named_with_one_remedy() {
    let repo = TestRepo::new();
    repo.sh("echo new >> train.sh; echo x > other; echo ignored.py > .git/info/exclude; echo 1 > ignored.py").ok();
    let before = repo.sh("git status --porcelain; git for-each-ref; ls .git/xp 2>&1; true").ok();
    let text = found(&repo, &["--", "python3", "ignored.py"]);
    let wanted = [
        "clean  refuse   2 files differ from the commit: other (untracked), train.sh",
        "clean  refuse   the command names 'ignored.py', which git ignores: no commit holds it",
        "seed   refuse   no seed is recorded",
        "hint: git add -f ignored.py && git xp run -a --seed 1 -- python3 ignored.py",
    ];
    wanted.iter().for_each(|line| assert!(text.contains(line), "{line}\n{text}"));
    // `run` says the same.
    let run = repo.xp(&["run", "--", "python3", "ignored.py"]).fails(128);
    assert!(run.contains(wanted[3]) && run.contains("clean: 2 files differ from the commit"), "{run}");
    assert_eq!(repo.sh("git status --porcelain; git for-each-ref; ls .git/xp 2>&1; true").ok(), before);

    let report = check(&repo, &["--", "python3", "ignored.py"], 1);
    assert_eq!((&report["version"], &report["ok"]), (&1.into(), &false.into()));
    assert_eq!(report["failures"][0]["files"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["failures"][2]["rule"], "seed");
    assert_eq!(report["remedy"], "git add -f ignored.py && git xp run -a --seed 1 -- python3 ignored.py");
    // What it says satisfies all.
    repo.sh("git add -f ignored.py && git xp run -a --seed 1 -- true").ok();
    repo.xp(&["check", "--seed", "1", "--", "python3", "ignored.py"]).ok();
}

#[test]
fn levels_are_those_in_force() {
    let repo = TestRepo::new();
    repo.sh("echo x > other").ok();
    let text = repo.xp(&["check", "--rule", "clean=warn", "--rule", "seed=off"]).ok();
    assert_eq!(text, "clean  warn     1 file differs from the commit: other (untracked)\nseed   off\n");
    let text = repo.xp(&["check", "--rule", "clean=snapshot", "--seed", "3"]).ok();
    assert_eq!(text, "clean  ok       the exact tree would be stored with the run\nseed   ok\n");
    let report = check(&repo, &["--seed", "1", "-a"], 0);
    assert_eq!((&report["commit"], &report["rules"][0]["level"]), (&true.into(), &"commit".into()));
    assert_eq!(repo.git(&["status", "--porcelain"]), "?? other");
    // A locked rule is told, and cannot be loosened.
    repo.write(".xp.toml", "[rules]\nclean = \"refuse\"\nlocked = [\"clean\"]\n");
    let report = check(&repo, &["--seed", "1"], 1);
    assert_eq!((&report["rules"][0]["locked"], &report["rules"][1]["locked"]), (&true.into(), &false.into()));
    assert!(repo.xp(&["check", "--seed", "1", "--snapshot"]).fails(128).contains("locks the rule clean"));
    assert!(repo.xp(&["check", "--rule", "clean=off"]).fails(128).contains("cannot loosen it"));
}

#[test]
fn without_a_command_it_judges_the_one_that_would_be_repeated() {
    let repo = TestRepo::new();
    found(&repo, &[]);
    repo.xp(&["check", "--seed", "1"]).ok();
    repo.sh("echo 'input.csv' > .git/info/exclude; echo 1 > input.csv").ok();
    repo.sh("git xp run --rule clean=warn --seed 1 -- cat input.csv").ok();
    let text = found(&repo, &["--seed", "2"]);
    assert!(text.contains("the command names 'input.csv'"), "{text}");
    // The seed of a hook's environment is one.
    repo.sh("echo '#!/bin/sh\ngit xp check --rule clean=warn && echo \"$@\" > ../hook.log' > .git/hooks/xp-pre-run; chmod +x .git/hooks/xp-pre-run").ok();
    repo.sh("git xp run --rule clean=warn --rule seed=warn -- echo hi").fails(128);
    repo.sh("git xp run --seeds 5,6 -- echo hi").ok();
    assert_eq!(repo.sh("cat ../hook.log").ok(), "echo hi\n");
    assert!(repo.sh("GIT_XP_SEED=many git xp check").fails(129).contains("GIT_XP_SEED"));
    repo.sh("GIT_XP_SEED=4 git xp check -- true").ok();
}

#[test]
fn what_is_recorded_is_judged() {
    let repo = TestRepo::new();
    repo.xp(&["start", "wider"]).ok();
    repo.sh("git xp run --seed 1 -- true").ok();
    repo.xp(&["check", "--recorded", "wider"]).ok();
    repo.sh("git xp run --rule seed=off -- true; echo x > other; git xp run --rule clean=off --seed 2 -- true").ok();
    repo.sh("git xp run --snapshot --seed 3 -- true").ok();
    let text = found(&repo, &["--recorded", "exp/*"]);
    assert!(text.contains(" wider  seed refuse: no seed is recorded"), "{text}");
    assert!(text.contains(" wider  clean refuse: the code that ran is neither"), "{text}");
    assert!(text.ends_with("2 of 4 runs lack something\n"), "{text}");
    let report = check(&repo, &["--recorded", "wider", "--recorded", "last"], 1);
    assert_eq!((&report["judged"], report["runs"].as_array().map(Vec::len)), (&4.into(), Some(2)));
    assert_eq!(report["runs"][0]["failures"][0]["rule"], "seed");
    repo.xp(&["check", "--recorded", "wider", "--rule", "seed=warn", "--rule", "clean=off"]).ok();
    repo.xp(&["check", "--recorded", "nobody"]).fails(128);
    // What was withdrawn is no result.
    for run in report["runs"].as_array().expect("runs") {
        repo.xp(&["discard", run["id"].as_str().expect("an id"), "--because", "no"]).ok();
    }
    repo.xp(&["check", "--recorded", "exp/*"]).ok();
}

#[test]
fn data_that_is_missing_is_named() {
    let repo = TestRepo::new();
    let args = ["--seed", "1", "--data", "train=nowhere", "--", "sh", "train.sh"];
    let text = found(&repo, &args);
    assert!(text.contains("clean  ok\nseed   ok\ndata   refuse   data train: "), "{text}");
    let report = check(&repo, &args, 1);
    assert_eq!(report["ok"], false);
    assert!(report["data"].as_str().expect("a text").contains("nowhere"), "{report}");
    repo.write("nowhere", "1");
    assert_eq!(check(&repo, &args, 0)["data"], Value::Null);
}
