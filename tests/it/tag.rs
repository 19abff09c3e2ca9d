//! `git xp tag`.

use crate::support::{Output, TestRepo};

fn tag(repo: &TestRepo, args: &[&str]) -> Output {
    repo.xp(&[&["tag"], args].concat())
}

#[test]
fn tags_are_added_taken_away_and_listed() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.train(2, "0.1");
    let said = tag(&repo, &["last", "keep", "wip", "keep"]);
    assert!(said.stdout.is_empty() && said.stderr.ends_with(" tagged keep wip\n"), "{said:?}");
    tag(&repo, &["last", "paper"]).ok();
    tag(&repo, &["-d", "last", "wip"]).ok();
    assert_eq!(tag(&repo, &["last"]).ok(), "keep\npaper\n");
    assert!(tag(&repo, &["last~1"]).stderr.ends_with(" has no tags\n"));
    tag(&repo, &["last", "wip"]).ok();
    assert_eq!(tag(&repo, &["last"]).ok(), "keep\npaper\nwip\n");

    let (run, facts) = (&repo.facts("run")[1], repo.facts("tag"));
    assert_eq!(facts.len(), 4);
    for fact in &facts {
        assert_eq!((&fact["target"], &fact["commit"], &fact["by"]), (&run["id"], &run["commit"], &run["by"]));
    }
    assert_eq!(facts[0]["tags"], serde_json::json!(["keep", "wip"]));
    assert_eq!((&facts[2]["removed"], &facts[2]["tags"]), (&serde_json::json!(["wip"]), &serde_json::Value::Null));
    let json = tag(&repo, &["last", "--json"]).json();
    assert_eq!(json["tags"], serde_json::json!(["keep", "paper", "wip"]));
    assert_eq!((&json["version"], &json["id"]), (&1.into(), &run["id"]));
    assert_eq!(json["facts"][2]["removed"][0], "wip");
    repo.is_sound();
}

#[test]
fn what_changes_nothing_records_nothing() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    tag(&repo, &["last", "keep"]).ok();
    assert!(tag(&repo, &["last", "keep"]).stderr.contains("has keep already"));
    assert_eq!(repo.facts("tag").len(), 1);
    let error = tag(&repo, &["-d", "last", "never"]).fails(128);
    assert!(error.contains("has no tag 'never'") && error.contains("it has: keep"), "{error}");
    tag(&repo, &["-d", "last"]).fails(129);
    assert_eq!(repo.facts("tag").len(), 1);
}

#[test]
fn experiments_have_tags_of_their_own() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a", "--tag", "lr", "--tag", "wip"]).ok();
    repo.train(1, "0.1");
    tag(&repo, &["a", "paper"]).ok();
    tag(&repo, &["-d", "exp/a", "wip"]).ok();
    assert_eq!(tag(&repo, &["a"]).ok(), "lr\npaper\n");
    assert_eq!(tag(&repo, &["last"]).ok(), "");
    assert_eq!(tag(&repo, &["a", "--json"]).json()["initial"], serde_json::json!(["lr", "wip"]));
    let experiment = &repo.facts("experiment")[0];
    assert_eq!(repo.facts("tag")[0]["commit"], experiment["commit"]);
    assert!(
        repo.git(&["notes", "--ref=xp", "show", experiment["commit"].as_str().expect("a commit")]).contains("paper")
    );
    // The run and the experiment's registration are two commits or one; a commit stands for its only run.
    tag(&repo, &["HEAD", "head"]).ok();
    assert_eq!(tag(&repo, &["last"]).ok(), "head\n");
    repo.train(2, "0.1");
    let error = tag(&repo, &["HEAD", "x"]).fails(128);
    assert!(error.contains("has 2 runs") && error.contains("name one of them"), "{error}");
    repo.is_sound();
}

#[test]
fn the_notebook_tells_who_tagged_what() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    tag(&repo, &["last", "keep", "wip"]).ok();
    let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    command.args(["tag", "-d", "last", "wip"]).env("GIT_COMMITTER_NAME", "Bob").env("GIT_AUTHOR_NAME", "Bob");
    repo.output(&mut command).ok();
    let log = repo.xp(&["log"]).ok();
    let entries: Vec<&str> = log.lines().skip(1).map(|line| &line[18..]).collect();
    assert!(entries[0].starts_with("tag") && entries[0].ends_with(" Ada: keep wip"), "{log}");
    assert!(entries[1].starts_with("tag") && entries[1].ends_with(" Bob: removed wip"), "{log}");
    assert_eq!(repo.xp(&["log", "--json"]).json()["entries"][2]["by"], "Bob <ada@example.org>");
    let ledger = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]);
    let subjects = repo.git(&["log", "-2", "--format=%s", &ledger]);
    let subjects: Vec<&str> = subjects.lines().map(|line| &line[4..]).collect();
    assert_eq!(subjects, [" tag: removed wip", " tag: keep wip"]);
}

#[test]
fn odd_tags_are_kept_or_refused() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    let long = "x".repeat(250);
    for odd in ["caf\u{e9}", "a|b", "<b>", "a,b", "{lr}", "'", "\"q\"", "=", "*", &long] {
        tag(&repo, &["last", odd]).ok();
        assert!(tag(&repo, &["last"]).ok().lines().any(|line| line == odd), "{odd:?}");
    }
    for odd in ["", "a b", "a\nb", "\u{1b}[31m", "\u{202e}x", "-x", &"x".repeat(251)] {
        let error = tag(&repo, &["--", "last", odd]).fails(129);
        assert!(!error.contains('\u{1b}') && !error.contains('\u{202e}'), "{error:?}");
        repo.xp(&["start", "b", &format!("--tag={odd}")]).fails(129);
    }
    insta::assert_snapshot!(tag(&repo, &["last", "two words"]).fails(129), @r#"error: the tag "two words" holds ' ': a tag is one word, without spaces and control characters"#);
    repo.is_sound();
}

#[test]
fn a_run_under_way_is_tagged_too() {
    let repo = TestRepo::new();
    let line = r#"git-xp tag "$GIT_XP_RUN" live && git-xp remark "$GIT_XP_RUN" 'still running'"#;
    repo.xp(&["run", "--seed", "1", "--", "sh", "-c", line]).ok();
    assert_eq!(tag(&repo, &["last"]).ok(), "live\n");
    assert!(repo.xp(&["log"]).ok().contains("still running"));
    repo.is_sound();
}

#[test]
fn kill_9_loses_no_tag_that_was_acknowledged() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    let mut acknowledged = Vec::new();
    for n in 0..30_u64 {
        let name = format!("t{n}");
        let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
        command.args(["tag", "last", &name]).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut child = command.spawn().expect("it starts");
        // The last ones may take as long as they like.
        if n < 28 {
            std::thread::sleep(std::time::Duration::from_millis(n * 4));
            let _ = child.kill();
        }
        if child.wait().expect("it ended").success() {
            acknowledged.push(name);
        }
    }
    repo.xp(&["status"]).ok();
    let tags = tag(&repo, &["last"]).ok();
    assert!(!acknowledged.is_empty(), "every one was killed: {tags}");
    for name in acknowledged {
        assert!(tags.lines().any(|line| line == name), "{name}: {tags}");
    }
    repo.xp(&["fsck", "--repair"]).ok();
    repo.is_sound();
}
