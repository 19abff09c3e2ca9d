//! `git xp remark`.

use crate::support::{Output, TestRepo};

fn remark(repo: &TestRepo, args: &[&str]) -> Output {
    repo.xp(&[&["remark"], args].concat())
}

#[test]
fn remarks_are_written_on_runs_and_experiments() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a"]).ok();
    repo.train(1, "0.1");
    remark(&repo, &["last", "the loss still falls\n"]).ok();
    remark(&repo, &["a", "worth another try"]).ok();
    let (run, experiment, facts) = (&repo.facts("run")[0], &repo.facts("experiment")[0], repo.facts("remark"));
    assert_eq!((&facts[0]["target"], &facts[0]["commit"]), (&run["id"], &run["commit"]));
    assert_eq!(facts[0]["text"], "the loss still falls");
    assert_eq!((&facts[1]["target"], &facts[1]["commit"]), (&experiment["id"], &experiment["commit"]));
    let log = repo.xp(&["log"]).ok();
    assert!(log.contains(" Ada: the loss still falls\n") && log.contains(" Ada: worth another try\n"), "{log}");
    assert!(repo.git(&["log", "-1", "--notes=xp"]).contains("the loss still falls"));
    let ledger = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]);
    assert!(repo.git(&["log", "-1", "--format=%s", &ledger]).ends_with("remark: worth another try"));
    repo.is_sound();
}

#[test]
fn a_remark_comes_from_a_file_standard_input_or_the_editor() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    std::fs::write(repo.outside().join("note.md"), "# Findings\n\nIt works.\n\n").expect("written");
    remark(&repo, &["last", "-F", "../note.md"]).ok();
    repo.sh("printf 'one\\ntwo\\n' | git xp remark last -F -").ok();
    // The editor writes above the explanation, which is cut off; headings stay.
    let editor =
        "edit() { { printf '# Edited\\n\\ntext\\n'; cat \"$1\"; } > \"$1.new\" && mv \"$1.new\" \"$1\"; }; edit";
    let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    repo.output(command.args(["remark", "last"]).env("GIT_EDITOR", editor)).ok();
    let texts: Vec<_> = repo.facts("remark").iter().map(|fact| fact["text"].clone()).collect();
    assert_eq!(texts, ["# Findings\n\nIt works.", "one\ntwo", "# Edited\n\ntext"]);
    let log = repo.xp(&["log"]).ok();
    assert!(log.contains("Ada: # Findings …\n") && log.lines().count() == 4, "{log}");
    for editor in ["true", "false"] {
        let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
        repo.output(command.args(["remark", "last"]).env("GIT_EDITOR", editor)).fails(128);
    }
    assert_eq!(repo.facts("remark").len(), 3);
}

#[test]
fn long_and_hostile_remarks_are_kept_and_harmless() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    let long = "word ".repeat(4000);
    for text in [long.as_str(), "\u{1b}[31mred\u{202e}", "<script>alert(1)</script>", "a\u{0}b"] {
        std::fs::write(repo.outside().join("note"), text).expect("written");
        remark(&repo, &["last", "-F", "../note"]).ok();
        assert_eq!(repo.facts("remark").last().expect("a remark")["text"], text.trim_end());
    }
    for args in [&["log"][..], &["show"], &["show", "--json"], &["log", "--json"]] {
        let out = repo.xp(args).ok();
        assert!(!out.contains(['\u{1b}', '\u{202e}', '\u{0}']), "{out:?}");
    }
    repo.is_sound();
    std::fs::write(repo.outside().join("note"), "x".repeat((1 << 20) + 1)).expect("written");
    assert!(remark(&repo, &["last", "-F", "../note"]).fails(128).contains("over 1 MiB"));
    std::fs::write(repo.outside().join("note"), b"\xff\xfe").expect("written");
    assert!(remark(&repo, &["last", "-F", "../note"]).fails(128).contains("no UTF-8"));
}

#[test]
fn wrong_calls_say_what_to_type() {
    let repo = TestRepo::new();
    remark(&repo, &[]).fails(129);
    remark(&repo, &["last", "x", "-F", "y"]).fails(129);
    insta::assert_snapshot!(remark(&repo, &["last", "x"]).fails(128), @r"
    error: there is no run yet
    hint: git xp run --seed 1 -- <command>
    ");
    let head = repo.git(&["rev-parse", "HEAD"]);
    insta::assert_snapshot!(remark(&repo, &["HEAD", "x"]).fails(128).replace(&head, "<commit>"), @r"
    error: the commit <commit> has no run
    hint: git xp run --seed 1 -- <command>
    ");
    repo.train(1, "0.1");
    insta::assert_snapshot!(remark(&repo, &["last", " \n"]).fails(128), @r"
    error: the remark is empty, so nothing is recorded
    hint: git xp remark last '…'
    ");
    insta::assert_snapshot!(remark(&repo, &["last", "-F", "none"]).fails(128), @r"error: none: No such file or directory (os error 2)");
    assert_eq!(repo.facts("remark").len(), 0);
}
