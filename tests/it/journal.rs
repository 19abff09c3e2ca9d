//! The examples of `docs/journal.md` are run as they stand, by each interpreter that is there.

use std::io::Write;

use crate::support::{Part, TestRepo, need};

/// The fenced blocks of one language.
fn examples(language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/journal.md")).expect("the document");
    let blocks = text.split("\n```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    blocks.filter(|(found, _)| *found == language).map(|(_, code)| format!("{code}\n")).collect()
}

/// Run an example and return its fact.
fn record(interpreter: &str, code: &str) -> serde_json::Value {
    let repo = TestRepo::empty();
    repo.write("example", code);
    repo.commit("Add the example");
    repo.xp(&["run", "--seed", "1", "--", interpreter, "example"]).ok();
    repo.is_sound();
    repo.facts("run").remove(0)
}

fn logs_what_it_says(interpreter: &str, code: &str) {
    let run = record(interpreter, code);
    assert_eq!(run["params"]["batch"], 32, "{code}");
    let loss = &run["metrics"]["loss"];
    let found = (loss["final"].as_f64(), loss["step"].as_i64(), loss["max"].as_f64(), loss["count"].as_i64());
    assert_eq!(found, (Some(0.25), Some(4), Some(1.0), Some(3)), "{code}");
    assert_eq!(run["metrics"]["val_acc"]["final"], 0.93, "{code}");
    assert!(run["rejected_lines"].is_null(), "{run:#}");
}

/// The Python of the tests, else the one in PATH. A version manager's stand-in does not work in the tests' empty home.
fn python() -> Option<String> {
    if let Ok(python) = std::env::var("GIT_XP_TEST_PYTHON") {
        return Some(python);
    }
    let python = need(Part::Program("python3"))?;
    let repo = TestRepo::empty();
    if repo.output(repo.command(&python).args(["-c", ""])).code == 0 {
        return Some(python);
    }
    need(Part::Python)
}

/// An interpreter that `tests/all.sh` does not install.
#[track_caller]
fn optional(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.is_file());
    if found.is_none() {
        let at = std::panic::Location::caller();
        // Not through the test harness, which would hide it.
        let _ = writeln!(std::io::stderr(), "LEFT OUT: {at}: the example in docs/journal.md needs {name} in PATH");
    }
    found
}

#[test]
fn the_examples_in_python_log_what_they_say() {
    let Some(python) = python() else { return };
    let examples = examples("python");
    assert_eq!(examples.len(), 2);
    logs_what_it_says(&python, &examples[0]);
    let run = record(&python, &examples[1]);
    assert_eq!(run["metrics"]["val_acc"]["final"], 0.93);
    assert_eq!(run["metrics"]["test.loss"]["final"], 0.25);
}

#[test]
fn the_examples_in_shell_log_what_they_say() {
    let examples = examples("sh");
    assert_eq!(examples.len(), 2);
    examples.iter().for_each(|code| logs_what_it_says("sh", code));
}

#[test]
fn the_example_in_r_logs_what_it_says() {
    let Some(interpreter) = optional("Rscript") else { return };
    logs_what_it_says(&interpreter.to_string_lossy(), &examples("r")[0]);
}

#[test]
fn the_example_in_julia_logs_what_it_says() {
    let Some(interpreter) = optional("julia") else { return };
    logs_what_it_says(&interpreter.to_string_lossy(), &examples("julia")[0]);
}
