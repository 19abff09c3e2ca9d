//! Every exit code of `docs/exit-codes.md` occurs, and no other is defined.

use std::collections::BTreeMap;

use crate::support::TestRepo;

fn read(path: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a file of the project")
}

#[test]
fn the_document_and_the_constants_agree() {
    let documented: BTreeMap<String, u8> = read("docs/exit-codes.md")
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let code = cells.next()?.parse().ok()?;
            Some((cells.next()?.to_owned(), code))
        })
        .collect();
    let defined: BTreeMap<String, u8> = read("src/cli/error.rs")
        .lines()
        .filter_map(|line| {
            let (name, code) = line.trim().strip_prefix("pub const ")?.split_once(": u8 = ")?;
            Some((name.to_owned(), code.trim_end_matches(';').parse().ok()?))
        })
        .collect();
    assert_eq!(documented, defined);
    assert_eq!(defined.len(), 6);
}

// 255 is a defect of git-xp: whoever knows how to reach it has something to repair.

#[test]
fn done_is_0_and_damage_is_1() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.xp(&["status"]).ok();
    repo.xp(&["--help"]).ok();
    repo.git(&["notes", "--ref=xp", "remove", "HEAD"]);
    assert_eq!(repo.xp(&["fsck"]).code, 1);
    assert_eq!(repo.xp(&["fsck", "--repair"]).code, 0);
    assert_eq!(repo.xp(&["fsck"]).code, 0);
}

#[test]
fn what_cannot_be_done_is_128() {
    let repo = TestRepo::new();
    repo.xp(&["show", "no-such-thing"]).fails(128);
    repo.xp(&["run", "--", "true"]).fails(128);
    repo.write("train.sh", "exit 0");
    repo.xp(&["run", "--seed", "1", "--", "true"]).fails(128);
    repo.commit("Change");
    repo.xp(&["run", "--seed", "1", "--", "true"]).ok();
    let said = repo.xp(&["run", "--seed", "1", "--", "true"]).fails(128);
    assert!(said.contains("--again"), "{said}");
}

#[test]
fn a_wrong_command_line_is_129() {
    let repo = TestRepo::new();
    repo.xp(&["compare", "--no-such-option"]).fails(129);
    repo.xp(&["no-such-verb"]).fails(129);
}

#[test]
fn a_reader_that_went_away_is_141() {
    let repo = TestRepo::new();
    for args in [&["completions", "bash"][..], &["--help"], &["status"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
        let status = command.args(args).stdout(writer).status().expect("it starts");
        assert_eq!(crate::support::exit_code(status), 141, "{args:?}");
    }
}

#[test]
fn a_run_ends_with_the_code_of_its_command() {
    let repo = TestRepo::new();
    let run = |args: &[&str]| repo.xp(&[&["run", "--seed", "7", "--"], args].concat()).code;
    assert_eq!(run(&["true"]), 0);
    assert_eq!(run(&["sh", "-c", "exit 3"]), 3);
    assert_eq!(run(&["sh", "-c", "exit 128"]), 128);
    assert_eq!(run(&["sh", "-c", "kill -9 $$"]), 137);
    assert_eq!(run(&["no-such-program"]), 127);
    assert_eq!(run(&["./train.sh"]), 126);
    // Of several seeds, that of the first that failed.
    assert_eq!(repo.xp(&["run", "--keep-going", "--seeds", "4,5", "--", "sh", "-c", "exit {seed}"]).code, 4);
    assert_eq!(repo.facts("run").len(), 8);
}

#[test]
fn logging_in_a_run_is_always_0() {
    let repo = TestRepo::new();
    for args in [&["log-metric", "val_acc", "0.5"][..], &["log-metric", "val_acc", "high"], &["log-param", "lr=1"]] {
        let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
        command.args(args).env("GIT_XP_JOURNAL", "/no/such/journal");
        let output = repo.output(&mut command);
        assert_eq!(output.code, 0, "{args:?}");
        assert!(output.stderr.starts_with("warning: "), "{args:?}: {}", output.stderr);
    }
    // By hand the same is an error.
    repo.xp(&["log-metric", "val_acc", "high"]).fails(129);
}
