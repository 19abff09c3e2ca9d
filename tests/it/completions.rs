//! `git xp completions` and `git xp man`.

use crate::support::TestRepo;

#[test]
fn shells_load_them() {
    let repo = TestRepo::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = repo.xp(&["completions", shell]).ok();
        assert!(script.contains("log-metric"), "{shell}");
        repo.write(&format!("completions.{shell}"), &script);
    }
    repo.sh("bash -n completions.bash && bash -c 'source completions.bash; complete -p git-xp'").ok();
    for (shell, line) in [("zsh", "zsh -n completions.zsh"), ("fish", "fish --no-execute completions.fish")] {
        if repo.sh(&format!("command -v {shell}")).code == 0 {
            repo.sh(line).ok();
        }
    }
    repo.xp(&["completions", "nonsense"]).fails(129);
}

#[test]
fn man_pages_are_written() {
    let repo = TestRepo::new();
    repo.xp(&["man", "man"]).ok();
    let page = std::fs::read_to_string(repo.path.join("man/git-xp-run.1")).expect("a page");
    assert!(page.contains(".TH") && page.contains("seeds"), "{page}");
    if repo.sh("command -v man").code == 0 {
        let out = repo.sh("MANPAGER=cat man -l man/git-xp-run.1");
        assert!(out.code == 0 || out.stderr.contains("minimized"), "{out:?}");
    }
}
