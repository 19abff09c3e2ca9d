//! Repositories with many experiments, by `git fast-import`: 10,000 take some seconds.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use git_xp::model::experiment::{Baseline, Experiment, RecordedHypothesis};
use git_xp::model::fact::{Body, Fact};
use git_xp::model::id::Id;
use git_xp::store::ledger::{NOTES, PREFIX, fact_path, files_path};

use super::support::{Dice, Place, Scratch, a_run, a_time, git, header, repository};

/// A packed repository of experiments `e0`, `e1` …, each with a branch of two commits and one run.
pub struct Workload {
    pub scratch: Scratch,
    /// The runs of the experiments, in their order.
    pub runs: Vec<Id>,
    base: String,
    tree: String,
}

impl Workload {
    pub fn path(&self) -> &Path {
        self.scratch.path()
    }

    /// Make it. Every run has so many points, in its `series.tsv`; with none it has no file.
    pub fn new(experiments: usize, points: usize) -> Self {
        let scratch = repository(10);
        let base = git(scratch.path(), &["rev-parse", "HEAD"]);
        let tree = git(scratch.path(), &["rev-parse", "HEAD^{tree}"]);
        let mut workload = Self { scratch, runs: Vec::new(), base, tree };
        let commits = workload.import_branches(experiments);
        workload.import_facts(&commits, points);
        git(workload.path(), &["gc", "--quiet"]);
        workload
    }

    /// Runs beyond those that are there, on the base commit.
    pub fn more_runs(&self, from: usize, count: usize) -> impl Iterator<Item = Fact> {
        let place = self.place(&self.base, None);
        (from..from + count).map(move |n| a_run(n, &place))
    }

    fn place<'a>(&'a self, commit: &'a str, experiment: Option<(Id, &'a str)>) -> Place<'a> {
        Place { commit, base: &self.base, tree: &self.tree, experiment }
    }

    /// A commit that registers, and one with code, for each experiment; returns both.
    fn import_branches(&self, experiments: usize) -> Vec<[String; 2]> {
        let marks = self.path().join(".git/marks");
        let mut import = Import::start(self.path(), &[&format!("--export-marks={}", marks.display())]);
        for n in 0..experiments {
            let (first, second) = (2 * n + 1, 2 * n + 2);
            let time = a_time(n).seconds();
            let mut commit = |mark: usize, message: &str, from: &str, rest: &str| {
                let length = message.len();
                let text = format!(
                    "commit refs/heads/exp/e{n}\nmark :{mark}\ncommitter Ada <ada@example.org> {time} +0000\ndata {length}\n{message}\nfrom {from}\n{rest}\n"
                );
                import.write(text.as_bytes());
            };
            commit(first, &format!("We believe {n}"), &self.base, "");
            let code = format!("lr={n}\n");
            let file = format!("M 100644 inline d1/f1.py\ndata {}\n{code}", code.len());
            commit(second, &format!("Code {n}"), &format!(":{first}"), &file);
        }
        import.finish();
        let text = std::fs::read_to_string(&marks).unwrap();
        std::fs::remove_file(&marks).unwrap();
        let mut commits = vec![[String::new(), String::new()]; experiments];
        for (mark, commit) in text.lines().filter_map(|line| line.strip_prefix(':')?.split_once(' ')) {
            let mark: usize = mark.parse().unwrap();
            commits[(mark - 1) / 2][(mark - 1) % 2] = commit.to_owned();
        }
        commits
    }

    /// A run of the baseline, a registration and a run for each experiment: in the ledger, and in the note of its commit.
    fn import_facts(&mut self, commits: &[[String; 2]], points: usize) {
        let mut import = Import::start(self.path(), &[]);
        let (mut files, mut notes) = (String::new(), String::new());
        let mut add = |fact: &Fact, commit: &str| {
            let mark = import.blob(&fact.encode().unwrap());
            let id = fact.header.id;
            files += &format!("M 100644 :{mark} {}\n", fact_path(id));
            notes += &format!("N :{mark} {commit}\n");
            if points > 0 && matches!(fact.body, Body::Run(_)) {
                let mark = import.blob(series(id, points).as_bytes());
                files += &format!("M 100644 :{mark} {}/series.tsv\n", files_path(id));
            }
        };
        add(&a_run(commits.len(), &self.place(&self.base, None)), &self.base);
        let mut runs = Vec::new();
        for (n, [registration, code]) in commits.iter().enumerate() {
            let name = format!("e{n}");
            let fact = self.an_experiment(n, &name, registration);
            let run = a_run(n, &self.place(code, Some((fact.header.id, &name))));
            add(&fact, registration);
            add(&run, code);
            runs.push(run.header.id);
        }
        let ledger = format!("{PREFIX}{}", a_time(0).month());
        for (name, changes) in [(ledger.as_str(), files), (NOTES, notes)] {
            let head = format!("commit {name}\ncommitter Ada <ada@example.org> 1793500000 +0000\ndata 2\nxp\n");
            import.write(head.as_bytes());
            import.write(changes.as_bytes());
            import.write(b"\n");
        }
        import.finish();
        self.runs = runs;
    }

    fn an_experiment(&self, n: usize, name: &str, commit: &str) -> Fact {
        let experiment = Experiment {
            experiment: None,
            name: name.to_owned(),
            branch: format!("refs/heads/exp/{name}"),
            commit: commit.to_owned(),
            base: self.base.clone(),
            baseline: Some(Baseline { rev: "main".to_owned(), commit: self.base.clone() }),
            hypothesis: RecordedHypothesis {
                data: None,
                method: Some(format!("a larger lr, variant {n}")),
                expect: vec!["metric_0 >= baseline + 0.01".to_owned()],
                because: Some("the loss is flat".to_owned()),
            },
            planned_seeds: Some(1),
            tags: Vec::new(),
            from: None,
            command: Vec::new(),
        };
        let mut dice = Dice::new(u64::MAX - n as u64);
        Fact { header: header("experiment", &mut dice, a_time(n)), body: Body::Experiment(Box::new(experiment)) }
    }
}

/// Four metrics, as a training logs them.
fn series(id: Id, points: usize) -> String {
    let mut dice = Dice::new(id.as_str().bytes().fold(0, |seed, byte| seed * 31 % (1 << 50) + u64::from(byte)));
    let mut text = String::from("metric\tstep\tseconds\tvalue\n");
    for name in ["train_loss", "val_loss", "val_acc", "lr"] {
        for step in 1..=points / 4 {
            let value = (-(step as f64) / 100.0).exp() + 0.01 * dice.fraction();
            let seconds = step as f64 * 0.24 + 0.01 * dice.fraction();
            text += &format!("{name}\t{step}\t{seconds:.3}\t{value}\n");
        }
    }
    text
}

/// `git fast-import` at work.
struct Import {
    child: Child,
    to: BufWriter<ChildStdin>,
    blobs: usize,
}

impl Import {
    fn start(path: &Path, options: &[&str]) -> Self {
        let mut child = Command::new("git")
            .args(["fast-import", "--quiet"])
            .args(options)
            .current_dir(path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let to = BufWriter::new(child.stdin.take().unwrap());
        Self { child, to, blobs: 0 }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.to.write_all(bytes).unwrap();
    }

    /// Returns the mark.
    fn blob(&mut self, bytes: &[u8]) -> usize {
        self.blobs += 1;
        let head = format!("blob\nmark :{}\ndata {}\n", self.blobs, bytes.len());
        self.write(head.as_bytes());
        self.write(bytes);
        self.write(b"\n");
        self.blobs
    }

    fn finish(self) {
        let Self { mut child, to, .. } = self;
        drop(to.into_inner().unwrap());
        assert!(child.wait().unwrap().success());
    }
}
