//! What is written can be read by others: by git, by libgit2, and by every later version.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::TestRepo;

fn trained() -> TestRepo {
    let repo = TestRepo::new();
    repo.xp(&["start", "bigger-lr", "--expect", "val_acc >= 0.8", "--because", "it is small"]).ok();
    repo.train(1, "0.1");
    repo.train(2, "0.1");
    repo
}

/// The only ledger.
pub fn ledger(repo: &TestRepo) -> String {
    repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"])
}

/// A commit on the ledger in which `path` holds `bytes`.
pub fn put(repo: &TestRepo, path: &str, bytes: &[u8]) {
    let name = ledger(repo);
    let git = git2::Repository::open(&repo.path).expect("opens");
    let tip = git.find_reference(&name).expect("a ledger").peel_to_commit().expect("a commit");
    let blob = git.blob(bytes).expect("written");
    let mut update = git2::build::TreeUpdateBuilder::new();
    update.upsert(path, blob, git2::FileMode::Blob);
    let tree = update.create_updated(&git, &tip.tree().expect("a tree")).expect("a tree");
    let who = git2::Signature::now("Bob", "bob@example.org").expect("a name");
    let tree = git.find_tree(tree).expect("a tree");
    git.commit(Some(&name), &who, &who, "from elsewhere", &tree, &[&tip]).expect("committed");
}

#[test]
fn libgit2_and_git_read_everything() {
    let repo = trained();
    let name = ledger(&repo);
    let git = git2::Repository::open(&repo.path).expect("opens");
    let tip = git.find_reference(&name).expect("a ledger").peel_to_commit().expect("a commit");
    let tree = tip.tree().expect("a tree");
    let mut facts: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    tree.walk(git2::TreeWalkMode::PreOrder, |dir, entry| {
        if dir.starts_with("facts/") && entry.kind() == Some(git2::ObjectType::Blob) {
            let blob = git.find_blob(entry.id()).expect("a blob");
            assert_eq!(blob.content().iter().filter(|byte| **byte == b'\n').count(), 1);
            let fact: serde_json::Value = serde_json::from_slice(blob.content()).expect("JSON");
            facts.insert(fact["id"].as_str().expect("an id").to_owned(), fact);
        }
        git2::TreeWalkResult::Ok
    })
    .expect("walked");
    assert_eq!(facts.len(), 3);
    for (id, fact) in facts.iter().filter(|(_, fact)| fact["kind"] == "run") {
        let commit = git2::Oid::from_str(fact["commit"].as_str().expect("a commit")).expect("an oid");
        let note = git.find_note(Some("refs/notes/xp"), commit).expect("a note");
        assert!(note.message().expect("text").lines().any(|line| line.contains(id.as_str())));
        assert!(repo.git(&["notes", "--ref=xp", "show", &commit.to_string()]).contains(id.as_str()));
        for file in ["series.tsv", "output.log", "env.toml"] {
            tree.get_path(Path::new(&format!("files/{}/{id}/{file}", &id[..2]))).expect("the file is there");
        }
    }
    let keep = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/keep/"]);
    let mut kept = Vec::new();
    let mut next = Some(git.find_reference(&keep).expect("a keep ref").peel_to_commit().expect("a commit"));
    while let Some(commit) = next {
        assert!(commit.tree().expect("a tree").is_empty());
        kept.extend(commit.parent_ids().skip(1).map(|oid| oid.to_string()));
        next = commit.parent(0).ok();
    }
    assert!(
        facts.values().all(|fact| kept.contains(&fact["commit"].as_str().expect("a commit").to_owned())),
        "{kept:?}"
    );
    let trailers = repo.git(&["log", "-1", "--format=%(trailers:key=Xp-Experiment,valueonly)", "exp/bigger-lr"]);
    assert!(facts.contains_key(trailers.trim()), "{trailers}");
    assert!(repo.git(&["log", "-1", "--notes=xp", "exp/bigger-lr"]).contains("val_acc"));
}

#[test]
fn unknown_kinds_and_keys_are_kept() {
    let repo = trained();
    let run = &repo.facts("run")[0];
    let target = run["id"].as_str().expect("an id");
    let poem = format!(
        "{{\"xp\":\"1.9\",\"kind\":\"poem\",\"id\":\"77777777777777777777\",\"time\":\"2026-11-21T00:00:00.000Z\",\"target\":\"{target}\",\"text\":\"roses\",\"verses\":[1]}}\n"
    );
    put(&repo, "facts/77/77777777777777777777.json", poem.as_bytes());
    let mut other = run.clone();
    other["id"] = "88888888888888888888".into();
    other["mood"] = "good".into();
    put(&repo, "facts/88/88888888888888888888.json", format!("{other}\n").as_bytes());
    let shown = repo.xp(&["show", target]).ok();
    assert!(shown.contains("roses"), "{shown}");
    let shown = repo.xp(&["show", "8888"]).ok();
    assert!(shown.contains("val_acc"), "{shown}");
    repo.xp(&["fsck", "--repair"]);
    repo.train(3, "0.1");
    let kept = repo.git(&["cat-file", "blob", &format!("{}:facts/77/77777777777777777777.json", ledger(&repo))]);
    assert_eq!(kept, poem.trim_end());
    assert_eq!(repo.facts("run").iter().filter(|fact| fact["mood"] == "good").count(), 1);
}

#[test]
fn what_cannot_be_read_is_named_skipped_and_kept() {
    let repo = trained();
    let whole = repo.facts("run")[0].to_string();
    let newer = r#"{"xp":"2.0","kind":"run","id":"99999999999999999999","time":"2026-11-21T00:00:00Z"}"#;
    let bad: [(&str, &[u8]); 4] = [
        ("facts/99/99999999999999999999.json", newer.as_bytes()),
        ("facts/00/00000000000000000000.json", b"\xff\x00\x1b[31m"),
        ("facts/11/11111111111111111111.json", &whole.as_bytes()[..100]),
        ("facts/22/notes-of-bob.txt", b"hello"),
    ];
    bad.iter().for_each(|(path, bytes)| put(&repo, path, bytes));
    let compared = repo.xp(&["compare"]);
    assert_eq!(compared.code, 0, "{compared:?}");
    assert!(compared.stdout.contains("val_acc"));
    assert!(compared.stderr.contains("install a newer git-xp"), "{}", compared.stderr);
    let found = repo.xp(&["fsck"]);
    assert_eq!(found.code, 1);
    bad.iter().for_each(|(path, _)| assert!(found.stdout.contains(path), "{path}: {}", found.stdout));
    assert!(!found.stdout.contains('\u{1b}'));
    repo.xp(&["fsck", "--repair"]);
    repo.train(3, "0.1");
    let name = ledger(&repo);
    let git = git2::Repository::open(&repo.path).expect("opens");
    let tree = git.find_reference(&name).expect("a ledger").peel_to_tree().expect("a tree");
    for (path, bytes) in bad {
        let entry = tree.get_path(Path::new(path)).expect("kept");
        assert_eq!(git.find_blob(entry.id()).expect("a blob").content(), bytes);
    }
    assert_eq!(tree.get_path(Path::new("facts")).expect("facts").kind(), Some(git2::ObjectType::Tree));
}

#[test]
fn version_1_0_is_read_forever() {
    let repo = TestRepo::empty();
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format/v1.0/repository.bundle");
    repo.git(&["fetch", "--quiet", "--update-head-ok", &bundle.display().to_string(), "+refs/*:refs/*"]);
    repo.git(&["reset", "--quiet", "--hard", "main"]);
    repo.is_sound();
    let log = repo.xp(&["log", "bigger-lr"]).ok();
    assert!(log.contains("val_acc"), "{log}");
    let compared = repo.xp(&["compare", "--format", "csv"]).ok();
    assert!(compared.contains("bigger-lr") && compared.contains("0.813"), "{compared}");
    assert_eq!(repo.facts("run").len(), 5);
    assert_eq!(repo.facts("late").len(), 1);
    assert_eq!(repo.facts("withdrawal").len(), 1);
    repo.train(9, "0.3");
    repo.is_sound();
}
