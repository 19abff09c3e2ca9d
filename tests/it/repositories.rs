//! Every kind of repository that git knows.

use std::io::Write;
use std::process::Command;

use crate::support::{Output, Part, TestRepo, need};

const BIN: &str = env!("CARGO_BIN_EXE_git-xp");
const RUN: [&str; 5] = ["run", "--seed", "1", "--", "true"];

fn in_dir(repo: &TestRepo, dir: &std::path::Path, program: &str, args: &[&str]) -> Output {
    repo.output(repo.command(program).args(args).current_dir(dir))
}

#[track_caller]
fn refused(said: Output, words: &str) {
    let said = said.fails(128);
    assert!(said.contains(words) && said.contains("hint: "), "{said}");
}

#[test]
fn a_folder_outside_any_repository_is_named() {
    let repo = TestRepo::new();
    for args in [&RUN[..], &["status"], &["compare"], &["log-metric", "a", "1"], &["fsck"]] {
        refused(in_dir(&repo, repo.outside(), BIN, args), "is not inside a git repository");
    }
}

#[test]
fn a_bare_repository_is_read_and_not_run_in() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.git(&["clone", "--quiet", "--bare", "--mirror", ".", "../bare"]);
    let bare = repo.outside().join("bare");
    refused(in_dir(&repo, &bare, BIN, &RUN), "bare");
    let shown = in_dir(&repo, &bare, BIN, &["show", "last"]).ok();
    assert!(shown.contains("val_acc"), "{shown}");
    in_dir(&repo, &bare, BIN, &["fsck"]).ok();
}

#[test]
fn an_unborn_branch_is_named() {
    let repo = TestRepo::empty();
    refused(repo.xp(&RUN), "has no commit yet");
    refused(repo.xp(&["start", "a"]), "has no commit yet");
    refused(repo.xp(&["log-metric", "a", "1"]), "has no commit yet");
}

#[test]
fn a_repository_of_another_user_is_not_trusted() {
    if need(Part::Root).is_none() {
        return;
    }
    let repo = TestRepo::new();
    assert!(Command::new("chown").args(["-R", "12345"]).arg(&repo.path).status().expect("chown runs").success());
    refused(repo.xp(&RUN), "belongs to another user");
    refused(repo.xp(&["status"]), "safe.directory");
}

#[test]
fn sha_256_and_reftable_hold_everything() {
    for options in [&["--object-format=sha256"][..], &["--ref-format=reftable"]] {
        let probe = TestRepo::empty();
        if probe.try_git(&[&["init", "--quiet"], options, &["../probe"]].concat()).code != 0 {
            // git before 2.45 has no reftable.
            let _ = writeln!(std::io::stderr(), "LEFT OUT: this git knows no {options:?}");
            continue;
        }
        let repo = TestRepo::init(&[&["--initial-branch=main"], options].concat());
        repo.write("train.sh", crate::support::TRAIN);
        repo.commit("Start");
        repo.train(1, "0.1");
        repo.xp(&["start", "a", "--expect", "val_acc >= 0.9"]).ok();
        repo.train(2, "0.2");
        repo.xp(&["log-metric", "by_hand", "1"]).ok();
        repo.xp(&["finish"]).ok();
        assert_eq!(repo.facts("run").len(), 3, "{options:?}");
        assert!(repo.xp(&["compare"]).ok().contains("val_acc"));
        assert_eq!(repo.git(&["for-each-ref", "refs/xp/open/"]), "");
        repo.is_sound();
        repo.git(&["gc", "--quiet", "--prune=now"]);
        repo.train(3, "0.2");
        repo.is_sound();
    }
}

#[test]
fn a_linked_work_tree_and_a_submodule_have_their_own_branch() {
    let repo = TestRepo::new();
    repo.git(&["worktree", "add", "--quiet", "-b", "side", "../side tree"]);
    let side = repo.outside().join("side tree");
    in_dir(&repo, &side, BIN, &RUN).ok();
    in_dir(&repo, &side, BIN, &["log-metric", "a", "1"]).ok();
    in_dir(&repo, &side, BIN, &["log-metric", "a", "2"]).ok();
    in_dir(&repo, &side, BIN, &["finish"]).ok();
    let facts = repo.facts("run");
    assert_eq!(facts.len(), 2);
    assert!(facts.iter().all(|fact| fact["branch"] == "refs/heads/side"));
    assert_eq!(facts[1]["metrics"]["a"]["count"], 2);

    let outer = TestRepo::new();
    let url = repo.path.display().to_string();
    outer.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "sub"]);
    outer.commit("Add a submodule");
    let sub = outer.path.join("sub");
    in_dir(&outer, &sub, BIN, &RUN).ok();
    in_dir(&outer, &sub, BIN, &["log-metric", "a", "1"]).ok();
    in_dir(&outer, &sub, BIN, &["finish"]).ok();
    assert!(outer.facts("run").is_empty());
    let listed = in_dir(&outer, &sub, "git", &["for-each-ref", "refs/xp/runs/"]).ok();
    assert_eq!(listed.lines().count(), 1, "{listed}");
    outer.xp(&RUN).ok();
    outer.is_sound();
}

#[test]
fn a_shallow_clone_records_and_stays_shallow() {
    let repo = TestRepo::new();
    (0..3).for_each(|i| drop(repo.commit(&format!("More {i}"))));
    let url = format!("file://{}", repo.path.display());
    repo.git(&["clone", "--quiet", "--depth", "1", &url, "../shallow"]);
    let shallow = repo.outside().join("shallow");
    in_dir(&repo, &shallow, BIN, &["start", "a"]).ok();
    in_dir(&repo, &shallow, BIN, &RUN).ok();
    in_dir(&repo, &shallow, BIN, &["compare"]).ok();
    in_dir(&repo, &shallow, BIN, &["fsck"]).ok();
    assert_eq!(in_dir(&repo, &shallow, "git", &["rev-parse", "--is-shallow-repository"]).ok().trim(), "true");
}

#[test]
fn git_dir_git_work_tree_and_git_c_are_honoured() {
    let repo = TestRepo::new();
    let (git_dir, work_tree) = (repo.path.join(".git"), repo.path.clone());
    let mut command = repo.command(BIN);
    command.args(RUN).current_dir(repo.outside()).env("GIT_DIR", &git_dir).env("GIT_WORK_TREE", &work_tree);
    repo.output(&mut command).ok();
    let mut command = repo.command(BIN);
    command.args(["log-metric", "a", "1"]).current_dir(repo.outside()).env("GIT_DIR", &git_dir);
    repo.output(command.env("GIT_WORK_TREE", &work_tree)).ok();
    repo.xp(&["finish"]).ok();
    repo.git(&["-c", "xp.rules.seed=off", "xp", "run", "--", "true"]);
    assert_eq!(repo.facts("run").len(), 3);
    repo.is_sound();
}

#[test]
fn a_path_with_spaces_and_quotes_is_a_path() {
    let repo = TestRepo::new();
    repo.git(&["clone", "--quiet", ".", "../it's a \"path\" ü"]);
    let odd = repo.outside().join("it's a \"path\" ü");
    in_dir(&repo, &odd, BIN, &["run", "--seed", "1", "--", "sh", "train.sh", "1", "2"]).ok();
    assert!(in_dir(&repo, &odd, BIN, &["show", "last"]).ok().contains("val_acc"));
    in_dir(&repo, &odd, BIN, &["fsck"]).ok();
}

#[test]
fn what_a_partial_clone_lacks_is_named_with_the_remote_that_does_not_answer() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    for filter in ["blob:none", "tree:0"] {
        let url = format!("file://{}", repo.path.display());
        let name = filter.replace(':', "-");
        repo.git(&["clone", "--quiet", "--filter", filter, &url, &format!("../{name}")]);
        let clone = repo.outside().join(&name);
        let refs = ["refs/xp/*:refs/xp/*", "refs/notes/xp:refs/notes/xp"];
        in_dir(&repo, &clone, "git", &[&["fetch", "--quiet", "origin"][..], &refs].concat()).ok();
        let mut forbidden = repo.command(BIN);
        let said = repo.output(forbidden.args(["list", "--runs"]).current_dir(&clone).env("GIT_NO_LAZY_FETCH", "1"));
        assert!(said.stderr.contains("GIT_NO_LAZY_FETCH forbids it"), "{said:?}");
        let gone = repo.outside().join("gone");
        std::fs::rename(&repo.path, &gone).unwrap();
        let said = in_dir(&repo, &clone, BIN, &["list", "--runs"]);
        if filter == "tree:0" {
            let said = said.fails(128);
            assert!(
                said.contains("origin could not be asked for it: ") && said.contains("hint: git ls-remote origin"),
                "{said}"
            );
            std::fs::rename(&gone, &repo.path).unwrap();
            assert!(in_dir(&repo, &clone, BIN, &["list", "--runs"]).ok().contains("val_acc"));
            continue;
        }
        let hint = "this is a partial clone, and origin could not be asked for what is not here: ";
        assert!(said.stderr.contains(hint), "{said:?}");
        // The training is recorded all the same, and sealed once the remote answers.
        let said = in_dir(&repo, &clone, BIN, &["run", "--again", "--seed", "2", "--", "true"]);
        assert_eq!(said.code, 0, "{said:?}");
        std::fs::rename(&gone, &repo.path).unwrap();
        in_dir(&repo, &clone, BIN, &["status"]).ok();
        let listed = in_dir(&repo, &clone, BIN, &["list", "--runs", "--format", "csv"]).ok();
        assert_eq!(listed.lines().count(), 3, "{listed}");
        in_dir(&repo, &clone, BIN, &["fsck"]).ok();
    }
}
