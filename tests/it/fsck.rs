//! `git xp fsck`: damage is named and mended.

use std::fs;

use crate::support::TestRepo;

/// fsck names `kind`, mends it, and then finds nothing.
#[track_caller]
fn names_and_mends(repo: &TestRepo, kind: &str) {
    let found = repo.xp(&["fsck"]);
    assert_eq!(found.code, 1, "{found:?}");
    assert!(found.stdout.lines().any(|line| line.starts_with(&format!("{kind}: "))), "{}", found.stdout);
    assert!(found.stderr.contains("git xp fsck --repair"), "{}", found.stderr);
    repo.xp(&["fsck", "--repair"]).ok();
    repo.is_sound();
}

fn trained() -> TestRepo {
    let repo = TestRepo::new();
    repo.xp(&["start", "a"]).ok();
    repo.train(1, "0.1");
    repo.train(2, "0.1");
    repo
}

fn ledger(repo: &TestRepo) -> String {
    repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"])
}

fn tree(repo: &TestRepo, name: &str) -> String {
    repo.git(&["ls-tree", "-r", name])
}

#[test]
fn deleted_notes_are_rebuilt_from_the_ledger() {
    let repo = trained();
    let before = tree(&repo, "refs/notes/xp");
    repo.git(&["update-ref", "-d", "refs/notes/xp"]);
    names_and_mends(&repo, "note");
    assert_eq!(tree(&repo, "refs/notes/xp"), before);
}

#[test]
fn a_note_edited_by_hand_is_mended_and_what_people_wrote_is_kept() {
    let repo = trained();
    let before = repo.git(&["notes", "--ref=xp", "show"]);
    let edited = format!("I was here\n{}", before.lines().next().expect("a line"));
    repo.git(&["notes", "--ref=xp", "add", "-f", "-m", &edited]);
    names_and_mends(&repo, "note");
    let after = repo.git(&["notes", "--ref=xp", "show"]);
    assert_eq!(after, format!("I was here\n{before}"));
}

#[test]
fn notes_copied_by_an_amend_count_once() {
    let repo = trained();
    repo.git(&["config", "notes.rewriteRef", "refs/notes/xp"]);
    repo.git(&["commit", "--quiet", "--allow-empty", "--amend", "-m", "Amended"]);
    assert!(repo.git(&["notes", "--ref=xp", "show"]).contains("\"run\""));
    let shown = repo.xp(&["compare", "a", "--format", "json"]).ok();
    let runs = repo.facts("run").len();
    assert_eq!(runs, 2, "{shown}");
    names_and_mends(&repo, "note");
    assert_eq!(repo.facts("run").len(), 2);
}

#[test]
fn notes_merged_by_plain_git_are_mended() {
    let repo = trained();
    // Another clone's notes: the same first fact, and another line.
    let first = repo.git(&["rev-parse", "refs/notes/xp~1"]);
    repo.git(&["update-ref", "refs/notes/theirs", &first]);
    repo.git(&["notes", "--ref=theirs", "append", "-m", "a remark of theirs"]);
    repo.git(&["notes", "--ref=xp", "merge", "--quiet", "-s", "cat_sort_uniq", "refs/notes/theirs"]);
    repo.xp(&["fsck", "--repair"]).ok();
    repo.is_sound();
    let note = repo.git(&["notes", "--ref=xp", "show"]);
    assert!(note.contains("a remark of theirs"), "{note}");
    assert_eq!(repo.facts("run").len(), 2);
}

#[test]
fn a_deleted_ledger_is_restored_with_its_files() {
    let repo = trained();
    let (name, before) = (ledger(&repo), tree(&repo, &ledger(&repo)));
    repo.git(&["update-ref", "-d", &name]);
    names_and_mends(&repo, "lost");
    assert_eq!(tree(&repo, &name), before);
}

#[test]
fn a_deleted_ledger_is_restored_from_notes_alone() {
    let repo = trained();
    let (name, facts) = (ledger(&repo), repo.facts("run"));
    repo.git(&["update-ref", "-d", &name]);
    fs::remove_dir_all(repo.path.join(".git/xp/sealed")).expect("removed");
    names_and_mends(&repo, "lost");
    assert_eq!(repo.facts("run"), facts);
}

#[test]
fn a_deleted_keep_ref_is_restored() {
    let repo = trained();
    let keep = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/keep/"]);
    repo.git(&["update-ref", "-d", &keep]);
    names_and_mends(&repo, "unkept");
}

#[test]
fn a_stale_pin_is_taken_away() {
    let repo = trained();
    repo.git(&["update-ref", "refs/xp/open/00000000000000000000", "HEAD"]);
    names_and_mends(&repo, "pin");
    repo.git(&["update-ref", "refs/xp/open/00000000000000000000", "HEAD"]);
    repo.git(&["pack-refs", "--all"]);
    names_and_mends(&repo, "pin");
}

#[test]
fn an_opening_that_was_killed_is_taken_away_when_it_is_old() {
    let repo = trained();
    let folder = repo.path.join(".git/xp/runs/00000000000000000000");
    fs::create_dir_all(&folder).expect("a folder");
    repo.is_sound();
    let touched = std::process::Command::new("touch").args(["-d", "1 hour ago"]).arg(&folder).status();
    assert!(touched.expect("touch runs").success());
    names_and_mends(&repo, "abandoned");
    assert!(!folder.exists());
}

#[test]
fn notes_that_are_a_blob_are_found_and_replaced() {
    let repo = trained();
    let before = tree(&repo, "refs/notes/xp");
    let blob = repo.git(&["rev-parse", "HEAD:train.sh"]);
    repo.git(&["update-ref", "refs/notes/xp", &blob]);
    // Nothing is lost meanwhile.
    let said = repo.xp(&["run", "--seed", "3", "--", "true"]);
    assert!(said.code == 0 && said.stderr.contains("not yet sealed"), "{said:?}");
    names_and_mends(&repo, "notes");
    assert_eq!(repo.facts("run").len(), 3);
    assert_ne!(tree(&repo, "refs/notes/xp"), before);
}

#[test]
fn a_ref_file_that_is_garbage_is_named_and_its_record_comes_back() {
    let repo = trained();
    for name in [ledger(&repo), "refs/notes/xp".to_owned()] {
        let before = tree(&repo, &name);
        let path = repo.path.join(".git").join(&name);
        fs::write(&path, "garbage\n").expect("written");
        let said = repo.xp(&["list"]).fails(128);
        assert!(
            said.contains(&format!("the ref {name} is damaged")) && said.contains("hint: look at it, then: rm "),
            "{said}"
        );
        let found = repo.xp(&["fsck"]).fails(1);
        assert!(!found.contains("error"), "{found}");
        assert!(repo.xp(&["fsck"]).stdout.starts_with(&format!("ref: {name}: ")));
        fs::remove_file(&path).expect("removed");
        repo.xp(&["fsck", "--repair"]).ok();
        assert_eq!(tree(&repo, &name), before);
        repo.is_sound();
    }
}
