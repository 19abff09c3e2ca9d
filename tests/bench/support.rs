//! What the benches share: whole processes measured, repositories to measure in, and runs as `git xp run` records them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use git_xp::model::fact::{Body, Fact, Header};
use git_xp::model::id::Id;
use git_xp::model::metric::Summary;
use git_xp::model::number::Number;
use git_xp::model::run::{DiffStat, Run, RunBaseline, Status};
use git_xp::model::time::Time;
use git_xp::store::seal::Parcel;

/// The program.
pub const XP: &str = env!("CARGO_BIN_EXE_git-xp");

/// Facts of made-up runs begin here, 2026-11-01: however many there are, they lie in the ledger of one month.
const BEGIN: i64 = 1_793_491_200_000;

/// User and system time of a process and its children, milliseconds; peak memory of the process, MiB.
#[derive(Clone, Copy)]
pub struct Cost {
    pub cpu: f64,
    pub memory: f64,
}

/// Call those benches that the command line names, all if it names none.
pub fn call_chosen(benches: &mut [(&str, &mut dyn FnMut())]) {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, bench) in benches {
        if chosen.is_empty() || chosen.iter().any(|chosen| chosen == name) {
            bench();
        }
    }
}

pub fn report(what: &str, cost: Cost) {
    println!("{what:<64} {:>9.1} ms {:>8.1} MiB", cost.cpu, cost.memory);
}

/// Run a program to its end.
pub fn measure(dir: &Path, program: &str, args: &[&str], env: &[(&str, &str)]) -> Cost {
    // `time` counts children too; the high-water mark is read from the process itself as long as it runs.
    let script = r#"TIMEFORMAT='%3U %3S'; time { "$@" >/dev/null 2>&1; }"#;
    let mut command = Command::new("bash");
    command.args(["-c", script, "bash", program]).args(args).current_dir(dir).envs(identity());
    command.envs(env.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
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

pub fn median(times: usize, call: impl FnMut() -> Cost) -> Cost {
    let costs: Vec<Cost> = std::iter::repeat_with(call).take(times).collect();
    middle(&costs)
}

pub fn middle(costs: &[Cost]) -> Cost {
    let mut cpu: Vec<f64> = costs.iter().map(|cost| cost.cpu).collect();
    cpu.sort_by(f64::total_cmp);
    Cost { cpu: cpu[cpu.len() / 2], memory: costs.iter().map(|cost| cost.memory).fold(0.0, f64::max) }
}

pub struct Scratch {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

impl Scratch {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

pub fn identity() -> [(&'static str, &'static str); 4] {
    [
        ("GIT_AUTHOR_NAME", "Ada"),
        ("GIT_AUTHOR_EMAIL", "ada@example.org"),
        ("GIT_COMMITTER_NAME", "Ada"),
        ("GIT_COMMITTER_EMAIL", "ada@example.org"),
    ]
}

/// A repository with one commit of some files.
pub fn repository(files: usize) -> Scratch {
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

pub fn git(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("git").args(args).current_dir(dir).envs(identity()).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What a run belongs to.
pub struct Place<'a> {
    pub commit: &'a str,
    pub base: &'a str,
    pub tree: &'a str,
    pub experiment: Option<(Id, &'a str)>,
}

/// The n-th made-up run, always the same: 10 params, 20 metrics, every key that a usual run has.
pub fn a_run(n: usize, place: &Place<'_>) -> Fact {
    let mut dice = Dice::new(n as u64);
    let name = place.experiment.map(|(_, name)| name);
    let begin = a_time(n);
    let mut run = Run {
        experiment: place.experiment.map(|(id, _)| id),
        name: name.map(str::to_owned),
        branch: Some(name.map_or("refs/heads/main".to_owned(), |name| format!("refs/heads/exp/{name}"))),
        head: "branch".to_owned(),
        commit: place.commit.to_owned(),
        tree: place.tree.to_owned(),
        parents: vec![place.base.to_owned()],
        baseline: Some(RunBaseline { commit: place.base.to_owned(), merge_base: Some(place.base.to_owned()) }),
        diff: Some(DiffStat { files: 1, insertions: 1, deletions: 1, patch_id: Some(dice.digits(40)) }),
        seed: Some(42),
        seed_via: vec!["argv".to_owned()],
        status: Status::Ok,
        exit: Some(0),
        start: begin,
        end: Time(begin.0 + 60_000),
        seconds: 60.0,
        argv_digest: format!("sha256:{}", dice.digits(64)),
        environment: Some(format!("sha256:{}", "5e".repeat(32))),
        host: "gpu-1".to_owned(),
        plan: format!("sha256:{}", dice.digits(64)),
        condition: format!("sha256:{}", dice.digits(64)),
        ..Run::default()
    };
    for i in 0..10 {
        let value = match i {
            0..4 => [0.1, 0.3, 0.01, n as f64 / 1000.0][dice.below(4)].into(),
            4..8 => dice.below(100).into(),
            _ => ["adam", "sgd"][dice.below(2)].into(),
        };
        run.params.insert(format!("param_{i}"), value);
    }
    run.command =
        ["python", "train.py", "--lr", &run.params["param_0"].to_string(), "--seed", "42"].map(str::to_owned).to_vec();
    for i in 0..20 {
        let tenths = |value: f64| Number::Float((value * 1e4).round() / 1e4);
        let value = dice.fraction();
        let max = Some(tenths(value + 0.1));
        run.metrics.insert(
            format!("metric_{i}"),
            Summary {
                r#final: tenths(value),
                step: Some(100),
                min: Some(tenths(value - 0.3)),
                best: max.clone().filter(|_| i == 0),
                max,
                mean: None,
                count: 100,
            },
        );
    }
    Fact { header: header("run", &mut dice, run.end), body: Body::Run(Box::new(run)) }
}

/// When the n-th run began.
pub fn a_time(n: usize) -> Time {
    Time(BEGIN + n as i64 * 1000)
}

pub fn header(kind: &str, dice: &mut Dice, time: Time) -> Header {
    Header::new(kind, dice.id(), time, "Ada <ada@example.org>")
}

pub fn parcel(fact: Fact) -> Parcel {
    Parcel { bytes: fact.encode().unwrap(), fact, files: Vec::new() }
}

/// Numbers that look random and are the same every time: `SplitMix64`.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut dice = Self(seed);
        Self(dice.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// At least 0, below 1.
    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn id(&mut self) -> Id {
        Id::from_random(std::array::from_fn(|_| self.next() as u8))
    }

    /// Hexadecimal digits.
    fn digits(&mut self, count: usize) -> String {
        std::iter::repeat_with(|| format!("{:016x}", self.next())).take(count.div_ceil(16)).collect::<String>()[..count]
            .to_owned()
    }
}
