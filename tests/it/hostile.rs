//! Names, values and outputs that nobody expects.

use crate::support::TestRepo;

/// Names that break terminals, tables and file formats.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "a b",
        "a|b",
        "a\nb",
        "a\tb",
        "\u{202e}rtl",
        "\u{1b}[31mred",
        "\u{9b}31m",
        "caf\u{e9}",
        "cafe\u{301}",
        "a\\b",
        "\"q\"",
        "=",
        "-x",
        "{lr}",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push("n".repeat(300));
    names
}

#[track_caller]
fn is_harmless(text: &str) {
    let is_raw = |c: char| {
        (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(is_raw), "{text:?}");
}

#[test]
fn no_name_reaches_the_terminal_raw_and_none_is_lost() {
    let repo = TestRepo::new();
    let lines: String = names()
        .iter()
        .map(|name| serde_json::json!({"metric": name, "value": 1}).to_string() + "\n")
        .chain(names().iter().map(|name| serde_json::json!({"param": name, "value": name}).to_string() + "\n"))
        .collect();
    std::fs::write(repo.outside().join("lines"), lines).expect("written");
    repo.xp(&["run", "--seed", "3", "--", "true"]).ok();
    repo.xp(&["start", "odd"]).ok();
    let line = r#"cat ../lines >> "$GIT_XP_JOURNAL"; printf '\033[31mred\n'"#;
    for seed in ["1", "2"] {
        repo.xp(&["run", "--seed", seed, "--", "sh", "-c", line]).ok();
    }
    let runs = repo.facts("run");
    for name in names() {
        assert_eq!(runs[1]["metrics"][&name]["final"], 1, "{name:?}");
        assert_eq!(runs[1]["params"][&name], *name, "{name:?}");
    }
    for columns in ["40", "80", "200"] {
        for args in [
            &["show", "last"][..],
            &["log"],
            &["show", "last", "--json"],
            &["show", "odd"],
            &["show", "last", "--series", "a\nb"],
            &["diff", "last~1", "last"],
            &["diff", "last~1", "main", "--format", "markdown"],
            &["diff", "last~1", "main", "last"],
            &["compare"],
            &["compare", "--format", "markdown"],
            &["compare", "--format", "json"],
            &["status"],
            &["fsck"],
        ] {
            let said = repo.output(repo.command(env!("CARGO_BIN_EXE_git-xp")).args(args).env("COLUMNS", columns));
            assert_eq!(said.code, 0, "{args:?} {said:?}");
            is_harmless(&said.stdout);
            is_harmless(&said.stderr);
        }
    }
    repo.is_sound();
}

#[test]
fn odd_experiment_names_are_refused_clearly_or_work() {
    let repo = TestRepo::new();
    for name in [
        "a b",
        "a\nb",
        "\u{1b}[31m",
        "..",
        "a..b",
        "a.lock",
        "-a",
        "",
        "@{",
        "~",
        "refs/heads/x",
        "\u{202e}x",
        &"n".repeat(300),
    ] {
        let said = repo.xp(&["start", "--", name]);
        assert!([0, 128, 129].contains(&said.code), "{name:?} {said:?}");
        is_harmless(&said.stdout);
        is_harmless(&said.stderr);
        repo.git(&["switch", "--quiet", "main"]);
    }
    repo.is_sound();
}

#[test]
fn ten_thousand_metrics_and_odd_steps_and_numbers_are_kept() {
    let repo = TestRepo::new();
    let mut lines: String = (0..10_000).map(|i| format!("{{\"metric\":\"metric{i}\",\"value\":{i}}}\n")).collect();
    lines += "{\"metric\":\"big\",\"value\":9007199254740993}\n{\"metric\":\"huge\",\"value\":123456789012345678901234567890}\n";
    lines += "{\"metric\":\"s\",\"value\":1,\"step\":5}\n{\"metric\":\"s\",\"value\":2,\"step\":5}\n{\"metric\":\"s\",\"value\":3,\"step\":1}\n";
    lines +=
        "{\"metric\":\"nan\",\"value\":NaN}\n{\"metric\":\"inf\",\"value\":-Infinity}\n{\"metric\":\"torn\",\"va\n";
    std::fs::write(repo.outside().join("lines"), lines).expect("written");
    let said = repo.xp(&["run", "--seed", "1", "--", "sh", "-c", r#"cat ../lines >> "$GIT_XP_JOURNAL""#]);
    assert!(said.stderr.contains("1 journal line(s) could not be read"), "{}", said.stderr);
    said.ok();
    let run = &repo.facts("run")[0];
    let metrics = run["metrics"].as_object().expect("metrics");
    assert_eq!(metrics.len(), 10_005);
    assert_eq!(metrics["big"]["final"], "9007199254740993");
    assert_eq!(metrics["huge"]["final"], "123456789012345678901234567890");
    assert_eq!((&metrics["s"]["final"], &metrics["s"]["count"]), (&2.into(), &3.into()));
    assert_eq!((&metrics["nan"]["final"], &metrics["inf"]["final"]), (&"NaN".into(), &"-Infinity".into()));
    for args in [&["show", "last"][..], &["log"], &["compare"], &["status"], &["diff", "last", "last"]] {
        repo.output(repo.command(env!("CARGO_BIN_EXE_git-xp")).args(args).env("COLUMNS", "80")).ok();
    }
    repo.is_sound();
}

#[test]
fn a_long_output_is_kept_at_both_ends() {
    let size: u64 = if std::env::var_os("GIT_XP_TEST_COMPLETE").is_some() { 1 << 30 } else { 50 << 20 };
    let repo = TestRepo::new();
    let line = format!("echo first; yes | head -c {size}; echo last");
    let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    command.args(["run", "--seed", "1", "--", "sh", "-c", &line]).stdout(std::process::Stdio::null());
    assert_eq!(command.status().expect("it starts").code(), Some(0));
    let id = repo.facts("run")[0]["id"].as_str().expect("an id").to_owned();
    let ledger = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]);
    let log = repo.git(&["cat-file", "blob", &format!("{ledger}:files/{}/{id}/output.log", &id[..2])]);
    assert!(log.starts_with("first\n") && log.ends_with("last"));
    assert!(log.contains("left out here]") && log.len() < 1100 << 10, "{}", log.len());
    repo.is_sound();
}

#[test]
fn settings_are_a_file_of_the_repository() {
    let repo = TestRepo::new();
    for make in [
        "echo '[data]' > ../o.toml; ln -sf ../o.toml .xp.toml",
        "ln -sf /dev/zero .xp.toml",
        "rm .xp.toml; mkfifo .xp.toml",
    ] {
        repo.sh(make).ok();
        let text = repo.xp(&["run", "--seed", "1", "--", "true"]).fails(128);
        assert!(text.contains(".xp.toml is"), "{text}");
    }
    repo.sh("rm .xp.toml; mkdir conf; echo '[rules]' > conf/xp.toml; ln -s conf/xp.toml .xp.toml; git add -A; git commit -qm x; git xp check --seed 1").ok();
    for special in ["/dev/zero", "fifo"] {
        repo.sh(&format!(
            "mkfifo ../fifo; ln -sf {special} ../special.json; cp -P ../special.json ../../x.json 2>/dev/null; true"
        ))
        .ok();
        let text = repo.xp(&["run", "--seed", "1", "--config", "../special.json", "--", "cat", "{config}"]).fails(128);
        assert!(text.contains("no readable file"), "{text}");
    }
}

#[test]
fn what_no_journal_could_hold_is_refused_before_anything_starts() {
    let repo = TestRepo::new();
    let text = repo
        .sh("git xp run --seed 1 -- sh -c 'touch started' $(seq -f 'data/images/train/class_%06g.png' 1 40000)")
        .fails(128);
    assert!(text.contains("nothing was started"), "{text}");
    assert_eq!(repo.sh("ls; ls .git/xp/runs; git for-each-ref refs/xp").ok(), "train.sh\n");
    repo.is_sound();
}

#[test]
fn what_was_typed_is_repeated_without_its_escapes() {
    let repo = TestRepo::new();
    for args in
        [["lo\u{1b}[31mg", "x"], ["show", "--j\u{202e}son"], ["log-metric", "\u{7}"], ["plot", "--x=\u{1b}]0;t\u{7}"]]
    {
        let output = repo.xp(&args);
        assert_eq!(output.code, 129, "{}", output.stderr);
        assert!(!output.stderr.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{:?}", output.stderr);
    }
}
