//! The tutorial is executed word for word: every `$ ` line by bash, every Python block written to the file that its first line names.

use std::fmt::Write;

use crate::support::{Part, TestRepo, need};

#[test]
fn the_tutorial_does_what_it_says() {
    let Some(python) = need(Part::Python) else { return };
    let root = env!("CARGO_MANIFEST_DIR");
    let text = std::fs::read_to_string(format!("{root}/docs/tutorial.md")).expect("the tutorial");
    let repo = TestRepo::empty();
    let script = script(&text);
    let bin = std::path::Path::new(&python).parent().expect("a folder").display().to_string();
    let line = format!("export PATH={bin}:$PATH\n{script}");
    let mut command = repo.command("bash");
    command.current_dir(repo.outside()).args(["-c", &line]);
    let output = repo.output(&mut command);
    assert_eq!(output.code, 0, "{}\n{}", output.stdout, output.stderr);
    // What the text concludes is what came out.
    let mut show = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    show.current_dir(repo.outside().join("digits")).args(["compare", "main..exp/", "--json"]);
    let comparison = repo.output(&mut show).json();
    let rows = comparison["rows"].as_array().expect("rows");
    let names: Vec<&str> = rows.iter().filter_map(|row| row["experiment"].as_str()).collect();
    assert!(names.contains(&"rbf-kernel") && names.contains(&"fewer-inputs"), "{names:?}");
    assert!(rows.iter().all(|row| row["n"] == 5), "{comparison:#}");
}

/// One bash script. A command whose next line starts with `error:` is meant to fail; the lines of output that the tutorial shows are for the reader.
fn script(text: &str) -> String {
    let mut out = String::from("set -u\n");
    for block in text.split("\n```").skip(1).step_by(2) {
        let (language, body) = block.split_once('\n').expect("a block");
        match language {
            "console" => {
                let lines: Vec<&str> = body.lines().collect();
                for (i, line) in lines.iter().enumerate() {
                    let Some(command) = line.strip_prefix("$ ") else { continue };
                    let fails = lines[i + 1..]
                        .iter()
                        .take_while(|line| !line.starts_with("$ "))
                        .any(|line| line.starts_with("error:"));
                    let check = if fails { "-ne" } else { "-eq" };
                    let _ = writeln!(
                        out,
                        "echo '--- line {i} of a block'\n{command}\n[ $? {check} 0 ] || {{ echo UNEXPECTED STATUS; exit 1; }}"
                    );
                }
            }
            "python" => {
                let name = body.lines().next().and_then(|line| line.strip_prefix("# file: ")).expect("a file name");
                let _ = writeln!(out, "cat > {name} <<'END_OF_FILE'\n{body}\nEND_OF_FILE");
            }
            other => panic!("a block in an unknown language: {other}"),
        }
    }
    out
}
