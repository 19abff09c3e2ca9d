//! CPU seconds and peak memory of whole processes, each beside a floor measured in the same run: `cargo bench --bench speed [-- NAME…]`. Reading has its own, `read`.
//!
//! Figures are medians over several calls. With `XP_BENCH_RUNS=N` the runs on one commit are N instead of 10,000.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    dead_code,
    reason = "a bench starts programs and prints, and takes what it needs of what the benches share"
)]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};

use git_xp::capture::environment::{self, Surroundings};
use git_xp::capture::secrets::Masker;
use git_xp::git::Repo;
use git_xp::store::seal::seal;

use support::{Cost, Place, XP, a_run, call_chosen, git, measure, median, middle, parcel, report, repository};

fn main() {
    call_chosen(&mut [
        ("version", &mut version),
        ("log-metric", &mut log_metric),
        ("points", &mut points),
        ("masking", &mut masking),
        ("run", &mut run),
        ("data", &mut data),
        ("one-commit", &mut one_commit),
        ("environment", &mut environment),
        ("clean-tree", &mut clean_tree),
        ("sampling", &mut sampling),
    ]);
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

/// 200 MB of what trainings print, without a secret: what nearly every run costs.
fn masking() {
    let repo = repository(10);
    let output = repo.path().parent().unwrap().join("output.txt");
    std::fs::write(&output, training_output(200_000_000)).unwrap();
    let name = output.to_str().unwrap().to_owned();
    report(
        "cat of 200 MB of output (floor)",
        median(3, || measure(repo.path(), "sh", &["-c", &format!("cat {name} > copy; rm copy")], &[])),
    );
    report(
        "grep -c password in it (floor)",
        median(3, || measure(repo.path(), "grep", &["-c", "password", &name], &[])),
    );
    report(
        "grep -ciE 'password|secret|credential' (floor)",
        median(3, || measure(repo.path(), "grep", &["-ciE", "password|secret|credential", &name], &[])),
    );
    let masker = git_xp::capture::secrets::Masker::default();
    let masked = median(3, || {
        let begun = std::time::Instant::now();
        git_xp::capture::secrets::stream::mask_file(&masker, &output).unwrap();
        Cost { cpu: begun.elapsed().as_secs_f64() * 1000.0, memory: 0.0 }
    });
    report("masking of it, alone", masked);
    println!("{:<64} {:>9.0} MB/s", "that is", 200_000.0 / masked.cpu);
    assert!(masker.take_counts().is_empty(), "there is no secret in it");
    let args = ["run", "--again", "--seed", "1", "--", "cat", &name];
    report("run that prints it, sealed", median(3, || measure(repo.path(), XP, &args, &[])));
}

/// Lines as trainers of language and of image models print them.
fn training_output(bytes: usize) -> String {
    let mut out = String::with_capacity(bytes + 1024);
    for step in 0.. {
        let loss = 8.0 / (1.0 + step as f64 / 1000.0).sqrt();
        match step % 10 {
            0 => {
                out += &format!(
                    "\r{:3}%|{:<10}| {step}/100000 [01:12<10:48, 138.2it/s, loss={loss:.4}]",
                    step % 100,
                    "█████"
                )
            }
            1 => {
                out += &format!(
                    "[rank0] INFO trainer.py:{}: epoch {} tokens={} tokenizer=bpe-32k max_tokens=2048\n",
                    step % 900,
                    step / 1000,
                    step * 2048
                )
            }
            2 => {
                out +=
                    &format!("{{\"step\": {step}, \"train/loss\": {loss:.6}, \"grad_norm\": 0.9312, \"lr\": 0.0003}}\n")
            }
            _ => {
                out += &format!(
                    "step {step:>7} | loss {loss:.6} | val_acc 0.{:04} | lr 3.0e-04 | {} tok/s | mem 31.2 GiB\n",
                    step % 9999,
                    180_000 + step % 977
                )
            }
        }
        if out.len() >= bytes {
            break;
        }
    }
    out
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

/// Pins of data: what they add to a run.
fn data() {
    const FILES: usize = 10_000;
    const BYTES: usize = 512 << 20;
    let repo = repository(10);
    let path = repo.path();
    for i in 0..FILES {
        let folder = path.join(format!("data/many/d{}", i % 20));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{i}.txt")), format!("{i}\n")).unwrap();
    }
    git(path, &["add", "--all"]);
    git(path, &["commit", "--quiet", "-m", "Data"]);
    let large = path.parent().unwrap().join("large.bin");
    // Zeros would do: the digest costs the same.
    std::fs::write(&large, vec![7; BYTES]).unwrap();
    let large = large.to_str().unwrap();
    let run = |pin: Option<&str>| {
        let before = ["run", "--seed", "1", "--again"];
        let pin: Vec<&str> = pin.into_iter().flat_map(|pin| ["--data", pin]).collect();
        measure(path, XP, &[&before[..], &pin, &["--", "true"]].concat(), &[])
    };
    let added = |with: Cost, without: Cost| Cost { cpu: with.cpu - without.cpu, memory: with.memory };
    let forget = || drop(std::fs::remove_dir_all(path.join(".git/xp/data")));
    // So that the first row does not hold what only the first call of git status does.
    git(path, &["status", "--porcelain"]);
    report("git status, 10,000 files (floor)", median(21, || measure(path, "git", &["status", "--porcelain"], &[])));
    let without = median(21, || run(None));
    report("run without data there", without);
    let first = median(5, || {
        forget();
        run(Some("many=data/many"))
    });
    report("data pin of 10,000 files adds, first time", added(first, without));
    report("data pin of 10,000 files adds, unchanged", added(median(21, || run(Some("many=data/many"))), without));
    report(
        "openssl dgst -sha256 of 512 MiB (floor)",
        median(3, || measure(path, "openssl", &["dgst", "-sha256", large], &[])),
    );
    let pin = format!("large={large}");
    let first = median(3, || {
        forget();
        run(Some(&pin))
    });
    report("data pin of 512 MiB adds, first time", added(first, without));
    report("data pin of 512 MiB adds, unchanged", added(median(5, || run(Some(&pin))), without));
}

/// A run in a virtual environment of 150 packages. Nothing of it is cached but the GPUs, so the first run costs what every other does.
fn environment() {
    let repo = repository(10);
    let packages = repo.path().join(".venv/lib/python3.11/site-packages");
    for n in 0..150 {
        let info = packages.join(format!("package_{n}-1.{n}.0.dist-info"));
        std::fs::create_dir_all(&info).unwrap();
        let text = "A line of a description that is longer than all headers.\n".repeat(200);
        let head = format!("Metadata-Version: 2.1\nName: package-{n}\nVersion: 1.{n}.0\n\n");
        std::fs::write(info.join("METADATA"), head + &text).unwrap();
        std::fs::write(info.join("RECORD"), "").unwrap();
        std::fs::create_dir(packages.join(format!("package_{n}"))).unwrap();
        std::fs::write(packages.join(format!("package_{n}/__init__.py")), "").unwrap();
    }
    std::fs::write(repo.path().join(".venv/pyvenv.cfg"), "home = /usr/bin\nversion = 3.11.2\n").unwrap();
    std::fs::create_dir(repo.path().join(".venv/bin")).unwrap();
    std::os::unix::fs::symlink("/bin/true", repo.path().join(".venv/bin/python")).unwrap();
    std::fs::write(repo.path().join(".git/info/exclude"), ".venv\n").unwrap();
    let at = packages.to_str().unwrap();
    report("ls of 150 packages (floor)", hundredth(repo.path(), &format!("ls {at}"), &[]));
    report("cat of their METADATA (floor)", hundredth(repo.path(), &format!("cat {at}/*/METADATA"), &[]));
    let list = "import importlib.metadata as m; print([(d.name, d.version) for d in m.distributions()])";
    let python = || measure(repo.path(), "python3", &["-S", "-c", list], &[("PYTHONPATH", at)]);
    report("python3 importlib.metadata of them (for scale)", median(11, python));
    let argv = [repo.path().join(".venv/bin/python").to_str().unwrap().to_owned()];
    let git_dir = repo.path().join(".git");
    let (none, masker) = (std::collections::BTreeMap::new(), Masker::default());
    // The kernel counts in ticks, so many calls are measured together.
    let describe = || {
        let begun = cpu_of_this_thread();
        for _ in 0..200 {
            let surroundings = Surroundings::of_this_process(&argv, repo.path(), repo.path(), &git_dir);
            let text = environment::describe(&surroundings, &none, &none, &masker);
            assert!(text.contains("package-149 = \"1.149.0\""));
        }
        Cost { cpu: (cpu_of_this_thread() - begun) / 200.0, memory: 0.0 }
    };
    report("their environment described", median(5, describe));
    for command in ["true", ".venv/bin/python"] {
        let args = ["run", "--seed", "1", "--again", "--", command];
        report(&format!("run --again -- {command}"), median(21, || measure(repo.path(), XP, &args, &[])));
    }
}

/// What `run` finds out before it refuses: whether the tree is clean, and all that comes with it.
fn clean_tree() {
    let repo = repository(50_000);
    let path = repo.path();
    let status = || measure(path, "git", &["status", "--porcelain"], &[]);
    let run = ["run", "--seed", "1", "--", "true"];
    git(path, &["status", "--porcelain"]);
    measure(path, XP, &run, &[]);
    let compare = |what: &str| {
        git(path, &["status", "--porcelain"]);
        // In turns, so that what else the machine does is shared fairly.
        let (floor, checked): (Vec<Cost>, Vec<Cost>) =
            (0..21).map(|_| (status(), measure(path, XP, &run, &[]))).unzip();
        let (floor, checked) = (middle(&floor), middle(&checked));
        report(&format!("git status --porcelain, 50,000 files{what} (floor)"), floor);
        report(&format!("run, checked and refused{what}"), checked);
        println!("{:<64} {:>9.2} x", "that is", checked.cpu / floor.cpu);
    };
    compare("");
    git(path, &["update-index", "--untracked-cache"]);
    git(path, &["config", "core.untrackedCache", "true"]);
    git(path, &["status"]);
    compare(", untracked cache");
    git(path, &["config", "core.untrackedCache", "false"]);
    git(path, &["update-index", "--no-untracked-cache"]);
    for i in 0..100 {
        std::fs::write(path.join(format!("d{}/f{i}.py", i % 20)), "changed\n").unwrap();
        std::fs::write(path.join(format!("d{}/new{i}.py", i % 20)), "new\n").unwrap();
    }
    compare(", 200 changed");
}

/// Looking at the system while a command runs that has eight children.
fn sampling() {
    const SECONDS: u32 = 10;
    let repo = repository(10);
    let script = format!("for i in 1 2 3 4 5 6 7 8; do sleep {SECONDS} & done; wait");
    let run = |every: &str| {
        let set = [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "xp.run.sample"), ("GIT_CONFIG_VALUE_0", every)];
        measure(repo.path(), XP, &["run", "--again", "--seed", "1", "--", "sh", "-c", &script], &set)
    };
    let intervals = ["off", "1s", "0.1s"];
    let mut costs: [Vec<Cost>; 3] = Default::default();
    for _ in 0..5 {
        intervals.iter().zip(&mut costs).for_each(|(every, costs)| costs.push(run(every)));
    }
    let [floor, second, tenth] = costs.map(|costs| middle(&costs));
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let processes = processes.filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok()).count();
    report(&format!("run of {SECONDS} s, 9 of {processes} processes, not sampled (floor)"), floor);
    report("the same sampled every second", second);
    report("the same sampled every tenth of a second", tenth);
    let looks = f64::from(SECONDS) * 10.0 - 1.0;
    let look = (tenth.cpu - floor.cpu) / looks;
    println!("{:<64} {look:>9.3} ms", "each look, from the last");
    let share = |of: f64| of * 100.0 / 1000.0 / f64::from(SECONDS);
    println!("{:<64} {:>9.3} %", "of a core at 1s, measured", share(second.cpu - floor.cpu));
    println!("{:<64} {:>9.3} %", "of a core at 1s, by looks", look / 10.0);
    println!("{:<64} {:>9.3} %", "of a core at 10s, by looks", look / 100.0);
}

/// Milliseconds.
fn cpu_of_this_thread() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().and_then(|text| text.parse::<f64>().ok()).unwrap() / 1e6
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

fn seal_runs(path: &Path, count: usize) {
    let repo = Repo::open(path).unwrap();
    let [commit, tree] = ["HEAD", "HEAD^{tree}"].map(|rev| git(path, &["rev-parse", rev]));
    let place = Place { commit: &commit, base: &commit, tree: &tree, experiment: None };
    seal(&repo, &(0..count).map(|n| parcel(a_run(n, &place))).collect::<Vec<_>>()).unwrap();
}
