//! What names a run or an experiment.

use crate::support::TestRepo;

#[test]
fn ids_names_last_and_commits_are_selectors() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.train(2, "0.1");
    repo.xp(&["start", "a"]).ok();
    repo.train(3, "0.2");
    let ids: Vec<String> = repo.facts("run").iter().map(|run| run["id"].as_str().expect("an id").to_owned()).collect();
    let shown = |selector: &str| repo.xp(&["show", selector, "--json"]).json()["runs"][0]["fact"]["id"].clone();
    assert_eq!(shown("last"), ids[2].as_str());
    assert_eq!(shown(&ids[0]), ids[0].as_str());
    assert_eq!(shown(&ids[1][..8]), ids[1].as_str());
    assert_eq!(shown("main"), ids[0].as_str());
    assert_eq!(shown(&repo.git(&["rev-parse", "HEAD"])), ids[2].as_str());
    repo.git(&["switch", "--quiet", "main"]);
    assert_eq!(shown("last"), ids[1].as_str());
    assert_eq!(shown("last~1"), ids[0].as_str());
    for name in ["a", "exp/a", "refs/heads/exp/a"] {
        assert!(repo.xp(&["show", name]).ok().contains('a'), "{name}");
    }
    insta::assert_snapshot!(repo.xp(&["show", "last~2"]).fails(128), @r"error: 'last~2' goes back too far: there are 2 runs");
}

#[test]
fn a_wrong_one_is_told_what_is_near() {
    let repo = TestRepo::new();
    insta::assert_snapshot!(repo.xp(&["show"]).fails(128), @r"
    error: there is no run yet
    hint: git xp run --seed 1 -- <command>
    ");
    repo.xp(&["start", "bigger-lr"]).ok();
    insta::assert_snapshot!(repo.xp(&["show", "biger-lr"]).fails(128), @r"
    error: 'biger-lr' is no experiment, run or commit
    hint: did you mean 'bigger-lr'?
    ");
    insta::assert_snapshot!(repo.xp(&["log", "nowhere"]).fails(128), @r"
    error: 'nowhere' is no experiment, run or commit
    hint: git xp list, git xp list --runs    show what there is
    ");
    for odd in ["", "last~x", "--", "..", "HEAD~99", "\u{1b}[31m", "last~99999999999999999999"] {
        let out = repo.xp(&["show", "--", odd]);
        assert!(matches!(out.code, 128 | 129), "{odd:?}: {out:?}");
        assert!(!out.stderr.contains('\u{1b}'));
    }
}
