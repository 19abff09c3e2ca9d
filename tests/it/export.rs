//! `git xp export`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::faults::mount;
use crate::format::{ledger, put};
use crate::support::{Output, Part, TestRepo, need};

/// Journal lines of three runs: what tables find hard.
const RUNS: [&str; 3] = [
    r#"{"params":{"lr":0.1,"LR":1,"int":1,"long":1,"longer":1,"float_and_long":0.5,"mixed":1,"flag":true,"list":[1,"a"],"text":"a","empty":"","nothing":null,"only":"here"}}
{"metric":"acc","value":0.1,"step":1}
{"metric":"acc","value":0.30000000000000004,"step":3}
{"metric":"acc","value":0.2,"step":2}
{"metric":"whole","value":1,"step":9007199254740993}
{"metric":"long","value":1}
{"metric":"longer","value":1}
{"metric":"float_and_long","value":0.5}
{"metric":"zero","value":-0.0}
{"metric":"acc.min","value":7}
"#,
    r#"{"params":{"lr":1,"int":9007199254740992,"long":"9007199254740993","longer":"123456789012345678901234567890","float_and_long":"9007199254740993","mixed":"1","flag":false,"list":{"k":1.5},"text":"=1+1","nothing":null}}
{"metric":"acc","value":NaN,"step":1}
{"metric":"acc","value":5e-324,"step":1}
{"metric":"acc","value":-Infinity,"step":1}
{"metric":"long","value":9007199254740993}
{"metric":"longer","value":123456789012345678901234567890}
{"metric":"float_and_long","value":9007199254740993}
"#,
    r#"{"params":{"lr":"NaN","int":-5,"long":2,"longer":2,"float_and_long":1.5,"mixed":"größe","flag":null,"text":"-Infinity"}}
{"metric":"acc","value":NaN}
{"metric":"long","value":-9223372036854775808}
"#,
];

/// Names that break file formats.
const NAMES: [&str; 11] =
    ["a b", "a,b", "a\nb", "a\tb", "\u{202e}rtl", "größe", "学習率", "🎯", "\"q\"", "=cmd()", "a\\b"];

fn write_lines(repo: &TestRepo) {
    for (n, lines) in RUNS.iter().enumerate() {
        let mut lines = (*lines).to_owned();
        for name in NAMES.iter().filter(|_| n > 0) {
            lines += &format!("{}\n", json!({"metric": name, "value": n, "step": n}));
            lines += &format!("{}\n", json!({"param": name, "value": name}));
        }
        fs::write(repo.outside().join(format!("lines{n}")), lines).expect("written");
    }
}

/// One run on main, two of an experiment, one of them failed, with late values and a withdrawal.
fn odd() -> TestRepo {
    let repo = TestRepo::new();
    write_lines(&repo);
    let run = |n: usize| {
        let line = format!("cat ../lines{n} >> \"$GIT_XP_JOURNAL\"; exit {}", if n == 2 { 3 } else { 0 });
        repo.xp(&["run", "--seed", &n.to_string(), "--", "sh", "-c", &line, "größe"]).fails(if n == 2 { 3 } else { 0 });
    };
    run(0);
    repo.xp(&["start", "odd", "--expect", "acc >= 0.1"]).ok();
    run(1);
    run(2);
    let first = id(&repo, 0);
    repo.xp(&["log-metric", "--run", &first, "test_acc", "0.9", "--step", "7"]).ok();
    repo.xp(&["log-metric", "--run", &first, "acc", "0.4"]).ok();
    repo.xp(&["discard", "last", "--because", "wrong, \"labels\""]).ok();
    repo
}

fn id(repo: &TestRepo, n: usize) -> String {
    repo.facts("run")[n]["id"].as_str().expect("an id").to_owned()
}

/// Facts of a kind as git has them, by time.
fn exact(repo: &TestRepo, kind: &str) -> String {
    let ids: Vec<String> = repo.facts(kind).iter().map(|fact| fact["id"].as_str().expect("an id").to_owned()).collect();
    let ledger = ledger(repo);
    ids.iter()
        .map(|id| repo.git(&["cat-file", "blob", &format!("{ledger}:facts/{}/{id}.json", &id[..2])]) + "\n")
        .collect()
}

/// What the ledger holds, for the Python program that compares.
fn write_facts(repo: &TestRepo, dir: &Path) {
    fs::write(dir.join("facts.jsonl"), exact(repo, "run")).expect("written");
    fs::write(dir.join("late.jsonl"), exact(repo, "late")).expect("written");
    let ledger = ledger(repo);
    let mut list = String::new();
    for run in repo.facts("run") {
        let late = repo.facts("late").into_iter().filter(|late| late["target"] == run["id"]);
        for (fact, late) in
            std::iter::once((run["id"].clone(), Value::Null)).chain(late.map(|l| (l["id"].clone(), l["id"].clone())))
        {
            let id = fact.as_str().expect("an id");
            let file = dir.join(format!("{id}.tsv"));
            let text = repo.git(&["cat-file", "blob", &format!("{ledger}:files/{}/{id}/series.tsv", &id[..2])]);
            fs::write(&file, text + "\n").expect("written");
            let about =
                json!({"run": run["id"], "experiment": run["name"], "seed": run["seed"], "late": late, "file": file});
            list += &format!("{about}\n");
        }
    }
    fs::write(dir.join("points.jsonl"), list).expect("written");
}

#[test]
fn every_reader_gets_what_the_facts_say() {
    let Some(python) = need(Part::Python) else { return };
    let repo = odd();
    let dir = repo.outside().join("out");
    fs::create_dir(&dir).expect("a folder");
    write_facts(&repo, &dir);
    for format in ["parquet", "csv", "jsonl", "sqlite"] {
        for table in ["runs", "series"] {
            let file = dir.join(format!("{table}.{format}"));
            repo.xp(&["export", "--table", table, "-o", &file.display().to_string()]).ok();
        }
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/export.py");
    repo.output(repo.command(&python).args([script, &dir.display().to_string()])).ok();
}

/// The lines of a CSV export, each by column.
fn csv(repo: &TestRepo, args: &[&str]) -> Vec<Value> {
    rows(repo.xp(&[&["export", "--format", "csv"], args].concat()))
}

#[track_caller]
fn rows(output: Output) -> Vec<Value> {
    let text = output.ok();
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    reader.deserialize::<std::collections::HashMap<String, String>>().map(|row| json!(row.expect("a row"))).collect()
}

#[test]
fn selectors_choose_the_runs() {
    let repo = odd();
    let ids = |rows: Vec<Value>| -> Vec<String> {
        rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    };
    let all = [id(&repo, 0), id(&repo, 1), id(&repo, 2)];
    assert_eq!(ids(csv(&repo, &[])), all);
    assert_eq!(ids(csv(&repo, &["odd"])), all[1..]);
    assert_eq!(ids(csv(&repo, &["last"])), all[2..]);
    assert_eq!(ids(csv(&repo, &[&all[0][..6]])), all[..1]);
    assert_eq!(ids(csv(&repo, &["last", &all[0]])), [&all[0][..], &all[2]]);
    assert_eq!(ids(csv(&repo, &["main"])), all[..1]);
    let series = csv(&repo, &["--series", "last"]);
    assert!(!series.is_empty() && series.iter().all(|row| row["run"] == all[2]));
    let experiments = csv(&repo, &["--table", "experiments"]);
    assert_eq!((experiments.len(), &experiments[0]["name"]), (1, &json!("odd")));
    assert_eq!(csv(&repo, &["--table", "experiments", &all[0]]).len(), 0);
    assert_eq!(csv(&repo, &["--table", "experiments", "last"]).len(), 1);
    let said = repo.xp(&["export", "--format", "csv", "od"]).fails(128);
    assert!(said.contains("did you mean 'odd'?"), "{said}");
    let commit = repo.commit("Nothing was run here");
    let said = repo.xp(&["export", "--format", "csv", &commit]).fails(128);
    assert!(said.contains("has no run"), "{said}");
}

#[test]
fn late_values_withdrawals_and_what_a_newer_version_writes_are_there() {
    let repo = odd();
    let target = id(&repo, 1);
    let about = |id: &str, kind: &str, more: &str| {
        let fact = format!(
            "{{\"xp\":\"1.7\",\"kind\":\"{kind}\",\"id\":\"{id}\",\"time\":\"2026-11-22T00:00:00.000Z\",\"target\":\"{target}\",{more}}}\n"
        );
        put(&repo, &format!("facts/{}/{id}.json", &id[..2]), fact.as_bytes());
    };
    about("00000000000000000001", "tag", "\"tags\":[\"keep\",\"a b\"]");
    about("00000000000000000002", "tag", "\"tags\":[\"keep\"]");
    about("00000000000000000003", "remark", "\"text\":\"a \\\"good\\\" one\"");
    about("00000000000000000004", "poem", "\"line\":1.50");
    let rows = csv(&repo, &[]);
    assert_eq!((&rows[0]["metrics.acc"], &rows[0]["metrics.acc.step"]), (&json!("0.4"), &json!("")));
    assert_eq!((&rows[0]["metrics.test_acc"], &rows[0]["metrics.test_acc.step"]), (&json!("0.9"), &json!("7")));
    assert_eq!((&rows[0]["metrics.acc.min"], &rows[0]["metrics.acc.min#2"]), (&json!("7.0"), &json!("0.4")));
    assert_eq!((&rows[2]["withdrawn"], &rows[2]["withdrawn_because"]), (&json!("true"), &json!("wrong, \"labels\"")));
    assert_eq!((&rows[1]["withdrawn"], &rows[1]["tags"]), (&json!("false"), &json!("[\"a b\",\"keep\"]")));
    assert_eq!(rows[1]["remarks"], "[\"a \\\"good\\\" one\"]");
    assert!(rows[1]["about"].as_str().is_some_and(|about| about.contains("\"line\":1.50")), "{}", rows[1]["about"]);
    let lines = repo.xp(&["export", "--format", "jsonl"]).ok();
    let line: Value = serde_json::from_str(lines.lines().nth(1).expect("a line")).expect("JSON");
    assert_eq!((line["about"].as_array().map(Vec::len), line["late"].as_array().map(Vec::len)), (Some(4), Some(0)));
    assert!(lines.contains("\"line\":1.50"), "nothing is written anew");
}

#[test]
fn forgotten_runs_leave_no_column_and_facts_in_two_ledgers_are_one() {
    let repo = odd();
    let dead = id(&repo, 1);
    let tombstone = format!(
        "{{\"xp\":\"1.0\",\"kind\":\"tombstone\",\"id\":\"00000000000000000001\",\"time\":\"2026-11-22T00:00:00.000Z\",\"target\":\"{dead}\"}}\n"
    );
    put(&repo, "facts/00/00000000000000000001.json", tombstone.as_bytes());
    repo.git(&["update-ref", "refs/xp/runs/1999-01", &ledger(&repo)]);
    let text = repo.xp(&["export", "--format", "csv"]).ok();
    assert_eq!(text.matches("refs/xp/runs/").count(), 2);
    assert!(!text.contains(&dead));
    let points = repo.xp(&["export", "--format", "csv", "--series"]).ok();
    assert!(!points.contains(&dead) && points.matches("\nlonger").count() == 0);
    let acc = points.lines().filter(|line| line.contains(",acc,") && line.contains(&id(&repo, 0))).count();
    assert_eq!(acc, 4, "three of the run, one added later");
}

#[test]
fn two_facts_with_one_id_are_one_row_and_named() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    let fact = exact(&repo, "run");
    let id = id(&repo, 0);
    put(&repo, &format!("facts/{}/{id}+00000000.json", &id[..2]), fact.replace("0.1", "0.2").as_bytes());
    let out = repo.xp(&["export", "--format", "csv"]);
    assert_eq!((out.code, out.stdout.lines().count()), (1, 2), "{out:?}");
    assert!(out.stderr.contains("another fact has the id"), "{}", out.stderr);
}

#[test]
fn a_damaged_series_is_named_and_the_others_are_there() {
    let repo = TestRepo::new();
    for seed in 1..=5 {
        repo.train(seed, "0.1");
    }
    let place = |n: usize| format!("files/{}/{}/series.tsv", &id(&repo, n)[..2], id(&repo, n));
    put(&repo, &place(0), b"no series\n");
    put(&repo, &place(1), b"metric\tstep\tseconds\tvalue\nloss\tx\t\t1\nloss\t1\t\t0.5\nloss\t2\t\t0.2");
    // A large series lies beside the ledger: here it does, there it does not.
    let large = "metric\tstep\tseconds\tvalue\nloss\t1\t\t0.25\n";
    let pointer =
        |oid: &str| format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {}\n", large.len());
    let (here, gone) = ("ab".repeat(32), "cd".repeat(32));
    let object = repo.path.join(".git/lfs/objects/ab/ab").join(&here);
    fs::create_dir_all(object.parent().expect("a folder")).expect("made");
    fs::write(object, large).expect("written");
    put(&repo, &place(2), pointer(&here).as_bytes());
    put(&repo, &place(3), pointer(&gone).as_bytes());
    let out = repo.xp(&["export", "--format", "csv", "--series"]);
    assert_eq!(out.code, 1, "{out:?}");
    let points = |n: usize| out.stdout.lines().filter(|line| line.starts_with(&id(&repo, n))).count();
    assert_eq!([0, 1, 2, 3, 4].map(points), [0, 1, 1, 0, 4], "{}", out.stdout);
    for why in [
        "does not begin with the header",
        "2 lines cannot be read: line 2: its step is no integer; left out",
        "git xp artifact fetch",
    ] {
        assert!(out.stderr.contains(why), "{why}: {}", out.stderr);
    }
    // The runs themselves are whole.
    assert_eq!(csv(&repo, &[]).len(), 5);
    // An object that git lost.
    let blob = repo.git(&["rev-parse", &format!("{}:{}", ledger(&repo), place(4))]);
    fs::remove_file(repo.path.join(".git/objects").join(&blob[..2]).join(&blob[2..])).expect("it was loose");
    let out = repo.xp(&["export", "--format", "jsonl", "--series", "last"]);
    assert_eq!((out.code, out.stdout.as_str()), (1, ""), "{out:?}");
    assert!(out.stderr.contains(&blob), "{}", out.stderr);
}

#[test]
fn a_fact_that_cannot_be_read_is_named_and_the_exit_code_says_so() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    put(&repo, "facts/00/00000000000000000001.json", b"{\"xp\":\"1.0\"");
    put(&repo, "facts/00/00000000000000000002.json", b"{\"xp\":\"1.0\",\"kind\":\"run\",\"id\":\"00000000000000000002\",\"time\":\"2026-11-22T00:00:00.000Z\",\"commit\":\"a\",\"new\":\"\xff\"}\n");
    for selector in [&[][..], &["last"]] {
        let out = repo.xp(&[&["export", "--format", "csv"], selector].concat());
        assert_eq!((out.code, out.stdout.lines().count()), (1, 2), "{out:?}");
        assert_eq!(out.stderr.matches("warning").count(), 2, "{}", out.stderr);
    }
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    let repo = odd();
    let export = |name: &str| {
        ["parquet", "csv", "jsonl", "sqlite"].map(|format| {
            let file = repo.outside().join(format!("{name}.{format}"));
            repo.xp(&["export", "--series", "-o", &file.display().to_string()]).ok();
            let runs = repo.outside().join(format!("{name}-runs.{format}"));
            repo.xp(&["export", "-o", &runs.display().to_string()]).ok();
            (fs::read(file).expect("there"), fs::read(runs).expect("there"))
        })
    };
    let before = export("before");
    repo.git(&["gc", "--quiet", "--prune=now"]);
    assert!(export("after") == before);
}

#[test]
fn nothing_to_export_is_a_table_without_rows() {
    let repo = TestRepo::new();
    for format in ["parquet", "csv", "jsonl", "sqlite"] {
        for table in ["runs", "series"] {
            let file = repo.outside().join(format!("{table}.{format}")).display().to_string();
            let out = repo.xp(&["export", "--table", table, "-o", &file]);
            assert_eq!(out.code, 0, "{out:?}");
            assert!(out.stderr.contains(if table == "runs" { "0 runs" } else { "0 points" }), "{}", out.stderr);
        }
    }
    let Some(python) = need(Part::Python) else { return };
    let script = "import pandas, polars, duckdb, sys\n\
        for name in ('runs', 'series'):\n\
        \x20 counts = {len(pandas.read_parquet(name + '.parquet')), len(pandas.read_csv(name + '.csv'))}\n\
        \x20 counts |= {polars.read_parquet(name + '.parquet').height, len(duckdb.sql(f\"FROM '{name}.parquet'\").fetchall())}\n\
        \x20 assert counts == {0}, counts";
    repo.output(repo.command(&python).current_dir(repo.outside()).args(["-c", script])).ok();
}

#[test]
fn a_file_is_replaced_only_when_asked_and_only_by_a_whole_one() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.write("runs.csv", "mine");
    let said = repo.xp(&["export", "-o", "runs.csv"]).fails(128);
    assert!(said.contains("runs.csv exists") && said.contains("--force"), "{said}");
    assert_eq!(fs::read_to_string(repo.path.join("runs.csv")).expect("there"), "mine");
    std::os::unix::fs::symlink("runs.csv", repo.path.join("link.csv")).expect("linked");
    let said = repo.xp(&["export", "--force", "-o", "link.csv"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, "link.csv: 1 run, 72 columns\n"));
    assert!(fs::read_to_string(repo.path.join("runs.csv")).expect("there").starts_with("id,experiment,"));
    assert!(repo.path.join("link.csv").is_symlink());
    repo.sh("umask 027; git-xp -q export -o new.sqlite").ok();
    let mode = fs::metadata(repo.path.join("new.sqlite")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    // Nothing lies about.
    assert_eq!(repo.git(&["status", "--porcelain"]), "?? link.csv\n?? new.sqlite\n?? runs.csv");
}

#[test]
fn what_cannot_be_written_is_said_and_leaves_nothing() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.train(2, "0.1");
    fs::create_dir(repo.path.join("folder")).expect("made");
    repo.sh("mkfifo fifo").ok();
    for (args, why) in [
        (&["-o", "folder"][..], "in which format?"),
        (&["-o", "folder", "--format", "csv"], "folder is a folder"),
        (&["-o", "no/such/runs.csv"], "No such file or directory"),
        (&["-o", "/dev/full", "--format", "sqlite"], "no regular file"),
        (&["-o", "fifo", "--format", "sqlite", "--force"], "no regular file"),
        (&["--format", "sqlite"], "needs a file"),
        (&["-o", "a.sqlite", "--table", "experiments"], "has all tables"),
    ] {
        let out = repo.xp(&[&["export"], args].concat());
        assert!([128, 129].contains(&out.code) && out.stderr.contains(why), "{args:?}: {out:?}");
        assert!(out.stderr.contains("hint:") || why.starts_with("No such"), "{args:?}: {out:?}");
    }
    for format in ["parquet", "csv", "jsonl"] {
        for table in ["runs", "series"] {
            let said = repo.xp(&["export", "--format", format, "--table", table, "-o", "/dev/full"]).fails(128);
            assert!(said.contains("No space left") && said.contains("hint: make room"), "{format}: {said}");
            let line = format!("git-xp export --format {format} --table {table} > /dev/full");
            let said = repo.sh(&line).fails(128);
            assert!(said.contains("No space left"), "{format}: {said}");
        }
    }
    for format in ["parquet", "csv", "jsonl", "sqlite"] {
        // The limit is in units of 1,024 bytes: the file is larger.
        let said = repo.sh(&format!("ulimit -f 1; git-xp export --force -o folder/runs.{format}"));
        assert_eq!(said.code, 128, "{format}: {said:?}");
        assert_eq!(fs::read_dir(repo.path.join("folder")).expect("there").count(), 0, "{format}");
    }
}

#[test]
fn a_full_disk_leaves_nothing() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    let small = repo.outside().join("small");
    fs::create_dir(&small).expect("made");
    let Some(_mount) = mount(&["-t", "tmpfs", "-o", "size=8k", "none"], &small) else { return };
    fs::write(small.join("runs.csv"), "mine").expect("written");
    for format in ["parquet", "csv", "jsonl", "sqlite"] {
        fs::write(small.join("fill"), vec![0; 8192]).expect_err("it is full");
        let target = small.join(format!("runs.{format}")).display().to_string();
        let said = repo.xp(&["export", "--force", "-o", &target]).fails(128);
        assert!(said.contains("hint: make room"), "{format}: {said}");
        fs::remove_file(small.join("fill")).expect("removed");
        let left: Vec<_> =
            fs::read_dir(&small).expect("there").map(|entry| entry.expect("an entry").file_name()).collect();
        assert_eq!(left, ["runs.csv"], "{format}");
    }
    assert_eq!(fs::read_to_string(small.join("runs.csv")).expect("there"), "mine");
}

#[test]
fn an_interrupted_export_leaves_nothing() {
    let repo = TestRepo::new();
    let line = r#"for i in $(seq 2000); do echo "{\"metric\":\"a\",\"value\":$i}"; done >> "$GIT_XP_JOURNAL""#;
    repo.xp(&["run", "--seeds", "1..20", "--", "bash", "-c", line]).ok();
    let file = |name: &str, format: &str| repo.outside().join(format!("{name}.{format}"));
    for format in ["sqlite", "parquet", "csv"] {
        repo.xp(&["export", "--series", "-o", &file("whole", format).display().to_string()]).ok();
        let whole = fs::read(file("whole", format)).expect("there");
        for delay in ["0.001", "0.01", "0.02", "0.04", "0.08", "0.16"] {
            let target = file("points", format);
            // It sends the signal twice.
            let line = format!("timeout -s INT {delay} git-xp -q export --series -o {}", target.display());
            repo.sh(&line);
            // A signal may come too late, never in the middle.
            assert!(fs::read(&target).map_or(true, |found| found == whole), "{line}");
            let _ = fs::remove_file(&target);
            let left = fs::read_dir(repo.outside()).expect("there").map(|entry| entry.expect("an entry").file_name());
            let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with(".git-xp")).collect();
            assert!(left.is_empty(), "{line}: {left:?}");
        }
    }
}

#[test]
fn a_terminal_gets_no_data() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    if repo.sh("command -v script").code != 0 {
        return;
    }
    for format in ["parquet", "csv", "jsonl"] {
        let said = repo.sh(&format!("script -qec 'git-xp export --format {format}' /dev/null")).stdout;
        assert!(said.contains("standard output is a terminal") && said.contains("-o FILE"), "{said:?}");
    }
}

#[test]
fn the_document_names_every_column() {
    let repo = TestRepo::new();
    let doc = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/export.md")).expect("the document");
    for table in ["runs", "experiments", "series"] {
        let header = repo.xp(&["export", "--format", "csv", "--table", table]).ok();
        for column in header.trim_end().split(',') {
            assert!(doc.contains(&format!("`{column}`")), "{table}: {column}");
        }
    }
}

#[test]
fn a_filter_chooses_runs() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.train(2, "0.2");
    let csv = repo.xp(&["export", "--format", "csv", "--where", "params.lr > 0.1"]).ok();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    repo.xp(&["export", "--format", "csv", "--where", "params.nope > 0.1"]).fails(129);
}
