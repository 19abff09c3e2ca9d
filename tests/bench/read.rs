//! What reading costs, each figure beside a floor measured in the same run: `cargo bench --bench read [-- compare|growth|plot|export]`.
//!
//! Figures are medians of five calls; `target/bench/read.tsv` gets every call, for `tests/bench/plot.sh`. With `XP_BENCH_EXPERIMENTS=N` no
//! repository has more experiments than N.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    dead_code,
    reason = "a bench starts programs and prints, and takes what it needs of what the benches share"
)]

mod support;
mod workload;

use std::cell::OnceCell;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use git_xp::git::Repo;
use git_xp::model::fact::{Body, Fact};
use git_xp::model::metric::Accumulator;
use git_xp::model::number::Number;
use git_xp::store::seal::{Parcel, seal};

use support::{Cost, Place, XP, a_run, call_chosen, git, identity, measure, middle, parcel, repository};
use workload::Workload;

/// How many experiments most people's projects will not exceed.
const USUAL: usize = 10_000;

const OTHERS: [usize; 4] = [1000, 3000, 30_000, 100_000];

/// How often each call is measured.
const CALLS: usize = 5;

/// What git needs to give out what is recorded.
const FLOOR: &str =
    "git for-each-ref >/dev/null; git notes --ref=xp list | cut -d' ' -f1 | git cat-file --batch >/dev/null";

const NO_INDEX: [(&str, &str); 1] = [("GIT_CONFIG_PARAMETERS", "'xp.index=false'")];

const COMPARE: [&str; 2] = ["compare", "main..exp/*"];

fn main() {
    let limit = std::env::var("XP_BENCH_EXPERIMENTS").ok().and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench");
    std::fs::create_dir_all(&folder).unwrap();
    let table = File::create(folder.join("read.tsv")).unwrap();
    writeln!(&table, "experiments\trow\tcall\tcpu_ms\tmemory_mib").unwrap();
    call_chosen(&mut [
        ("compare", &mut || compare(&Rows::new(&table, USUAL.min(limit)), true)),
        ("growth", &mut || {
            for experiments in OTHERS.into_iter().filter(|experiments| *experiments <= limit) {
                compare(&Rows::new(&table, experiments), false);
            }
        }),
        ("plot", &mut || plot(&Rows::new(&table, 1))),
        ("export", &mut || export(&Rows::new(&table, USUAL.min(limit)))),
    ]);
}

/// The rows about one repository. The first one is the floor.
struct Rows<'a> {
    table: &'a File,
    experiments: usize,
    floor: OnceCell<f64>,
}

impl<'a> Rows<'a> {
    fn new(table: &'a File, experiments: usize) -> Self {
        Self { table, experiments, floor: OnceCell::new() }
    }

    /// Returns CPU milliseconds.
    fn add(&self, what: &str, costs: &[Cost]) -> f64 {
        let Cost { cpu, memory } = middle(costs);
        let floor = *self.floor.get_or_init(|| cpu);
        let experiments = self.experiments;
        println!("{experiments:>7} {what:<48} {cpu:>9.1} ms {memory:>8.1} MiB {:>7.2} x floor", cpu / floor);
        let mut table = self.table;
        for (call, Cost { cpu, memory }) in costs.iter().enumerate() {
            writeln!(table, "{experiments}\t{what}\t{call}\t{cpu:.2}\t{memory:.1}").unwrap();
        }
        cpu
    }

    fn made(&self, points: usize) -> Workload {
        let begin = Instant::now();
        let workload = Workload::new(self.experiments, points);
        println!("{:>7} {:<48} {:>9.1} s", self.experiments, "made in", begin.elapsed().as_secs_f64());
        workload
    }

    fn floor(&self, dir: &Path, what: &str, script: &str) {
        self.add(what, &calls(|| measure(dir, "sh", &["-c", script], &[])));
    }

    /// A verb that does not work has no row: what fails at once looks fast.
    fn xp(&self, what: &str, dir: &Path, args: &[&str], env: &[(&str, &str)]) -> f64 {
        let tried = Command::new(XP).args(args).current_dir(dir).envs(identity()).output().unwrap();
        if !tried.status.success() {
            let said = String::from_utf8_lossy(&tried.stderr);
            println!("{:>7} {what:<48} left out: {}", self.experiments, said.lines().next().unwrap_or_default());
            return 0.0;
        }
        self.add(what, &calls(|| measure(dir, XP, args, env)))
    }
}

fn calls(call: impl FnMut() -> Cost) -> Vec<Cost> {
    std::iter::repeat_with(call).take(CALLS).collect()
}

/// With all that can be asked of a repository, or what is needed to see how it grows.
fn compare(rows: &Rows<'_>, all: bool) {
    let workload = rows.made(0);
    let path = workload.path();
    rows.floor(path, "floor", FLOOR);
    rows.xp("compare, no index", path, &COMPARE, &NO_INDEX);
    let building = calls(|| {
        for file in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
            let _ = std::fs::remove_file(path.join(".git/xp").join(file));
        }
        measure(path, XP, &COMPARE, &[])
    });
    rows.add("compare, index built on the way", &building);
    let fresh = rows.xp("compare, index fresh", path, &COMPARE, &[]);
    rows.xp("compare, index fresh, 120 columns", path, &COMPARE, &[("COLUMNS", "120")]);
    if !all {
        return;
    }
    singles(rows, &workload);
    let repo = Repo::open(path).unwrap();
    let mut next = rows.experiments + 1;
    let refreshing = calls(|| {
        seal(&repo, &workload.more_runs(next, 10).map(parcel).collect::<Vec<_>>()).unwrap();
        next += 10;
        measure(path, XP, &COMPARE, &[])
    });
    let more = rows.add("compare after 10 new runs", &refreshing) - fresh;
    println!("{:>7} {:<48} {more:>9.1} ms", rows.experiments, "that is more than fresh by");
}

/// One thing among many.
fn singles(rows: &Rows<'_>, workload: &Workload) {
    let path = workload.path();
    let [a, b] = [workload.runs.len() / 3, workload.runs.len() / 2].map(|n| workload.runs[n].to_string());
    let name = format!("e{}", workload.runs.len() / 2);
    rows.xp("list of one", path, &["list", &name], &[]);
    rows.xp("list --where, few", path, &["list", "--where", "metrics.metric_0 > 0.999"], &[]);
    rows.xp("list --where, half", path, &["list", "--where", "metrics.metric_0 > 0.5"], &[]);
    rows.xp("list of all", path, &["list"], &[]);
    rows.xp("show of a run", path, &["show", &a], &[]);
    rows.xp("show of an experiment", path, &["show", &name], &[]);
    rows.xp("diff of two runs", path, &["diff", &a, &b], &[]);
}

/// As a blob in git, which is slower to read than the file of an LFS object.
fn plot(rows: &Rows<'_>) {
    let repo = repository(10);
    let path = repo.path();
    let mut series = String::from("metric\tstep\tseconds\tvalue\n");
    for i in 0..1_000_000 {
        series += &format!("loss\t{i}\t{i}.{:03}\t{}\n", i % 1000, 1.0 / f64::from(i + 1));
    }
    let [base, tree] = ["HEAD", "HEAD^{tree}"].map(|rev| git(path, &["rev-parse", rev]));
    let mut fact: Fact = a_run(0, &Place { commit: &base, base: &base, tree: &tree, experiment: None });
    let Body::Run(run) = &mut fact.body else { return };
    let mut points = Accumulator::default();
    points.add(Some(0), &Number::Float(1.0));
    run.metrics.extend(points.summary(None).map(|summary| ("loss".to_owned(), summary)));
    let parcel = Parcel { files: vec![("series.tsv".to_owned(), series.into_bytes())], ..parcel(fact) };
    seal(&Repo::open(path).unwrap(), &[parcel]).unwrap();
    rows.floor(path, "floor: all series | wc -l", &format!("{SERIES} | wc -l"));
    for option in ["--width=80", "--svg=-", "--json"] {
        rows.xp(&format!("plot of 1,000,000 points, {option}"), path, &["plot", "loss", "last", option], &[]);
    }
}

/// The content of all series.
const SERIES: &str =
    "git rev-list --objects refs/xp/runs/2026-11 | grep series.tsv | cut -d' ' -f1 | git cat-file --batch";

fn export(rows: &Rows<'_>) {
    let workload = rows.made(1000);
    let path = workload.path();
    rows.floor(path, "floor: all series", &format!("{SERIES} >/dev/null"));
    let to = |file: &str| format!("--output={}", path.parent().unwrap().join(file).display());
    rows.xp("export of 1,000 points each, parquet", path, &["export", "--series", "--force", &to("p.parquet")], &[]);
    rows.xp("export of the runs, parquet", path, &["export", "--force", &to("r.parquet")], &[]);
}
