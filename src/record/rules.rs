//! The rules that a run must fulfil, all judged at once. Pure.

use crate::git::status::Dirt;
use crate::settings::{Level, Rules};

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

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Rules that refuse: one line each.
    pub refusals: Vec<String>,
    /// Rules that warn: one line each.
    pub warnings: Vec<String>,
    /// Commit everything first.
    pub commit: bool,
    /// Store the exact tree.
    pub snapshot: bool,
    /// What has to be added to `git xp run` so that nothing refuses.
    pub remedy: Vec<&'static str>,
    /// Files that `git add -f` has to take first.
    pub force_add: Vec<String>,
}

/// Judge findings by the levels in force.
pub fn judge(findings: &Findings, rules: &Rules) -> Judgement {
    let mut judgement = Judgement {
        refusals: Vec::new(),
        warnings: Vec::new(),
        commit: false,
        snapshot: false,
        remedy: Vec::new(),
        force_add: Vec::new(),
    };
    if !findings.dirt.is_empty() {
        let line = format!("clean: {}", describe(&findings.dirt));
        match rules.clean {
            Level::Off => {}
            Level::Warn => judgement.warnings.push(line),
            Level::Commit => judgement.commit = true,
            Level::Snapshot => judgement.snapshot = true,
            Level::Refuse => {
                judgement.refusals.push(line);
                judgement.remedy.push("-a");
            }
        }
    }
    if !findings.unrecorded.is_empty() {
        let line =
            format!("clean: the command names {}, which git ignores: no commit holds it", list(&findings.unrecorded));
        match rules.clean {
            Level::Off => {}
            Level::Warn => judgement.warnings.push(line),
            Level::Refuse | Level::Commit | Level::Snapshot => {
                judgement.refusals.push(line);
                judgement.force_add.clone_from(&findings.unrecorded);
                if !judgement.remedy.contains(&"-a") {
                    judgement.remedy.push("-a");
                }
            }
        }
    }
    if findings.lacks_seed {
        let line = "seed: no seed is recorded, so nobody can repeat the run or tell noise from effect".to_owned();
        match rules.seed {
            Level::Refuse => {
                judgement.refusals.push(line);
                judgement.remedy.push("--seed 1");
            }
            Level::Warn => judgement.warnings.push(line),
            _ => {}
        }
    }
    judgement
}

fn describe(dirt: &[Dirt]) -> String {
    let named: Vec<String> =
        dirt.iter().take(NAMED).map(|dirt| format!("{} ({})", dirt.path, dirt.kind.word())).collect();
    let more = dirt.len().saturating_sub(NAMED);
    let files = if dirt.len() == 1 { "1 file differs" } else { &format!("{} files differ", dirt.len()) };
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{files} from the commit: {}{rest}", named.join(", "))
}

fn list(files: &[String]) -> String {
    files.iter().take(NAMED).map(|file| format!("'{file}'")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Dirt, Findings, judge};
    use crate::git::status::DirtKind;
    use crate::settings::{Level, Rules};

    fn findings() -> Findings {
        let dirt = vec![Dirt { path: "train.py".into(), kind: DirtKind::Modified }];
        Findings { dirt, unrecorded: Vec::new(), lacks_seed: true }
    }

    #[test]
    fn all_rules_speak_at_once_with_one_remedy() {
        let judgement = judge(&findings(), &Rules { clean: Level::Refuse, seed: Level::Refuse });
        assert_eq!(judgement.refusals.len(), 2);
        assert_eq!(judgement.remedy, ["-a", "--seed 1"]);
    }

    #[test]
    fn levels_are_obeyed() {
        let judgement = judge(&findings(), &Rules { clean: Level::Snapshot, seed: Level::Warn });
        assert!(judgement.snapshot && judgement.refusals.is_empty());
        assert_eq!(judgement.warnings.len(), 1);
        let judgement = judge(&findings(), &Rules { clean: Level::Off, seed: Level::Off });
        assert!(judgement.refusals.is_empty() && judgement.warnings.is_empty() && !judgement.snapshot);
    }
}
