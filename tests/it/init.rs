//! `git xp init`: settings guessed, a project laid out, and all of it taken back.

use crate::support::{Part, TestRepo, need};

/// All files of the work tree but git's, with their content, and git's config.
fn state(repo: &TestRepo) -> String {
    repo.sh("find . -path ./.git -prune -o -print | LC_ALL=C sort; find . -path ./.git -prune -o -type f -exec sha256sum {} + | LC_ALL=C sort; cat .git/config; ls .git/xp 2>&1; git for-each-ref; git status --porcelain; true").ok()
}

#[test]
fn settings_are_guessed_and_taken_back_byte_for_byte() {
    let repo = TestRepo::new();
    repo.write("dvc.yaml", "stages:\n  t:\n    cmd: x\n    metrics:\n    - eval/scores.json:\n        cache: false\n");
    repo.write("eval/scores.json", r#"{"roc_auc": 0.5, "val": {"loss": 1}, "n": 3}"#);
    repo.write("params.yaml", "train:\n  seed: 7\n");
    repo.commit("A DVC project");
    let before = state(&repo);
    let said = repo.xp(&["init"]);
    assert_eq!(said.code, 0);
    for line in [
        "wrote .xp.toml, guessing:",
        "metrics.files = [\"eval/scores.json\", \"metrics.json\", \"reports/metrics.json\", \"dvclive/metrics.json\"]    eval/scores.json: a metric of dvc.yaml",
        "metric.roc_auc.direction = \"maximize\"    from its name, found in eval/scores.json",
        "metric.\"val.loss\".direction = \"minimize\"",
        "seed.param = \"train.seed\"    found in params.yaml",
        "set git config notes.xp.mergeStrategy = cat_sort_uniq",
    ] {
        assert!(said.stderr.contains(line), "{line}\n{}", said.stderr);
    }
    assert_eq!(repo.git(&["config", "notes.xp.mergeStrategy"]), "cat_sort_uniq");
    // They hold.
    repo.sh("git xp run --seed 1 -- sh -c 'echo \"{\\\"roc_auc\\\": 0.9}\" > eval/scores.json'").ok();
    assert_eq!(repo.facts("run")[0]["metrics"]["roc_auc"]["final"], 0.9);
    assert_eq!(repo.facts("run")[0]["metrics"]["roc_auc"]["max"], 0.9);
    repo.git(&["checkout", "-q", "."]);
    // A second time it changes nothing.
    let after = state(&repo);
    assert_eq!(repo.xp(&["init"]).stderr, ".xp.toml is there already, left as it is\n");
    assert_eq!(state(&repo), after);
    repo.xp(&["init", "--undo"]).ok();
    let facts = |text: &str| {
        text.lines()
            .filter(|line| !line.contains("refs/") && !is_ours(line) && !line.starts_with("ls:"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(facts(&state(&repo)), facts(&before));
    assert!(repo.xp(&["init", "--undo"]).stderr.contains("has made nothing here"));
    assert_eq!(repo.facts("run").len(), 1, "what is recorded stays");
}

/// Whether a line of `ls .git/xp` comes from a run.
fn is_ours(line: &str) -> bool {
    !line.contains(' ') && !line.starts_with("./")
}

#[test]
fn what_is_there_stays() {
    let repo = TestRepo::new();
    repo.write(".xp.toml", "[rules]\nseed = \"warn\"\n");
    repo.git(&["config", "notes.xp.mergeStrategy", "ours"]);
    let before = state(&repo);
    let said = repo.xp(&["init", "--undo"]);
    assert_eq!((said.code, state(&repo)), (0, before.clone()));
    let text = repo.xp(&["init"]).stderr;
    assert!(
        text.contains(".xp.toml is there already, left as it is") && text.contains("mergeStrategy is ours"),
        "{text}"
    );
    assert_eq!(state(&repo), before);
    // What was changed since is not taken away.
    repo.sh("rm .xp.toml").ok();
    repo.xp(&["init"]).ok();
    repo.sh("echo '# mine' >> .xp.toml; git config notes.xp.mergeStrategy union").ok();
    let text = repo.xp(&["init", "--undo"]).stderr;
    assert!(text.contains(".xp.toml was changed since, left as it is"), "{text}");
    assert_eq!(repo.git(&["config", "notes.xp.mergeStrategy"]), "union");
    assert!(repo.path.join(".xp.toml").exists());
    repo.git(&["config", "core.bare", "true"]);
    assert!(repo.sh("git -C .git xp init").fails(128).contains("bare"), "a bare repository has no settings");
    let outside = repo.sh("cd ..; git xp init").fails(128);
    assert!(outside.contains("git init"), "{outside}");
}

#[test]
fn a_project_is_laid_out_and_its_first_lines_work() {
    let Some(python) = need(Part::Python) else { return };
    let repo = TestRepo::empty();
    repo.write("README.md", "mine\n");
    let empty = state(&repo);
    let text = repo.xp(&["init", "--template"]).stderr;
    assert!(text.contains("README.md is there already, left as it is"), "{text}");
    assert!(repo.path.join("data/raw/iris.csv").exists());
    repo.xp(&["init", "--undo"]).ok();
    assert_eq!(state(&repo), empty);
    repo.sh("rm README.md").ok();
    repo.xp(&["init", "--template"]).ok();
    let laid_out = state(&repo);
    assert_eq!(repo.xp(&["init", "--template"]).stderr.matches("is there already").count(), 18);
    assert_eq!(state(&repo), laid_out);
    repo.sh("git add -A && git commit -qm Begin").ok();
    // What its README tells to type.
    let readme = std::fs::read_to_string(repo.path.join("README.md")).expect("a text");
    let lines: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    assert_eq!(lines.len(), 6, "{readme}");
    let bin = std::path::Path::new(&python).parent().expect("a folder").display().to_string();
    for line in &lines {
        repo.sh(&format!("PATH={bin}:$PATH; {line}")).ok();
    }
    let facts = repo.facts("run");
    assert_eq!(facts.len(), 6);
    for fact in &facts {
        assert!(fact["metrics"]["val_acc"]["final"].as_f64().expect("a number") > 0.8, "{fact}");
        assert_eq!(fact["data"]["train"]["files"], 3);
        assert!(fact["seed_via"].to_string().contains("config"), "{fact}");
    }
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    let table = repo.xp(&["compare", "main..exp/*"]).ok();
    assert!(table.contains("faster") && table.contains("val_acc"), "{table}");
    repo.is_sound();
}

#[test]
fn links_lead_nowhere() {
    let repo = TestRepo::new();
    repo.sh("mkdir ../outside; ln -s ../outside data").ok();
    let text = repo.xp(&["init", "--template"]).fails(128);
    assert!(text.contains("symbolic link"), "{text}");
    assert_eq!(repo.sh("ls ../outside").ok(), "");
    repo.sh("rm data; git xp init --template; rm README.md; mkfifo README.md; rm -r notebooks; ln -s ../outside notebooks; echo x > ../outside/README.md").ok();
    let text = repo.xp(&["init", "--undo"]).stderr;
    assert!(text.contains("README.md was changed since"), "{text}");
    assert_eq!(repo.sh("ls ../outside").ok(), "README.md\n");
}

#[test]
fn of_two_at_once_none_forgets_what_the_other_made() {
    let repo = TestRepo::new();
    let before = state(&repo);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| repo.xp(&["init", "--template"]).ok());
        }
    });
    assert!(!repo.path.join(".git/xp/init.json.lock").exists());
    repo.xp(&["init", "--undo"]).ok();
    assert_eq!(state(&repo), before);
    // One that was killed leaves its lock.
    repo.sh("mkdir -p .git/xp; : > .git/xp/init.json.lock").ok();
    let text = repo.xp(&["init"]).fails(128);
    assert!(
        text.contains("another git xp init is at work here") && text.contains("hint: if none is, one was killed: rm "),
        "{text}"
    );
}

#[test]
fn files_that_git_tracks_can_be_had_back() {
    let repo = TestRepo::new();
    repo.xp(&["init"]).ok();
    repo.commit("Settings");
    let text = repo.xp(&["init", "--undo"]).stderr;
    assert!(text.contains("hint: git restore :/.xp.toml    git tracks 1 removed file, and has them still"), "{text}");
}
