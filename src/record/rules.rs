//! The rules that a run must fulfil, all judged at once. Pure.

use crate::git::status::Dirt;
use crate::model::text::enumerate;
use crate::settings::{Level, Rule, Rules};

/// How many files a message names.
const NAMED: usize = 5;

/// What a look at the work tree and the command line found.
#[derive(Debug, Default, Clone)]
pub struct Findings {
    /// Files that differ from the commit, exceptions taken out.
    pub dirt: Vec<Dirt>,
    /// Files named in the command that the recorded tree lacks.
    pub unrecorded: Vec<String>,
    /// No seed was given.
    pub lacks_seed: bool,
}

/// A rule that is not fulfilled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub rule: Rule,
    /// What follows: the run is refused ([`Level::Refuse`]), or a warning is said ([`Level::Warn`]).
    pub level: Level,
    /// What is wrong, in one line without the rule's name.
    pub text: String,
    /// The files that are at fault, if it is files: paths from the top of the work tree.
    pub files: Vec<String>,
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// What is said of rules that are not fulfilled.
    pub failures: Vec<Failure>,
    /// Commit everything first.
    pub commit: bool,
    /// Store the exact tree.
    pub snapshot: bool,
    /// What has to be added to `git xp run` so that nothing refuses.
    pub remedy: Vec<&'static str>,
    /// Files that `git add -f` has to take first.
    pub force_add: Vec<String>,
}

impl Judgement {
    /// What refuses: one line each.
    pub fn refusals(&self) -> impl Iterator<Item = String> {
        self.lines(Level::Refuse)
    }

    /// What is warned of: one line each.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.lines(Level::Warn)
    }

    /// Whether a run is refused.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.failures.iter().any(|failure| failure.level == Level::Refuse)
    }

    fn lines(&self, level: Level) -> impl Iterator<Item = String> {
        let of_level = self.failures.iter().filter(move |failure| failure.level == level);
        of_level.map(|failure| format!("{}: {}", failure.rule, failure.text))
    }

    fn fail(&mut self, rule: Rule, level: Level, text: String, files: Vec<String>) {
        self.failures.push(Failure { rule, level, text, files });
    }

    fn remedy(&mut self, words: &'static str) {
        if !self.remedy.contains(&words) {
            self.remedy.push(words);
        }
    }
}

/// Judge findings by the levels in force.
pub fn judge(findings: &Findings, rules: &Rules) -> Judgement {
    let mut judgement = Judgement::default();
    if !findings.dirt.is_empty() {
        let files = || findings.dirt.iter().map(|dirt| dirt.path.clone()).collect();
        match rules.clean {
            Level::Off => {}
            Level::Commit => judgement.commit = true,
            Level::Snapshot => judgement.snapshot = true,
            level @ (Level::Warn | Level::Refuse) => {
                judgement.fail(Rule::Clean, level, describe(&findings.dirt), files());
                if level == Level::Refuse {
                    judgement.remedy("-a");
                }
            }
        }
    }
    if !findings.unrecorded.is_empty() && rules.clean != Level::Off {
        let text = format!("the command names {}, which git ignores: no commit holds it", list(&findings.unrecorded));
        // Neither a commit nor a snapshot takes what git ignores.
        let level = if rules.clean == Level::Warn { Level::Warn } else { Level::Refuse };
        judgement.fail(Rule::Clean, level, text, findings.unrecorded.clone());
        if level == Level::Refuse {
            judgement.force_add.clone_from(&findings.unrecorded);
            judgement.remedy("-a");
        }
    }
    if findings.lacks_seed && rules.seed != Level::Off {
        let text = "no seed is recorded, so nobody can repeat the run or tell noise from effect".to_owned();
        judgement.fail(Rule::Seed, rules.seed, text, Vec::new());
        if rules.seed == Level::Refuse {
            judgement.remedy("--seed 1");
        }
    }
    judgement
}

/// What a recorded run lacks: the rules that it does not fulfil, whatever their level was when it ran.
pub fn judge_recorded(has_seed: bool, has_code: bool, rules: &Rules) -> Vec<Failure> {
    let failure = |rule, level, text: &str| Failure { rule, level, text: text.to_owned(), files: Vec::new() };
    let mut failures = Vec::new();
    if !has_code && rules.clean != Level::Off {
        let level = if rules.clean == Level::Warn { Level::Warn } else { Level::Refuse };
        failures.push(failure(Rule::Clean, level, "the code that ran is neither in its commit nor in a snapshot"));
    }
    if !has_seed && rules.seed != Level::Off {
        failures.push(failure(Rule::Seed, rules.seed, "no seed is recorded"));
    }
    failures
}

fn describe(dirt: &[Dirt]) -> String {
    let named = enumerate(dirt.iter().map(|dirt| format!("{} ({})", dirt.path, dirt.kind.word())), NAMED);
    let files = if dirt.len() == 1 { "1 file differs" } else { &format!("{} files differ", dirt.len()) };
    format!("{files} from the commit: {named}")
}

fn list(files: &[String]) -> String {
    enumerate(files.iter().map(|file| format!("'{file}'")), NAMED)
}

#[cfg(test)]
mod tests {
    use super::{Dirt, Findings, Judgement, judge, judge_recorded};
    use crate::git::status::DirtKind;
    use crate::settings::{Level, Rules};

    fn findings() -> Findings {
        let dirt = vec![Dirt { path: "train.py".into(), kind: DirtKind::Modified }];
        Findings { dirt, unrecorded: Vec::new(), lacks_seed: true }
    }

    #[test]
    fn all_rules_speak_at_once_with_one_remedy() {
        let judgement = judge(&findings(), &Rules { clean: Level::Refuse, seed: Level::Refuse });
        assert!(judgement.refuses());
        assert_eq!(judgement.refusals().count(), 2);
        assert_eq!(judgement.failures[0].files, ["train.py"]);
        assert_eq!(judgement.remedy, ["-a", "--seed 1"]);
    }

    #[test]
    fn levels_are_obeyed() {
        let judgement = judge(&findings(), &Rules { clean: Level::Snapshot, seed: Level::Warn });
        assert!(judgement.snapshot && !judgement.refuses());
        assert_eq!(judgement.warnings().count(), 1);
        assert_eq!(judge(&findings(), &Rules { clean: Level::Off, seed: Level::Off }), Judgement::default());
    }

    #[test]
    fn what_git_ignores_is_in_no_commit_and_in_no_snapshot() {
        let findings = Findings { unrecorded: vec!["data.csv".into()], ..Findings::default() };
        for level in [Level::Refuse, Level::Commit, Level::Snapshot] {
            let judgement = judge(&findings, &Rules { clean: level, seed: Level::Off });
            assert_eq!(
                (judgement.refuses(), judgement.force_add.len(), judgement.snapshot),
                (true, 1, false),
                "{level}"
            );
        }
        let judgement = judge(&findings, &Rules { clean: Level::Warn, seed: Level::Off });
        assert_eq!((judgement.refuses(), judgement.failures.len(), judgement.remedy.len()), (false, 1, 0));
    }

    #[test]
    fn recorded_runs_are_judged_by_what_they_hold() {
        let rules = |clean, seed| Rules { clean, seed };
        let judged = |rules: &Rules| judge_recorded(false, false, rules).iter().map(|f| f.level).collect::<Vec<_>>();
        assert_eq!(judged(&rules(Level::Snapshot, Level::Warn)), [Level::Refuse, Level::Warn]);
        assert_eq!(judged(&rules(Level::Warn, Level::Off)), [Level::Warn]);
        assert!(judge_recorded(true, true, &rules(Level::Refuse, Level::Refuse)).is_empty());
    }
}
