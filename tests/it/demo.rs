//! `git xp demo`.

use crate::support::TestRepo;

#[test]
fn it_ends_with_the_comparison() {
    let repo = TestRepo::new();
    let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    let out = repo.output(command.current_dir(repo.outside()).args(["demo", "--dir", "demo-repo"]));
    assert_eq!(out.code, 0, "{out:?}");
    let dir = repo.outside().join("demo-repo");
    assert!(dir.join(".git").is_dir(), "{out:?}");
    assert!(out.stdout.contains("git xp compare") && out.stdout.contains('±'), "{}", out.stdout);
    let dir = dir.display().to_string();
    let json = repo.xp(&["-C", &dir, "compare", "--json"]).json();
    assert!(json.to_string().contains("exp/"), "{json}");
    repo.xp(&["-C", &dir, "fsck"]).ok();
    let again = repo.output(repo.command(env!("CARGO_BIN_EXE_git-xp")).current_dir(repo.outside()).args([
        "demo",
        "--dir",
        "demo-repo",
    ]));
    assert_eq!(again.code, 128, "a folder that exists is left alone: {again:?}");
}
