//! CPU seconds and peak memory of whole processes, each beside a floor measured in the same run: `cargo bench --bench speed [-- NAME…]`.
//!
//! Figures are medians over several calls. With `XP_BENCH_RUNS=N` the runs on one commit are N instead of 10,000.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench starts programs and prints"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use git_xp::git::Repo;
use git_xp::model::experiment::{Baseline, Experiment, RecordedHypothesis};
use git_xp::model::fact::{Body, Fact, Header};
use git_xp::model::id::Id;
use git_xp::model::metric::Accumulator;
use git_xp::model::number::Number;
use git_xp::model::run::{Run, Status};
use git_xp::model::time::Time;
use git_xp::store::seal::{Parcel, seal};

const XP: &str = env!("CARGO_BIN_EXE_git-xp");

/// User and system time of a process and its children, milliseconds; peak memory of the process, MiB.
#[derive(Clone, Copy)]
struct Cost {
    cpu: f64,
    memory: f64,
}

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let benches: [(&str, fn()); 7] = [
        ("version", version),
        ("log-metric", log_metric),
        ("points", points),
        ("plot", plot),
        ("run", run),
        ("compare", compare),
        ("one-commit", one_commit),
    ];
    for (name, bench) in benches {
        if chosen.is_empty() || chosen.iter().any(|chosen| chosen == name) {
            bench();
        }
    }
}

fn report(what: &str, cost: Cost) {
    println!("{what:<64} {:>9.1} ms {:>8.1} MiB", cost.cpu, cost.memory);
}

fn version() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    report("git --version (floor)", hundredth(dir, "git --version", &[]));
    report("git-xp --version", hundredth(dir, &format!("{XP} --version"), &[]));
}

/// A call that takes less than the clock's tick: a hundred of them, divided by a hundred.
fn hundredth(dir: &Path, line: &str, env: &[(&str, &str)]) -> Cost {
    let script = format!("for i in {{1..100}}; do {line}; done");
    let cost = median(5, || measure(dir, "bash", &["-c", &script], env));
    Cost { cpu: cost.cpu / 100.0, memory: cost.memory }
}

fn log_metric() {
    let repo = repository(10);
    let journal = repo.path().join("journal.jsonl");
    let env = [("GIT_XP_JOURNAL", journal.to_str().unwrap()), ("GIT_XP_RUN", "00000000000000000000")];
    let args = ["log-metric", "val_acc", "0.93", "--step", "10"];
    let line = format!("{XP} {}", args.join(" "));
    for points in [0, 1_000_000] {
        std::fs::write(&journal, journal_lines(points)).unwrap();
        let cost = hundredth(repo.path(), &line, &env);
        report(&format!("log-metric in a run, {points} points before"), cost);
    }
    for runs in [0, 1000] {
        if runs > 0 {
            seal_runs(repo.path(), runs);
        }
        measure(repo.path(), XP, &args, &[]);
        let cost = hundredth(repo.path(), &line, &[]);
        report(&format!("log-metric by hand, {runs} runs before"), cost);
    }
    report("echo >> file by sh (floor)", hundredth(repo.path(), "sh -c 'echo {} >> j'", &[]));
}

fn points() {
    let repo = repository(10);
    let source = repo.path().parent().unwrap().join("points.jsonl");
    std::fs::write(&source, journal_lines(1_000_000)).unwrap();
    let source = source.to_str().unwrap().to_owned();
    let copy = format!("cat {source} >> $GIT_XP_JOURNAL");
    let null = format!("cat {source} > copy; rm copy");
    let floor = median(3, || measure(repo.path(), "sh", &["-c", &null], &[]));
    report("cat of 1,000,000 journal lines (floor)", floor);
    report("sha256sum of them (floor)", median(3, || measure(repo.path(), "sha256sum", &[&source], &[])));
    report(
        "git hash-object of them (floor)",
        median(3, || measure(repo.path(), "git", &["hash-object", &source], &[])),
    );
    let args = ["run", "--again", "--seed", "1", "--", "sh", "-c", &copy];
    report("run that logs 1,000,000 points, sealed", median(3, || measure(repo.path(), XP, &args, &[])));
}

/// As a blob in git, which is slower to read than the file of an LFS object.
fn plot() {
    let repo = repository(10);
    let mut series = String::from("metric\tstep\tseconds\tvalue\n");
    for i in 0..1_000_000 {
        series += &format!("loss\t{i}\t{i}.{:03}\t{}\n", i % 1000, 1.0 / f64::from(i + 1));
    }
    let head = git(repo.path(), &["rev-parse", "HEAD"]);
    let mut fact = a_run(0, &head, None);
    let Body::Run(run) = &mut fact.body else { return };
    let mut points = Accumulator::default();
    points.add(Some(0), &Number::Float(1.0));
    run.metrics.extend(points.summary(None).map(|summary| ("loss".to_owned(), summary)));
    let parcel = Parcel { files: vec![("series.tsv".to_owned(), series.into_bytes())], ..parcel(fact) };
    seal(&Repo::open(repo.path()).unwrap(), &[parcel]).unwrap();
    let files = "git rev-list --objects --all | grep series.tsv | cut -d' ' -f1 | git cat-file --batch | wc -l";
    report(
        "cat-file of 1,000,000 points | wc -l (floor)",
        median(5, || measure(repo.path(), "sh", &["-c", files], &[])),
    );
    for option in ["--width=80", "--svg=-", "--json"] {
        let what = format!("plot of 1,000,000 points, {option}");
        report(&what, median(5, || measure(repo.path(), XP, &["plot", "loss", option], &[])));
    }
}

fn run() {
    let repo = repository(1000);
    let args = ["run", "--seed", "1", "--again", "--", "true"];
    report("git status (floor)", median(11, || measure(repo.path(), "git", &["status", "--porcelain"], &[])));
    report(
        "git commit --allow-empty (floor)",
        median(11, || measure(repo.path(), "git", &["commit", "-q", "--allow-empty", "-m", "x"], &[])),
    );
    report("run --seed 1 --again -- true, 1,000 files", median(11, || measure(repo.path(), XP, &args, &[])));
    report(
        "run --seed 1 -- true (plan looked up), refused",
        median(11, || measure(repo.path(), XP, &["run", "--seed", "1", "--", "true"], &[])),
    );
}

fn compare() {
    let repo = repository(10);
    seal_experiments(repo.path(), 1000);
    git(repo.path(), &["gc", "--quiet"]);
    let floor =
        "git for-each-ref > /dev/null; git notes --ref=xp list | cut -d' ' -f1 | git cat-file --batch > /dev/null";
    report(
        "for-each-ref + notes list | cat-file --batch (floor)",
        median(5, || measure(repo.path(), "sh", &["-c", floor], &[])),
    );
    report(
        "compare of 1,000 experiments x 10 params x 20 metrics",
        median(5, || measure(repo.path(), XP, &["compare", "main..exp/*"], &[])),
    );
}

fn one_commit() {
    let runs: u64 = std::env::var("XP_BENCH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(10_000);
    let repo = repository(10);
    git(repo.path(), &["config", "gc.auto", "0"]);
    git(repo.path(), &["config", "maintenance.auto", "false"]);
    let before = disk_usage(repo.path());
    let mut costs = Vec::new();
    for seed in 0..runs {
        let seed = seed.to_string();
        let args = ["run", "--again", "--seed", &seed, "--", "true"];
        // Measuring costs more than the run; the ones in between are not measured.
        if costs.len() < 21 || seed.parse::<u64>().unwrap() + 21 >= runs {
            costs.push(measure(repo.path(), XP, &args, &[]));
        } else {
            Command::new(XP).args(args).current_dir(repo.path()).stderr(Stdio::null()).status().unwrap();
        }
    }
    let first = middle(&costs[..21]);
    let last = middle(&costs[costs.len() - 21..]);
    report("first runs on one commit", first);
    report(&format!("last of {runs} runs on one commit"), last);
    let loose = (disk_usage(repo.path()) - before) as f64 / runs as f64 / 1024.0;
    git(repo.path(), &["gc", "--quiet"]);
    let kept = disk_usage(&repo.path().join(".git/xp/sealed")) as f64;
    let packed = (disk_usage(repo.path()) - before) as f64;
    println!("{:<64} {loose:>9.1} KiB", "loose .git, each run");
    println!("{:<64} {:>9.2} KiB", "after gc, each run, all of .git", packed / runs as f64 / 1024.0);
    println!(
        "{:<64} {:>9.2} KiB",
        "after gc, each run, without the folders kept for a day",
        (packed - kept) / runs as f64 / 1024.0
    );
}

/// Run a program to its end.
fn measure(dir: &Path, program: &str, args: &[&str], env: &[(&str, &str)]) -> Cost {
    let mut command = Command::new("bash");
    // `time` counts children too; the high-water mark is read from the process itself just before it is replaced by nothing.
    let script = r#"TIMEFORMAT='%3U %3S'; time { "$@" >/dev/null 2>&1; }"#;
    command.args(["-c", script, "bash", program]).args(args).current_dir(dir).envs(env.iter().copied());
    for (name, value) in identity() {
        command.env(name, value);
    }
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
    let watched = watch_memory(child.id());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    let seconds: f64 = text.split_whitespace().rev().take(2).map(|word| word.parse::<f64>().unwrap()).sum();
    Cost { cpu: seconds * 1000.0, memory: watched.join().unwrap() }
}

/// The highest resident size among the children of a process, sampled every two milliseconds, in MiB.
fn watch_memory(parent: u32) -> std::thread::JoinHandle<f64> {
    std::thread::spawn(move || {
        let mut highest: f64 = 0.0;
        while Path::new(&format!("/proc/{parent}/task")).exists() {
            let children =
                std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
            for child in children.split_whitespace() {
                let status = std::fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
                let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
                let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or_default();
                highest = highest.max(kib / 1024.0);
            }
            let stat = std::fs::read_to_string(format!("/proc/{parent}/stat")).unwrap_or_default();
            if stat.contains(") Z ") || stat.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        highest
    })
}

fn median(times: usize, mut call: impl FnMut() -> Cost) -> Cost {
    let costs: Vec<Cost> = (0..times).map(|_| call()).collect();
    middle(&costs)
}

fn middle(costs: &[Cost]) -> Cost {
    let mut cpu: Vec<f64> = costs.iter().map(|cost| cost.cpu).collect();
    cpu.sort_by(f64::total_cmp);
    Cost { cpu: cpu[cpu.len() / 2], memory: costs.iter().map(|cost| cost.memory).fold(0.0, f64::max) }
}

struct Scratch {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

impl Scratch {
    fn path(&self) -> &Path {
        &self.path
    }
}

fn identity() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@example.org"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@example.org"),
    ])
}

fn repository(files: usize) -> Scratch {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("repo");
    std::fs::create_dir(&path).unwrap();
    git(&path, &["init", "--quiet", "--initial-branch=main"]);
    for i in 0..files {
        let folder = path.join(format!("d{}", i % 20));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("f{i}.py")), format!("print({i})\n")).unwrap();
    }
    git(&path, &["add", "--all"]);
    git(&path, &["commit", "--quiet", "-m", "Start"]);
    Scratch { _dir: dir, path }
}

fn git(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("git").args(args).current_dir(dir).envs(identity()).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn disk_usage(dir: &Path) -> u64 {
    let output = Command::new("du").args(["-sB1"]).arg(dir).output().unwrap();
    String::from_utf8_lossy(&output.stdout)
        .split_whitespace()
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}

fn journal_lines(count: usize) -> String {
    (0..count)
        .map(|i| {
            format!(
                "{{\"metric\":\"loss{}\",\"value\":{},\"step\":{},\"time\":1763700000.{:03}}}\n",
                i % 5,
                1.0 / (i + 1) as f64,
                i / 5,
                i % 1000
            )
        })
        .collect()
}

fn a_run(n: usize, commit: &str, experiment: Option<(Id, &str)>) -> Fact {
    let mut run = Run {
        experiment: experiment.map(|(id, _)| id),
        name: experiment.map(|(_, name)| name.to_owned()),
        branch: experiment.map(|(_, name)| format!("refs/heads/exp/{name}")),
        head: "branch".to_owned(),
        commit: commit.to_owned(),
        tree: commit.to_owned(),
        seed: Some(1),
        status: Status::Ok,
        condition: format!("c{n}"),
        plan: format!("p{n}"),
        command: vec!["python".to_owned(), "train.py".to_owned()],
        ..Run::default()
    };
    for i in 0..10 {
        run.params.insert(format!("param_{i}"), (i * n).into());
    }
    for i in 0..20 {
        let mut points = Accumulator::default();
        points.add(Some(10), &Number::Float((n * 31 + i * 7) as f64 % 101.0 / 100.0 + 0.001 * i as f64));
        run.metrics.extend(points.summary(None).map(|summary| (format!("metric_{i}"), summary)));
    }
    let header = Header::new("run", Id::random().unwrap(), Time(Time::now().0 + n as i64), "Ada <ada@example.org>");
    Fact { header, body: Body::Run(Box::new(run)) }
}

fn parcel(fact: Fact) -> Parcel {
    Parcel { bytes: fact.encode().unwrap(), fact, files: Vec::new() }
}

fn seal_runs(path: &Path, count: usize) {
    let repo = Repo::open(path).unwrap();
    let head = git(path, &["rev-parse", "HEAD"]);
    seal(&repo, &(0..count).map(|n| parcel(a_run(n, &head, None))).collect::<Vec<_>>()).unwrap();
}

/// Each experiment has a branch with one commit of its own, and one run.
fn seal_experiments(path: &Path, count: usize) {
    let base = git(path, &["rev-parse", "HEAD"]);
    let mut import = String::new();
    for n in 0..count {
        import += &format!(
            "commit refs/heads/exp/e{n}\ncommitter Ada <ada@example.org> 1763700000 +0000\ndata 2\ne\nfrom {base}\n\n"
        );
    }
    let mut child =
        Command::new("git").args(["fast-import", "--quiet"]).current_dir(path).stdin(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), import.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    let tips = git(path, &["for-each-ref", "--format=%(objectname) %(refname:short)", "refs/heads/exp/"]);
    let repo = Repo::open(path).unwrap();
    let mut parcels = vec![parcel(a_run(0, &base, None))];
    for (n, line) in tips.lines().enumerate() {
        let (tip, branch) = line.split_once(' ').unwrap();
        let name = branch.trim_start_matches("exp/");
        let id = Id::random().unwrap();
        let experiment = Experiment {
            experiment: None,
            name: name.to_owned(),
            branch: format!("refs/heads/{branch}"),
            commit: tip.to_owned(),
            base: base.clone(),
            baseline: Some(Baseline { rev: "main".to_owned(), commit: base.clone() }),
            hypothesis: RecordedHypothesis {
                expect: vec!["metric_0 >= baseline + 0.01".to_owned()],
                ..RecordedHypothesis::default()
            },
            planned_seeds: None,
            tags: Vec::new(),
            from: None,
            command: Vec::new(),
        };
        let header = Header::new("experiment", id, Time::now(), "Ada <ada@example.org>");
        parcels.push(parcel(Fact { header, body: Body::Experiment(Box::new(experiment)) }));
        parcels.push(parcel(a_run(n + 1, tip, Some((id, name)))));
    }
    seal(&repo, &parcels).unwrap();
}
