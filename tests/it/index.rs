//! The index can be missing, old, damaged, foreign or locked: the answer is the same.

use std::path::PathBuf;

use git_xp::git::Repo;
use git_xp::model::experiment::{Experiment, RecordedHypothesis};
use git_xp::model::fact::{Body, Fact, Header};
use git_xp::model::id::Id;
use git_xp::model::metric::Accumulator;
use git_xp::model::number::Number;
use git_xp::model::run::{Run, Status};
use git_xp::model::time::Time;
use git_xp::store::seal::{Parcel, seal};

use crate::support::TestRepo;

/// Enough facts for an index: 150 experiments with a run each, on 15 commits.
fn many() -> TestRepo {
    let repo = TestRepo::new();
    for n in 0..15 {
        repo.commit(&format!("commit {n}"));
    }
    add(&repo, 0..150);
    repo
}

fn add(repo: &TestRepo, which: std::ops::Range<i64>) {
    let commits: Vec<String> = repo.git(&["rev-list", "main"]).lines().map(str::to_owned).collect();
    let mut parcels = Vec::new();
    let mut push = |fact: Fact| parcels.push(Parcel { bytes: fact.encode().unwrap(), fact, files: Vec::new() });
    for n in which {
        let (id, commit) = (Id::random().unwrap(), &commits[n as usize % commits.len()]);
        let time = Time(1_790_000_000_000 + n);
        let experiment = Experiment {
            experiment: None,
            name: format!("e{n:03}"),
            branch: format!("refs/heads/exp/e{n:03}"),
            commit: commit.clone(),
            base: commit.clone(),
            baseline: None,
            hypothesis: RecordedHypothesis { expect: vec!["acc >= 0.5".to_owned()], ..Default::default() },
            planned_seeds: None,
            tags: Vec::new(),
            from: None,
            command: Vec::new(),
        };
        let header = |kind: &str, id| Header::new(kind, id, time, "Ada <ada@example.org>");
        push(Fact { header: header("experiment", id), body: Body::Experiment(Box::new(experiment)) });
        let mut points = Accumulator::default();
        points.add(Some(1), &Number::Float(n as f64 / 100.0));
        let run = Run {
            experiment: Some(id),
            name: Some(format!("e{n:03}")),
            commit: commit.clone(),
            tree: commit.clone(),
            seed: Some(n),
            status: Status::Ok,
            condition: format!("c{n}"),
            params: [("lr".to_owned(), (n % 7).into())].into(),
            metrics: points.summary(None).map(|summary| ("acc".to_owned(), summary)).into_iter().collect(),
            ..Run::default()
        };
        push(Fact { header: header("run", Id::random().unwrap()), body: Body::Run(Box::new(run)) });
    }
    seal(&Repo::open(&repo.path).unwrap(), &parcels).unwrap();
}

fn index(repo: &TestRepo) -> PathBuf {
    repo.path.join(".git/xp/index.sqlite")
}

fn compared(repo: &TestRepo) -> String {
    repo.xp(&["compare", "--json"]).ok()
}

/// What there is to say, without an index.
fn truth(repo: &TestRepo) -> String {
    let output = repo.output(repo.command("git").args(["-c", "xp.index=false", "xp", "compare", "--json"]));
    let text = output.ok();
    assert!(text.contains("e149") && text.contains("1.49"), "{text}");
    text
}

#[test]
fn it_is_made_and_used_and_never_needed() {
    let repo = many();
    let truth = truth(&repo);
    assert!(!index(&repo).exists(), "a reader that uses no index makes none");
    assert_eq!(compared(&repo), truth);
    assert!(index(&repo).exists());
    let made = std::fs::read(index(&repo)).unwrap();
    assert_eq!(compared(&repo), truth);
    assert_eq!(std::fs::read(index(&repo)).unwrap(), made, "a fresh index is only read");
    std::fs::remove_file(index(&repo)).unwrap();
    assert_eq!(compared(&repo), truth);
    assert!(index(&repo).exists());
}

#[test]
fn few_facts_need_none() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.xp(&["compare"]).ok();
    assert!(!index(&repo).exists());
}

#[test]
fn new_facts_are_seen_at_once() {
    let repo = many();
    compared(&repo);
    add(&repo, 150..160);
    assert_eq!(compared(&repo), truth(&repo));
    let found = repo.xp(&["show", "e155", "--json"]).json();
    repo.xp(&["discard", found["runs"][0]["fact"]["id"].as_str().unwrap(), "--because", "leak"]).ok();
    let after = compared(&repo);
    assert_eq!(after, truth(&repo));
    assert!(after.contains("\"withdrawn\": 1"));
    // A ledger that is moved back, as by a restored backup.
    let ledger = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/2026-09"]);
    repo.git(&["update-ref", &ledger, &format!("{ledger}~1")]);
    repo.git(&["update-ref", "refs/notes/xp", "refs/notes/xp~2"]);
    let before = compared(&repo);
    assert!(!before.contains("e155") && before.contains("e149"));
    assert_eq!(before, truth(&repo));
}

#[test]
fn a_damaged_one_changes_nothing() {
    let repo = many();
    let truth = truth(&repo);
    compared(&repo);
    let whole = std::fs::read(index(&repo)).unwrap();
    for length in [0, 1, 50, 100, 4096, 16_384, whole.len() / 2, whole.len() - 1] {
        std::fs::write(index(&repo), &whole[..length]).unwrap();
        assert_eq!(compared(&repo), truth, "cut to {length}");
    }
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut bent = whole.clone();
        let end = (at + 64).min(bent.len());
        bent[at..end].iter_mut().for_each(|byte| *byte ^= 0x5a);
        std::fs::write(index(&repo), &bent).unwrap();
        assert_eq!(compared(&repo), truth, "bent at {at}");
    }
    std::fs::write(index(&repo), "no database at all, but long enough to look like one".repeat(100)).unwrap();
    assert_eq!(compared(&repo), truth);
    assert_eq!(compared(&repo), truth);
    std::fs::remove_file(index(&repo)).unwrap();
    std::fs::create_dir(index(&repo)).unwrap();
    assert_eq!(compared(&repo), truth);
    std::fs::remove_dir(index(&repo)).unwrap();
    for odd in ["", "-journal", "-wal"] {
        let _ = std::fs::remove_file(index(&repo));
        compared(&repo);
        assert!(index(&repo).exists());
        let line = format!("cd .git/xp && rm -f index.sqlite{odd} && mkfifo index.sqlite{odd}");
        repo.sh(&line).ok();
        // A pipe is not waited for.
        let output = repo.sh("timeout 60 git-xp compare --json");
        assert_eq!(output.ok(), truth, "{odd:?}");
        std::fs::remove_file(repo.path.join(format!(".git/xp/index.sqlite{odd}"))).unwrap();
    }
}

#[test]
fn what_segments_keep_apart_comes_from_git_where_the_index_has_lost_it() {
    let repo = many();
    // Extremes, trees and commands are of that kind.
    let told = || repo.xp(&["list", "--runs", "--json", "--where", "metrics.acc.min > 0.2 and tree != ''"]).ok();
    let before = told();
    assert!(before.contains("\"min\": 0.21") && before.contains("\"min\": 1.49"), "{before}");
    assert_eq!(told(), before, "from the index");
    for sql in ["UPDATE segment SET rest = x'0102'", "UPDATE segment SET rest = (SELECT max(rest) FROM segment)"] {
        rusqlite::Connection::open(index(&repo)).unwrap().execute_batch(sql).unwrap();
        assert_eq!(told(), before, "{sql}");
    }
}

#[test]
fn one_of_another_repository_or_version_is_not_believed() {
    let (repo, other) = (many(), many());
    let truth = truth(&repo);
    compared(&other);
    std::fs::copy(index(&other), {
        compared(&repo);
        index(&repo)
    })
    .unwrap();
    assert_eq!(compared(&repo), truth);
    for version in [0, 1, 999_999] {
        let connection = rusqlite::Connection::open(index(&repo)).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
        drop(connection);
        assert_eq!(compared(&repo), truth, "version {version}");
    }
    // The right version, other tables.
    for sql in ["PRAGMA user_version = 1001; DROP TABLE segment", "DROP TABLE fact; CREATE TABLE fact (x)"] {
        std::fs::remove_file(index(&repo)).unwrap();
        compared(&repo);
        rusqlite::Connection::open(index(&repo)).unwrap().execute_batch(sql).unwrap();
        assert_eq!(compared(&repo), truth, "{sql}");
        assert!(repo.xp(&["show", "e017"]).ok().contains("e017"));
    }
    std::fs::remove_file(index(&repo)).unwrap();
    compared(&repo);
    rusqlite::Connection::open(index(&repo)).unwrap().pragma_update(None, "user_version", 999_999).unwrap();
    assert_eq!(compared(&repo), truth);
    let connection = rusqlite::Connection::open(index(&repo)).unwrap();
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 999_999, "the index of a newer version is not ours to replace");
}

#[test]
fn a_locked_one_is_not_waited_for_long() {
    let repo = many();
    let truth = truth(&repo);
    compared(&repo);
    add(&repo, 150..151);
    let connection = rusqlite::Connection::open(index(&repo)).unwrap();
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let begun = std::time::Instant::now();
    let text = compared(&repo);
    assert!(begun.elapsed().as_secs() < 20);
    assert_ne!(text, truth);
    assert!(text.contains("e150"));
    drop(connection);
    assert_eq!(compared(&repo), text);
}

#[test]
fn many_processes_and_work_trees_share_it() {
    let repo = many();
    let truth = truth(&repo);
    repo.git(&["worktree", "add", "--quiet", "--detach", "../second"]);
    let second = repo.outside().join("second");
    let children: Vec<_> = (0..12)
        .map(|n| {
            let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
            if n % 2 == 1 {
                command.current_dir(&second);
            }
            command.args(["compare", "--json"]).stdout(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        assert_eq!(String::from_utf8_lossy(&output.stdout), truth);
    }
    assert!(!second.join(".git/xp").exists() && index(&repo).exists());
    assert_eq!(compared(&repo), truth);
}

#[test]
fn a_read_only_repository_is_read_without_one() {
    let repo = many();
    let truth = truth(&repo);
    let lock = |mode: &str| repo.sh(&format!("chmod -R {mode} .git")).ok();
    lock("a-w");
    assert_eq!(compared(&repo), truth);
    lock("u+w");
    compared(&repo);
    lock("a-w");
    assert_eq!(compared(&repo), truth);
    lock("u+w");
}

#[test]
fn notes_alone_are_enough() {
    let repo = many();
    repo.train(1, "0.1");
    let truth = truth(&repo);
    compared(&repo);
    let ledgers = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]);
    for ledger in ledgers.lines() {
        repo.git(&["update-ref", "-d", ledger]);
    }
    // With the index of better times, and without.
    assert_eq!(compared(&repo), truth);
    std::fs::remove_file(index(&repo)).unwrap();
    assert_eq!(compared(&repo), truth);
    assert_eq!(compared(&repo), truth);
    // A run is shown whole, as far as its note tells.
    assert!(repo.xp(&["show", "last"]).ok().contains("val_acc"));
}

#[test]
fn what_was_fetched_from_a_remote_counts_once() {
    let repo = many();
    let truth = truth(&repo);
    let ledger = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/2026-09"]);
    repo.git(&["update-ref", "refs/xp-remote/origin/runs/2026-09", &ledger]);
    assert_eq!(compared(&repo), truth);
    repo.git(&["update-ref", "-d", &ledger]);
    repo.git(&["update-ref", "-d", "refs/notes/xp"]);
    assert_eq!(compared(&repo), truth);
}

#[test]
fn few_things_are_found_without_reading_all_and_are_the_same() {
    let repo = many();
    repo.xp(&["start", "real", "--from", "e003", "--base", "main"]).ok();
    repo.train(1, "0.1");
    repo.train(2, "0.1");
    repo.xp(&["start", "--amend", "--because", "why"]).fails(128);
    repo.xp(&["remark", "real", "a word"]).ok();
    repo.xp(&["tag", "last", "keep"]).ok();
    repo.xp(&["log-metric", "--run", "last", "late=7"]).ok();
    repo.xp(&["discard", "last~1", "--because", "slip"]).ok();
    compared(&repo);
    let run = repo.facts("run").last().expect("a run")["id"].as_str().expect("an id").to_owned();
    let ids: Vec<String> =
        repo.facts("run").iter().map(|fact| fact["id"].as_str().expect("an id").to_owned()).collect();
    let prefix = &ids[17][..6];
    let commit = repo.git(&["rev-parse", "HEAD"]);
    for words in [
        &["show", "real"][..],
        &["show", "exp/real"],
        &["show", "last"],
        &["show", "last~1"],
        &["show", "last~9"],
        &["show", &run],
        &["show", prefix],
        &["show", &commit],
        &["show", "e017"],
        &["show", "e999"],
        &["show", "HEAD~1"],
        &["show", "zzz"],
        &["show", "real", "--json"],
        &["diff", "last", "e004"],
        &["diff", &ids[3], &ids[4]],
        &["list", "e017"],
        &["list", "real", "e003"],
        &["list", "real", "--json"],
        &["list", "e9"],
        &["list", "e017", "--json"],
    ] {
        let with = repo.xp(words);
        let without = repo.output(repo.command("git").args(["-c", "xp.index=false", "xp"]).args(words));
        assert_eq!(
            (with.code, &with.stdout, &with.stderr),
            (without.code, &without.stdout, &without.stderr),
            "{words:?}"
        );
        let index = index(&repo);
        let connection = rusqlite::Connection::open(&index).unwrap();
        let facts: i64 = connection.query_row("SELECT count(*) FROM fact", [], |row| row.get(0)).unwrap();
        assert!(facts >= 300);
    }
}

/// Every reader says the same with the index as it is, without one, and with one that was just made.
#[track_caller]
fn same_every_way(repo: &TestRepo) {
    let readers: [&[&str]; 5] = [&["list"], &["list", "--runs"], &["compare"], &["log", "--all"], &["show", "last"]];
    for reader in readers {
        let say = |config: &str| {
            let output = repo.output(repo.command("git").args(["-c", config, "xp"]).args(reader).arg("--json"));
            (output.code, output.stdout, output.stderr)
        };
        let truth = say("xp.index=false");
        assert_eq!(say("xp.index=true"), truth, "{reader:?} as it is");
        let _ = std::fs::remove_file(index(repo));
        assert_eq!(say("xp.index=true"), truth, "{reader:?} made anew");
        assert_eq!(say("xp.index=true"), truth, "{reader:?} made before");
        serde_json::from_str::<serde_json::Value>(&truth.1)
            .unwrap_or_else(|error| panic!("{reader:?}: {error}: {truth:?}"));
    }
}

#[test]
fn a_fact_that_was_missing_is_seen_when_it_is_back() {
    let repo = many();
    let truth = truth(&repo);
    let ledger = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/2026-09"]);
    let note = repo.git(&["notes", "--ref=xp", "list", "HEAD"]);
    let tree = repo.git(&["ls-tree", "-r", &ledger, "facts/"]);
    let fact = tree.split_whitespace().nth(2).unwrap().to_owned();
    let file = |oid: &str| repo.path.join(format!(".git/objects/{}/{}", &oid[..2], &oid[2..]));
    for oid in [note, fact] {
        let away = repo.outside().join("away");
        std::fs::rename(file(&oid), &away).unwrap();
        let _ = std::fs::remove_file(index(&repo));
        compared(&repo);
        assert!(index(&repo).exists());
        same_every_way(&repo);
        std::fs::rename(&away, file(&oid)).unwrap();
        assert_eq!(compared(&repo), truth);
        same_every_way(&repo);
    }
}

#[test]
fn a_ref_that_is_no_ledger_is_named_and_skipped() {
    let repo = many();
    let truth = truth(&repo);
    let blob = repo.git(&["rev-parse", "HEAD:train.sh"]);
    let tree = repo.git(&["rev-parse", "HEAD^{tree}"]);
    compared(&repo);
    for (name, object) in [
        ("refs/xp/runs/2020-01", &blob),
        ("refs/xp-remote/origin/runs/2026-09", &tree),
        ("refs/xp-remote/origin/runs/2026-09", &blob),
        ("refs/notes/xp", &blob),
    ] {
        repo.git(&["update-ref", name, object]);
        let output = repo.xp(&["compare", "--json"]);
        assert_eq!(output.stderr, format!("warning: {name}: it points to no commit; skipped\n"));
        assert_eq!(output.stdout, truth);
        same_every_way(&repo);
        repo.git(&["update-ref", "-d", name]);
    }
    repo.git(&["update-ref", "refs/xp/runs/2020-01", &blob]);
    let output = repo.xp(&["export", "--format", "csv"]);
    assert_eq!((output.code, output.stdout.lines().count()), (1, 151), "{}", output.stderr);
    assert!(output.stderr.contains("refs/xp/runs/2020-01: it points to no commit"), "{}", output.stderr);
    let text = repo.xp(&["fsck"]);
    assert!(text.stdout.contains("it points to no commit"), "{text:?}");
}

#[test]
fn notes_that_hold_more_than_facts_are_read_the_same() {
    let repo = many();
    repo.train(7, "0.25");
    let fact = repo.facts("run").pop().unwrap();
    let ledgers = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/2026-1*"]);
    for ledger in ledgers.lines() {
        repo.git(&["update-ref", "-d", ledger]);
    }
    let id = fact["id"].as_str().unwrap();
    let tag = format!(r#"{{"xp":"1.0","kind":"tag","id":"{id}","time":"2026-11-20T12:00:00Z","by":"Eve","params":5}}"#);
    // Nobody's lines around the fact, and a file in the tree that is no note.
    let note = format!("no fact\n\n{}\n{fact}\r\n{tag}\n", r#"{"xp":"1.0","kind":"run"}"#);
    repo.write("note", &note);
    repo.git(&["notes", "--ref=xp", "add", "--force", "--file=note", "HEAD"]);
    same_every_way(&repo);
    let shown = repo.xp(&["show", "last", "--json"]).json();
    assert_eq!(shown["runs"][0]["fact"], fact);
    repo.xp(&["diff", "last", "last"]).ok();
    let blob = repo.git(&["hash-object", "-w", "note"]);
    repo.sh(&format!("tree=$(printf '100644 blob {blob}\\tREADME\\n' | git mktree) && git update-ref refs/notes/xp $(git commit-tree -m x $tree)")).ok();
    same_every_way(&repo);
    assert!(!repo.xp(&["list", "--runs", "--json"]).ok().contains(id), "a file in a notes tree that is no note");
}
