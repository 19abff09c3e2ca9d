//! `git xp artifact track` and `untrack`.

use crate::support::{Output, TestRepo};

const LINE: &str = "filter=lfs diff=lfs merge=lfs -text";

fn artifact(repo: &TestRepo, args: &[&str]) -> Output {
    repo.xp(&[&["artifact"], args].concat())
}

fn attributes(repo: &TestRepo) -> String {
    std::fs::read_to_string(repo.path.join(".gitattributes")).expect("attributes")
}

#[test]
fn patterns_are_tracked_listed_and_untracked() {
    let repo = TestRepo::new();
    repo.write(".gitattributes", "# ours\n* text=auto");
    artifact(&repo, &["track", "*.pt", "a b"]).ok();
    let wanted = format!("# ours\n* text=auto\n*.pt {LINE}\na[[:space:]]b {LINE}\n");
    assert_eq!(attributes(&repo), wanted);
    assert_eq!(artifact(&repo, &["track", "*.pt"]).stderr, "*.pt is tracked already\n");
    assert_eq!(attributes(&repo), wanted);
    assert_eq!(repo.git(&["check-attr", "filter", "--", "a b", "x/y.pt"]).matches("filter: lfs").count(), 2);
    // Each folder has a file of its own.
    std::fs::create_dir(repo.path.join("data")).expect("a folder");
    artifact(&repo, &["-C", "data", "track", "*.bin"]).ok();
    assert_eq!(
        artifact(&repo, &["track"]).ok(),
        "*.pt (.gitattributes)\na[[:space:]]b (.gitattributes)\n*.bin (data/.gitattributes)\n"
    );
    let json = artifact(&repo, &["track", "--json"]).json();
    assert_eq!((&json["version"], &json["patterns"][2]["file"]), (&1.into(), &"data/.gitattributes".into()));
    let said = artifact(&repo, &["untrack", "a b", "*.pt"]);
    insta::assert_snapshot!(said.stderr, @"
    *.pt is no longer tracked
    a b is no longer tracked
    hint: git add .gitattributes
    ");
    assert_eq!(attributes(&repo), "# ours\n* text=auto\n");
    insta::assert_snapshot!(artifact(&repo, &["untrack", "*.pt"]).fails(128), @"
    error: '*.pt' is not tracked by .gitattributes of this folder
    hint: git xp artifact track    lists what is tracked, and where
    ");
    artifact(&repo, &["-C", "data", "untrack", "*.bin"]).ok();
    assert_eq!(artifact(&repo, &["track"]).stderr, "nothing is tracked here\n");
}

#[test]
fn what_git_must_read_is_spared() {
    let repo = TestRepo::new();
    for pattern in ["*", ".git*", "**/*", "/.gitattributes"] {
        let error = artifact(&repo, &["track", pattern]).fails(128);
        assert!(error.contains("names .gitattributes too"), "{error}");
    }
    repo.write("data/.gitignore", "x\n");
    assert!(artifact(&repo, &["track", "data/**"]).fails(128).contains("names data/.gitignore too"));
    artifact(&repo, &["track", "data/*.bin"]).ok();
    for pattern in ["", "a\nb", "\u{1b}[31m", "data/"] {
        let error = artifact(&repo, &["track", pattern]).fails(129);
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }
    std::fs::remove_file(repo.path.join(".gitattributes")).expect("removed");
    std::os::unix::fs::symlink("/etc/passwd", repo.path.join(".gitattributes")).expect("a link");
    assert!(artifact(&repo, &["track", "*.pt"]).fails(128).contains("is no file that git would read"));
}

#[test]
fn a_filter_that_is_there_is_left_alone() {
    let repo = TestRepo::new();
    let config = repo.outside().join("gitconfig");
    std::fs::write(&config, "[filter \"lfs\"]\n\tclean = git-lfs clean -- %f\n").expect("written");
    let track = |path: &std::path::Path| {
        let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
        repo.output(command.args(["artifact", "track", "*.pt"]).env("GIT_CONFIG_GLOBAL", path)).ok()
    };
    track(&config);
    assert_eq!(repo.try_git(&["config", "--get-regexp", "^filter"]).stdout, "");
    track(std::path::Path::new("/dev/null"));
    let set = repo.git(&["config", "--local", "--get-regexp", "^filter"]);
    insta::assert_snapshot!(set, @"
    filter.lfs.process git-xp filter-process
    filter.lfs.clean git-xp filter-process --clean -- %f
    filter.lfs.smudge git-xp filter-process --smudge -- %f
    filter.lfs.required true
    ");
}

#[test]
fn a_clone_without_a_filter_is_told() {
    let repo = TestRepo::new();
    repo.write("sub/.gitattributes", &format!("*.pt {LINE}\n"));
    let said = artifact(&repo, &["track"]);
    assert_eq!(said.stdout, "*.pt (sub/.gitattributes)\n");
    assert!(said.stderr.starts_with("warning: no filter is configured here"), "{}", said.stderr);
    let hint = said.stderr.lines().nth(1).and_then(|line| line.strip_prefix("hint: ")).expect("a hint");
    let line = hint.split("    ").next().expect("a command");
    repo.sh(line).ok();
    assert_eq!(repo.git(&["config", "filter.lfs.process"]), "git-xp filter-process");
    assert_eq!(artifact(&repo, &["track"]).stderr, "");
}

#[test]
fn renormalizing_as_the_hint_says_works_for_patterns_that_match_nothing() {
    let repo = TestRepo::new();
    repo.write("a.pt", "content");
    repo.commit("Content");
    let said = artifact(&repo, &["track", "/a.pt", "*.bin"]).stderr;
    let hint = said.lines().last().and_then(|line| line.strip_prefix("hint: ")).expect("a hint");
    repo.sh(hint.split("    ").next().expect("a command")).ok();
    assert!(repo.git(&["show", ":a.pt"]).ends_with("size 7"));
}
