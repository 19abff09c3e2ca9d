//! `git xp start`.

use crate::support::TestRepo;

/// Refs, branch and work tree, as git sees them.
fn state(repo: &TestRepo) -> String {
    let refs = repo.git(&["for-each-ref"]);
    let head = repo.try_git(&["symbolic-ref", "HEAD"]).stdout;
    format!("{refs}\n{head}{}", repo.git(&["status", "--porcelain"]))
}

/// The command fails with code and text, and nothing has changed.
#[track_caller]
fn refused(repo: &TestRepo, args: &[&str], code: i32) -> String {
    let before = state(repo);
    let text = repo.xp(args).fails(code);
    assert_eq!(state(repo), before);
    assert!(text.starts_with("error: "), "{text}");
    text
}

#[test]
fn it_makes_a_branch_with_a_registration() {
    let repo = TestRepo::new();
    let base = repo.git(&["rev-parse", "HEAD"]);
    repo.xp(&[
        "start",
        "bigger-lr",
        "--data",
        "digits",
        "--method",
        "a larger learning rate",
        "--expect",
        "val_acc >= 0.92",
        "--expect",
        "loss<0.3",
        "--because",
        "the loss still falls",
        "--planned-seeds",
        "5",
        "--tag",
        "lr",
        "--tag",
        "b",
    ])
    .ok();
    assert_eq!(repo.git(&["branch", "--show-current"]), "exp/bigger-lr");
    assert_eq!(repo.git(&["rev-parse", "HEAD^"]), base);
    assert_eq!(repo.git(&["rev-parse", "HEAD^{tree}"]), repo.git(&["rev-parse", "HEAD^^{tree}"]));
    let facts = repo.facts("experiment");
    let fact = &facts[0];
    assert_eq!(facts.len(), 1);
    assert_eq!(fact["name"], "bigger-lr");
    assert_eq!(fact["branch"], "refs/heads/exp/bigger-lr");
    assert_eq!(fact["commit"], repo.git(&["rev-parse", "HEAD"]));
    assert_eq!(fact["base"], base);
    assert_eq!(fact["baseline"]["rev"], "main");
    assert_eq!(fact["baseline"]["commit"], base);
    assert_eq!(fact["hypothesis"]["expect"][1], "loss < 0.3");
    assert_eq!(fact["planned_seeds"], 5);
    assert_eq!(fact["tags"][1], "b");
    let message = repo.git(&["log", "-1", "--format=%B"]).replace(fact["id"].as_str().expect("an id"), "<id>");
    insta::assert_snapshot!(message, @r"
    Start bigger-lr: val_acc >= 0.92, loss < 0.3

    We believe that using digits and a larger learning rate we get val_acc of at least 0.92 and loss of less than 0.3, because the loss still falls.

    Xp-Experiment: <id>
    ");
    repo.is_sound();
}

#[test]
fn every_form_of_expectation_is_taken() {
    let repo = TestRepo::new();
    let forms = [
        "val_acc >= 0.92",
        "loss < 0.3",
        "val_acc >= baseline + 0.01",
        "loss <= baseline * 0.95",
        "best(val_acc) >= 0.92",
    ];
    for (i, form) in forms.into_iter().enumerate() {
        repo.xp(&["start", &format!("e{i}"), "--base", "main", "--expect", form]).ok();
        assert_eq!(repo.facts("experiment")[i]["hypothesis"]["expect"][0], form);
    }
}

#[test]
fn a_bad_expectation_changes_nothing() {
    let repo = TestRepo::new();
    for bad in ["val_acc", "val_acc >= ", "val_acc ~ 3", "", ">= 3", "a >= b >= c", "a > baseline ^ 2"] {
        let text = refused(&repo, &["start", "x", "--expect", bad], 129);
        assert!(text.contains("--expect"), "{text}");
    }
}

#[test]
fn base_and_baseline_are_what_was_said() {
    let repo = TestRepo::new();
    let first = repo.git(&["rev-parse", "HEAD"]);
    repo.write("a", "a");
    let second = repo.commit("Second");
    repo.xp(&["start", "old", "--base", &first, "--baseline", "main"]).ok();
    assert_eq!(repo.git(&["rev-parse", "HEAD^"]), first);
    let fact = &repo.facts("experiment")[0];
    assert_eq!((fact["base"].as_str(), fact["baseline"]["commit"].as_str()), (Some(&*first), Some(&*second)));
    repo.git(&["tag", "v1", &first]);
    repo.xp(&["start", "tagged", "--base", "main", "--baseline", "v1"]).ok();
    let fact = &repo.facts("experiment")[1];
    assert_eq!(fact["baseline"]["rev"], "v1");
    assert_eq!(fact["baseline"]["commit"], first);
}

#[test]
fn uncommitted_changes_travel_along() {
    let repo = TestRepo::new();
    repo.write("train.sh", "changed\n");
    repo.write("new", "new\n");
    repo.write("staged", "staged\n");
    repo.git(&["add", "staged"]);
    let before = repo.git(&["status", "--porcelain"]);
    repo.xp(&["start", "a"]).ok();
    assert_eq!(repo.git(&["status", "--porcelain"]), before);
    assert_eq!(repo.git(&["branch", "--show-current"]), "exp/a");
}

#[test]
fn changes_that_cannot_travel_stop_it() {
    let repo = TestRepo::new();
    let first = repo.git(&["rev-parse", "HEAD"]);
    repo.write("train.sh", "second\n");
    repo.commit("Second");
    repo.write("train.sh", "third\n");
    let text = refused(&repo, &["start", "a", "--base", &first], 128);
    assert!(text.contains("train.sh") && text.contains("hint: commit or stash"), "{text}");
    assert_eq!(repo.facts("experiment").len(), 0);
}

#[test]
fn bad_names_change_nothing() {
    let repo = TestRepo::new();
    for bad in ["", "a b", "a..b", "a~1", "a:b", "-", "a.lock", "a//b", "/a", "a/", "@{", "a\\b", ".a", "a\nb", "a*"] {
        let text = repo.xp(&["start", "--", bad]);
        let before = state(&repo);
        assert!(text.code == 128 || text.code == 129, "{bad:?}: {text:?}");
        assert!(text.stderr.contains("hint: git xp start "), "{bad:?}: {text:?}");
        assert_eq!(state(&repo), before);
        assert_eq!(repo.git(&["branch", "--show-current"]), "main");
    }
    let long = "x".repeat(300);
    let _ = refused(&repo, &["start", &long], 128);
    insta::assert_snapshot!(refused(&repo, &["start", "my idea"], 128), @r#"
    error: 'my idea' cannot be the name of a branch: reference name contains invalid byte: " "
    hint: git xp start my-idea
    "#);
}

#[test]
fn taken_names_change_nothing() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a"]).ok();
    repo.git(&["switch", "--quiet", "main"]);
    insta::assert_snapshot!(refused(&repo, &["start", "a"], 128), @r"
    error: the branch 'exp/a' exists already
    hint: git xp start a-2, or git switch exp/a to go on with it
    ");
    insta::assert_snapshot!(refused(&repo, &["start", "a/b"], 128), @r"
    error: the branch 'exp/a/b' cannot exist beside 'exp/a'
    hint: git xp start a-b, or git switch exp/a to go on with it
    ");
    repo.git(&["branch", "exp/c/d"]);
    insta::assert_snapshot!(refused(&repo, &["start", "c"], 128), @r"
    error: the branch 'exp/c' cannot exist beside 'exp/c/d'
    hint: git xp start c-2, or git switch exp/c/d to go on with it
    ");
    repo.git(&["branch", "-D", "exp/a"]);
    insta::assert_snapshot!(refused(&repo, &["start", "a"], 128), @r"
    error: an experiment 'a' was recorded before; its branch is gone, its facts are not
    hint: git xp start a-2, or git xp log a to see it
    ");
}

#[test]
fn the_prefix_may_be_typed() {
    let repo = TestRepo::new();
    repo.xp(&["start", "exp/a"]).ok();
    assert_eq!(repo.git(&["branch", "--show-current"]), "exp/a");
    assert_eq!(repo.facts("experiment")[0]["name"], "a");
}

#[test]
fn unknown_base_and_baseline_change_nothing() {
    let repo = TestRepo::new();
    insta::assert_snapshot!(refused(&repo, &["start", "a", "--base", "nowhere"], 128), @r"
    error: 'nowhere' names no commit
    hint: git branch --all    lists the branches there are
    ");
    insta::assert_snapshot!(refused(&repo, &["start", "a", "--baseline", "nowhere"], 128), @r"
    error: 'nowhere' names no commit
    hint: git branch --all    lists the branches there are
    ");
    insta::assert_snapshot!(refused(&repo, &["start", "a", "--from", "nowhere"], 128), @r"
    error: 'nowhere' is no experiment, run or commit
    hint: git xp list, git xp list --runs    show what there is
    ");
    let _ = refused(&repo, &["start", "a", "--base", "main:train.sh"], 128);
}

#[test]
fn an_unborn_branch_is_named() {
    let repo = TestRepo::empty();
    insta::assert_snapshot!(refused(&repo, &["start", "a"], 128), @r"
    error: the branch 'main' has no commit yet
    hint: git add -A && git commit -m 'Start'
    ");
}

#[test]
fn a_rebase_in_progress_is_named() {
    let repo = TestRepo::new();
    repo.git(&["switch", "--quiet", "-c", "side"]);
    repo.write("train.sh", "side\n");
    repo.commit("Side");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("train.sh", "main\n");
    repo.commit("Main");
    repo.git(&["switch", "--quiet", "side"]);
    assert_ne!(repo.try_git(&["rebase", "main"]).code, 0);
    insta::assert_snapshot!(refused(&repo, &["start", "a"], 128), @r"
    error: a rebase is in progress
    hint: git rebase --continue, or git rebase --abort
    ");
    repo.git(&["rebase", "--abort"]);
    repo.git(&["bisect", "start", "HEAD", "HEAD^"]);
    insta::assert_snapshot!(refused(&repo, &["start", "a"], 128), @r"
    error: a bisect is in progress
    hint: git bisect reset
    ");
}

#[test]
fn standing_on_an_experiment_is_warned_about() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a"]).ok();
    insta::assert_snapshot!(repo.xp(&["start", "b"]).stderr, @r"
    warning: 'b' starts from the experiment 'a', whose changes it contains
    hint: to start from main instead: git xp start b --base main
    started b on exp/b
    hint: git xp run --seed 1 -- <command>    records a run of it
    ");
    let quiet = repo.xp(&["start", "c", "--base", "main"]);
    assert!(!quiet.stderr.contains("warning"), "{}", quiet.stderr);
}

#[test]
fn here_registers_the_branch() {
    let repo = TestRepo::new();
    repo.git(&["switch", "--quiet", "-c", "my-branch"]);
    repo.write("dirty", "1");
    repo.xp(&["start", "--here", "--expect", "loss < 1"]).ok();
    assert_eq!(repo.git(&["branch", "--show-current"]), "my-branch");
    assert_eq!(repo.git(&["status", "--porcelain"]), "?? dirty");
    let fact = &repo.facts("experiment")[0];
    assert_eq!((fact["name"].as_str(), fact["branch"].as_str()), (Some("my-branch"), Some("refs/heads/my-branch")));
    assert_eq!(repo.git(&["rev-parse", "HEAD^"]), repo.git(&["rev-parse", "main"]));
    insta::assert_snapshot!(refused(&repo, &["start", "--here"], 128), @r"
    error: my-branch is registered already, as 'my-branch'
    hint: git xp start --amend    changes its hypothesis before its first run
    ");
    repo.git(&["switch", "--quiet", "--detach"]);
    insta::assert_snapshot!(refused(&repo, &["start", "--here", "x"], 128), @r"
    error: HEAD is on no branch, so there is no branch to register
    hint: git switch -c <branch>
    ");
}

#[test]
fn a_worktree_leaves_this_one_alone() {
    let repo = TestRepo::new();
    repo.write("dirty", "1");
    repo.xp(&["start", "a", "--worktree", "../a"]).ok();
    assert_eq!(repo.git(&["branch", "--show-current"]), "main");
    assert_eq!(repo.git(&["-C", "../a", "branch", "--show-current"]), "exp/a");
    repo.xp(&["-C", "../a", "run", "--seed", "1", "-p", "lr=1", "--", "sh", "train.sh", "{lr}", "{seed}"]).ok();
    assert_eq!(repo.facts("run")[0]["name"], "a");
    let _ = refused(&repo, &["start", "b", "--worktree", "../a"], 128);
    repo.is_sound();
}

#[test]
fn from_takes_hypothesis_and_command() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a", "--expect", "val_acc >= 0.9", "--because", "why"]).ok();
    repo.train(1, "0.5");
    repo.git(&["switch", "--quiet", "main"]);
    repo.xp(&["start", "b", "--from", "a", "--because", "another why"]).ok();
    let facts = repo.facts("experiment");
    assert_eq!(facts[1]["hypothesis"]["expect"][0], "val_acc >= 0.9");
    assert_eq!(facts[1]["hypothesis"]["because"], "another why");
    assert_eq!(facts[1]["from"], facts[0]["id"]);
    repo.xp(&["run", "--seed", "2"]).ok();
    let runs = repo.facts("run");
    assert_eq!(runs[1]["name"], "b");
    assert_eq!(runs[1]["command"], runs[0]["command"]);
    assert_eq!(runs[1]["params"]["lr"], 0.5);
    assert_eq!(runs[1]["metrics"]["loss"]["final"], 0.5);
}

#[test]
fn amend_changes_it_before_the_first_run_only() {
    let repo = TestRepo::new();
    let _ = refused(&repo, &["start", "--amend", "--because", "x"], 128);
    repo.xp(&["start", "a", "--expect", "val_acc >= 0.9"]).ok();
    repo.xp(&["start", "--amend", "--expect", "val_acc >= 0.95", "--because", "why"]).ok();
    let facts = repo.facts("experiment");
    assert_eq!(facts.len(), 2);
    assert_eq!(facts[1]["experiment"], facts[0]["id"]);
    assert_eq!(facts[1]["hypothesis"]["expect"][0], "val_acc >= 0.95");
    let shown = repo.xp(&["show", "a"]).ok();
    assert!(shown.contains("0.95") && !shown.contains("0.9,"), "{shown}");
    repo.train(1, "0.1");
    let text = refused(&repo, &["start", "--amend", "--because", "x"], 128);
    assert!(text.contains("hint: git xp start a-2 --from a"), "{text}");
    assert_eq!(repo.facts("run")[0]["experiment"], facts[0]["id"]);
    repo.is_sound();
}

#[test]
fn the_editor_fills_the_slots() {
    let repo = TestRepo::new();
    repo.write("../editor.sh", "cp \"$1\" ../template; sed -i 's/^x$/edited/' \"$1\"\n");
    let editor = |line: &str| {
        let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
        command.env("GIT_EDITOR", line).args(["start", "a", "-e", "--expect", "val_acc >= 0.9", "--because", "x"]);
        repo.output(&mut command)
    };
    let before = state(&repo);
    assert_eq!(editor("false").code, 128);
    assert_eq!(state(&repo), before);
    editor("sh ../editor.sh").ok();
    let template = std::fs::read_to_string(repo.outside().join("template")).expect("it was opened");
    insta::assert_snapshot!(template, @r"
    # We believe that using <data> and <method> we get <expectations>, because <reason>.
    # Write below each heading, or leave it empty. Lines that start with '#' are ignored.

    Data:
    # What do you train and measure on?

    Method:
    # What do you do differently?

    Expect:
    # One expectation a line, such as: val_acc >= 0.92  or  loss <= baseline * 0.95
    val_acc >= 0.9

    Because:
    # Why do you expect it?
    x
    ");
    assert_eq!(repo.facts("experiment")[0]["hypothesis"]["because"], "edited");
    assert_eq!(repo.facts("experiment")[0]["hypothesis"]["expect"][0], "val_acc >= 0.9");
}

#[test]
fn it_works_from_a_subfolder_and_nothing_is_asked() {
    let repo = TestRepo::new();
    repo.write("sub/x", "1");
    repo.commit("Sub");
    repo.xp(&["-C", "sub", "start", "plain"]).ok();
    assert_eq!(repo.git(&["log", "-1", "--format=%s"]), "Start plain");
}
