//! Which artifacts are meant: runs by selectors, artifacts of them by patterns.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::selector::{self, Selected};
use crate::model::id::Id;
use crate::records::RunRecord;
use crate::store::artifacts::{Stored, of_run};
use crate::store::details::Details;

/// A run and what was stored with it.
#[derive(Debug)]
pub(super) struct OfRun {
    pub(super) id: Id,
    pub(super) experiment: Option<String>,
    pub(super) seed: Option<i64>,
    pub(super) artifacts: Vec<Stored>,
}

/// The artifacts of the runs that the selectors name, of all runs if there are none.
///
/// # Errors
/// If a selector names nothing, or a ledger cannot be read.
pub(super) fn of_selectors(cx: &Context, selectors: &[String]) -> Result<Vec<OfRun>, CliError> {
    let records = cx.records()?;
    let mut runs: Vec<&RunRecord> = Vec::new();
    if selectors.is_empty() {
        runs.extend(&records.runs);
    }
    for text in selectors {
        match selector::resolve(cx, records, text)? {
            Selected::Run(run) => runs.push(run),
            Selected::Experiment(experiment) => runs.extend(records.runs_of(experiment.id)),
            Selected::Commit(_, found) => runs.extend(found),
        }
    }
    let mut out: Vec<OfRun> = Vec::new();
    for run in runs {
        if out.iter().all(|other| other.id != run.id) {
            out.push(of_record(cx, run)?);
        }
    }
    Ok(out)
}

/// The artifacts of one run.
///
/// # Errors
/// If it names none, or an object is missing.
pub(super) fn of_one(cx: &Context, text: &str) -> Result<OfRun, CliError> {
    let records = cx.records()?;
    of_record(cx, selector::resolve_counting_run(cx, records, text)?)
}

fn of_record(cx: &Context, run: &RunRecord) -> Result<OfRun, CliError> {
    let records = cx.records()?;
    let details = Details::read(&cx.repo, records, run)?;
    let artifacts = of_run(&cx.repo, &details)?;
    Ok(OfRun { id: run.id, experiment: details.run.name, seed: details.run.seed, artifacts })
}

/// Patterns of names, as in `.gitignore`: `*` stops at `/`, `**` does not. Without a pattern all fit.
pub struct Patterns(Option<GlobSet>);

impl Patterns {
    /// Of what was typed.
    ///
    /// # Errors
    /// If one is no pattern.
    pub fn new(patterns: &[String]) -> Result<Self, CliError> {
        if patterns.is_empty() {
            return Ok(Self(None));
        }
        let wrong = |pattern: &str, error: &globset::Error| {
            CliError::usage(format!("'{pattern}' is no pattern: {}", error.kind()))
                .hint("as in 'model*' or 'checkpoints/**'")
        };
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let plain = pattern.trim_end_matches('/');
            // What is named without a sign is a file, or all of a folder.
            for form in [plain.to_owned(), format!("{plain}/**")] {
                let glob = GlobBuilder::new(&form).literal_separator(true).build();
                set.add(glob.map_err(|error| wrong(pattern, &error))?);
            }
        }
        let set = set.build().map_err(|error| wrong(&patterns.join(" "), &error))?;
        Ok(Self(Some(set)))
    }

    /// Whether a path below `out/` fits.
    pub fn fits(&self, path: &str) -> bool {
        self.0.as_ref().is_none_or(|set| set.is_match(path))
    }

    /// Take away what does not fit: artifacts, and files of folders.
    pub fn choose(&self, artifacts: &mut Vec<Stored>) {
        for artifact in artifacts.iter_mut() {
            artifact.entries.retain(|entry| self.fits(&entry.path));
        }
        artifacts.retain(|artifact| !artifact.entries.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::Patterns;

    #[test]
    fn patterns_are_those_of_gitignore() {
        let fits = |pattern: &str, path: &str| Patterns::new(&[pattern.to_owned()]).expect("a pattern").fits(path);
        assert!(fits("model*", "model.pt") && fits("model", "model/a/b") && fits("**/*.pt", "a/b.pt"));
        assert!(!fits("*.pt", "a/b.pt") && !fits("mod", "model.pt"));
        assert!(Patterns::new(&["[".to_owned()]).is_err());
        assert!(Patterns::new(&[]).expect("none").fits("anything"));
    }
}
