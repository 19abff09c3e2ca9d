//! `.xp.toml` and `git config xp.*`.

use crate::support::TestRepo;

#[test]
fn a_broken_file_says_where() {
    let repo = TestRepo::new();
    for (text, part) in [
        ("[rules]\nclean = \"never\"\n", ".xp.toml:2:9"),
        ("[rules\n", ".xp.toml:1:"),
        ("[rules]\nseed = 3\n", ".xp.toml:2:8"),
        ("[metric.a]\ndirection = \"up\"\n", ".xp.toml:2:"),
    ] {
        repo.write(".xp.toml", text);
        let out = repo.xp(&["status"]).fails(128);
        assert!(out.contains(part), "{text}: {out}");
    }
    repo.write(".xp.toml", "[rulez]\n[rules]\nclaen = \"off\"\n");
    let out = repo.xp(&["status"]);
    assert_eq!(out.code, 0);
    assert!(out.stderr.contains("did you mean `[rules]`") && out.stderr.contains("rules.clean"), "{}", out.stderr);
}

#[test]
fn option_beats_config_beats_file() {
    let repo = TestRepo::new();
    repo.write(".xp.toml", "[rules]\nseed = \"off\"\n[start]\nprefix = \"file/\"\n");
    repo.commit("Settings");
    repo.xp(&["run", "--", "true"]).ok();
    repo.git(&["config", "xp.rules.seed", "refuse"]);
    repo.xp(&["run", "--again", "--", "true"]).fails(128);
    repo.xp(&["run", "--again", "--rule", "seed=off", "--", "true"]).ok();
    repo.git(&["-c", "xp.rules.seed=off", "xp", "run", "--again", "--", "true"]);
    repo.xp(&["start", "a"]).ok();
    assert_eq!(repo.git(&["branch", "--show-current"]), "file/a");
    repo.git(&["config", "xp.start.prefix", "config/"]);
    repo.xp(&["start", "b", "--base", "main"]).ok();
    assert_eq!(repo.git(&["branch", "--show-current"]), "config/b");
}

#[test]
fn directions_give_arrows() {
    let repo = TestRepo::new();
    repo.write(".xp.toml", "[metric.val_acc]\ndirection = \"maximize\"\n");
    repo.commit("Settings");
    repo.train(1, "0.1");
    repo.xp(&["start", "a"]).ok();
    repo.train(2, "0.2");
    let text = repo.xp(&["compare"]).ok();
    assert!(text.contains('↑') || text.contains('▲'), "{text}");
    assert!(repo.facts("run")[1]["metrics"]["val_acc"]["best"].is_number());
    assert!(repo.facts("run")[1]["metrics"]["loss"].get("best").is_none());
}

#[test]
fn a_pattern_that_is_none_is_named_with_its_line() {
    let repo = TestRepo::new();
    repo.write(".xp.toml", "[run]\nignore = [\"data/[a\"]\n");
    let text = repo.xp(&["run", "--seed", "1", "--", "true"]).fails(128);
    assert!(text.contains(".xp.toml:2:11: `run.ignore` cannot be \"data/[a\": write a pattern, as in"), "{text}");
}
