//! What is done in every row, and how it is judged.

use std::cell::RefCell;

use super::rows::Row;
use super::scene::Scene;
use super::untouched::{Footprint, May};
use crate::support::Output;

/// What is to be expected of a row.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    /// `git xp start`.
    pub start: Outcome,
    /// `git xp run`.
    pub run: Outcome,
    /// A run by hand: `log-metric`, `log-param`, `finish`.
    pub log: Outcome,
    /// What is said of runs later: `remark`, `tag`, `log-metric --run`, `discard`.
    pub say: Outcome,
    /// The verbs that read.
    pub read: Outcome,
    /// `status`, which looks at the work tree too.
    pub status: Outcome,
}

/// How verbs end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// They do what they are for.
    Works,
    /// They end with 128, these words and a hint, and have written nothing.
    Refused(&'static str),
    /// There is nothing to read.
    Empty,
}

use Outcome::{Empty, Refused, Works};

impl Expected {
    /// Everything works.
    pub const WORKS: Self = Self { start: Works, run: Works, log: Works, say: Works, read: Works, status: Works };

    /// Reading works, writing is refused with these words.
    pub const fn reads(words: &'static str) -> Self {
        Self { say: Refused(words), ..Self::no_work_tree(words) }
    }

    /// What needs a work tree is refused with these words.
    pub const fn no_work_tree(words: &'static str) -> Self {
        Self { start: Refused(words), run: Refused(words), log: Refused(words), ..Self::WORKS }
    }

    /// Everything is refused with these words.
    pub const fn refused(words: &'static str) -> Self {
        Self { read: Refused(words), status: Refused(words), ..Self::reads(words) }
    }

    /// Everything but `start`, which is refused with these words.
    pub const fn no_start(words: &'static str) -> Self {
        Self { start: Refused(words), ..Self::WORKS }
    }

    /// Nothing is recorded yet, and nothing can be, for this reason.
    pub const fn empty(words: &'static str) -> Self {
        Self { say: Empty, read: Empty, status: Empty, ..Self::no_work_tree(words) }
    }

    /// Whether runs are recorded.
    fn records(&self) -> bool {
        self.run == Works && self.log == Works && self.say == Works
    }
}

/// The branch that `start` makes.
const BRANCH: &str = "exp/matrix";

/// What a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Start,
    Run,
    Log,
    Finish,
    Say,
    Status,
    Read,
    /// Reads what may well be nothing.
    Look,
}

/// A command line of git-xp.
#[derive(Debug, Clone, Copy)]
struct Step {
    kind: Kind,
    args: &'static [&'static str],
}

const fn step(kind: Kind, args: &'static [&'static str]) -> Step {
    Step { kind, args }
}

/// What is recorded. Every verb of the program is here, among [`READ`], or in [`APART`].
const WRITE: [Step; 10] = [
    step(Kind::Start, &["start", "matrix", "--expect", "val_acc >= 0.5", "--because", "of the matrix"]),
    step(Kind::Run, &["run", "--seeds", "1,2", "--data", "code=train.sh", "--", "sh", "train.sh", "0.1", "{seed}"]),
    step(Kind::Log, &["log-metric", "by_hand", "1"]),
    step(Kind::Log, &["log-param", "hand", "left"]),
    step(Kind::Finish, &["finish"]),
    step(Kind::Say, &["remark", "last", "seen"]),
    step(Kind::Say, &["tag", "last", "good"]),
    step(Kind::Say, &["log-metric", "later", "1", "--run", "last"]),
    step(Kind::Say, &["log-artifact", "/bin/true", "--run", "last"]),
    step(Kind::Say, &["discard", "last", "--because", "of the matrix"]),
];

/// What is read.
const READ: [Step; 11] = [
    step(Kind::Look, &["fsck"]),
    step(Kind::Look, &["compare"]),
    step(Kind::Look, &["export", "--format", "csv"]),
    step(Kind::Read, &["list", "--runs"]),
    step(Kind::Status, &["status"]),
    step(Kind::Read, &["show", "last~1"]),
    step(Kind::Read, &["log", "--all"]),
    step(Kind::Read, &["diff", "last", "last~1"]),
    step(Kind::Read, &["plot", "val_acc", "last~1"]),
    step(Kind::Read, &["forget", "last", "--dry-run"]),
    step(Kind::Read, &["check", "--recorded", "last~1", "--rule", "clean=off"]),
];

/// What is read again after `git gc --prune=now`, with the same result.
const AFTER_GC: [&str; 3] = ["fsck", "compare", "export"];

/// Verbs that are not tried in every row: those named for changing something, and those that need no repository.
const APART: [&str; 10] = [
    "init",
    "demo",
    "demo-train",
    "lfs-agent",
    "filter-process",
    "completions",
    "man",
    // They make files of the work tree, and commits of it.
    "artifact",
    "worktree",
    "apply",
];

/// Walk through a row.
pub fn walk(row: &Row) {
    let Some(scene) = (row.make)() else { return };
    let walk = Walk { row, scene, before: RefCell::default() };
    WRITE.iter().for_each(|step| drop(walk.take(step, "")));
    let read: Vec<String> = READ.iter().map(|step| walk.take(step, "")).collect();
    if row.expected.records() {
        walk.is_all_recorded();
    }
    if row.expected.read != Works || !walk.scene.can_gc {
        return;
    }
    let collected = walk.scene.try_git(&["gc", "--quiet", "--prune=now"]);
    walk.assert("git gc", "", collected.code == 0, || format!("{collected:?}"));
    walk.before.take();
    for (step, before) in READ.iter().zip(&read).filter(|(step, _)| AFTER_GC.contains(&step.args[0])) {
        let after = walk.take(step, " after gc");
        walk.assert(&step.args.join(" "), " after gc", after == *before, || format!("{before}became\n{after}"));
    }
    if row.expected.records() {
        walk.take(&step(Kind::Run, &["run", "--seed", "4", "--", "sh", "train.sh", "0.3", "4"]), " after gc");
        walk.take(&READ[0], " after gc and a run");
    }
}

struct Walk<'a> {
    row: &'a Row,
    scene: Scene,
    /// What the step before left, so that it is looked at once.
    before: RefCell<Option<Footprint>>,
}

impl Walk<'_> {
    #[track_caller]
    fn take(&self, step: &Step, when: &str) -> String {
        let expected = match step.kind {
            Kind::Start => self.row.expected.start,
            Kind::Run => self.row.expected.run,
            Kind::Log => self.row.expected.log,
            // Without a run by hand there is none to finish, whatever else is the matter.
            Kind::Finish => match self.row.expected.log {
                Refused(_) => Refused(""),
                other => other,
            },
            Kind::Say => self.row.expected.say,
            Kind::Read => self.row.expected.read,
            Kind::Status => self.row.expected.status,
            Kind::Look if self.row.expected.read == Empty => Works,
            Kind::Look => self.row.expected.read,
        };
        if expected == Empty {
            return String::new();
        }
        let before = self.before.take().unwrap_or_else(|| Footprint::of(&self.scene));
        let output = self.scene.xp(step.args);
        let after = Footprint::of(&self.scene);
        self.judge(step, when, expected, &output);
        let may = match (step.kind, expected) {
            (_, Refused(_)) => May::Cache,
            (Kind::Start, _) => May::MoveTo(BRANCH),
            (Kind::Read | Kind::Look | Kind::Status, _) if self.scene.is_partial => May::Fetch,
            (Kind::Read | Kind::Look | Kind::Status, _) => May::Cache,
            _ => May::Record,
        };
        let damage = before.damage(&after, may);
        self.assert(&step.args.join(" "), when, damage.is_empty(), || damage.join("\n"));
        self.before.replace(Some(after));
        output.stdout
    }

    #[track_caller]
    fn judge(&self, step: &Step, when: &str, expected: Outcome, output: &Output) {
        let what = step.args.join(" ");
        match expected {
            Works | Empty => {
                self.assert(&what, when, output.code == 0, || format!("{output:?}"));
                // Nothing is waiting, unsigned or unread.
                let warns = |word: &str| output.stderr.contains(word);
                let is_quiet =
                    !(warns("warning: recorded, not yet sealed") || warns("cannot be read") || warns("skipped\n"));
                self.assert(&what, when, is_quiet, || format!("{output:?}"));
            }
            Refused(words) => {
                self.assert(&what, when, output.code == 128, || format!("{output:?}"));
                let is_clear = output.stderr.starts_with("error: ")
                    && output.stderr.contains(words)
                    && output.stderr.contains("\nhint: ");
                self.assert(&what, when, is_clear, || format!("'{words}' and a hint were due: {output:?}"));
            }
        }
    }

    /// As git says, without git-xp's reader.
    fn is_all_recorded(&self) {
        let ledgers = self.scene.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]);
        let count = |ledger: &str| self.scene.git(&["ls-tree", "-r", "--name-only", ledger, "facts/"]).lines().count();
        let facts: usize = ledgers.lines().map(count).sum();
        // Two runs and one by hand, a remark, a tag, a late metric, a withdrawal; the registration where there is one.
        let least = if self.row.expected.start == Works { 8 } else { 7 };
        self.assert("git ls-tree", "", facts >= least, || format!("{facts} facts, {least} were due"));
        let open = self.scene.git(&["for-each-ref", "refs/xp/open/"]);
        self.assert("git for-each-ref", "", open.is_empty(), || open.clone());
    }

    #[track_caller]
    fn assert(&self, step: &str, when: &str, is_so: bool, why: impl FnOnce() -> String) {
        assert!(is_so, "row '{}', step '{step}'{when}: {}", self.row.name, why());
    }
}

/// The verbs of the program.
fn verbs() -> Vec<String> {
    git_xp::cli::command().get_subcommands().map(|verb| verb.get_name().to_owned()).collect()
}

#[test]
fn every_verb_is_tried_or_named() {
    let tried =
        |verb: &String| WRITE.iter().chain(&READ).any(|step| step.args[0] == verb) || APART.contains(&verb.as_str());
    let missing: Vec<String> = verbs().into_iter().filter(|verb| !tried(verb)).collect();
    assert!(missing.is_empty(), "add {missing:?} to WRITE or READ, or to APART");
}
