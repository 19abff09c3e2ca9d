//! Params from what teams have: read before and after the command, and what there is to say about their names and about the folders they lie in.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::command::{Filled, Template};
use super::data::is_at_or_below;
use super::out;
use crate::cli::context::Context;
use crate::cli::notices::shell_quote;
use crate::data::pin::Place;
use crate::model::naming::Known;
use crate::model::run::Run;
use crate::model::text::printable;
use crate::record::params::{Asked, Left, read};
use crate::records::Records;

/// How many names a run gets a hint about.
const MOST_HINTS: usize = 5;

/// What the runs of one call share.
#[derive(Debug)]
pub(super) struct Params {
    place: Place,
    lint: Lint,
    /// What was said: the same is not said again of each seed.
    said: RefCell<BTreeSet<String>>,
}

impl Params {
    pub(super) fn new(place: Place, records: Option<&'static Records>) -> Self {
        Self { place, lint: Lint::new(records), said: RefCell::default() }
    }

    /// Add what is known before the command starts.
    pub(super) fn read(&self, cx: &Context, template: &Template, filled: &mut Filled) {
        let settings = &cx.settings.params;
        let asked = Asked {
            place: &self.place,
            argv: &filled.argv,
            command: &filled.command,
            is_filled: &|name| template.fills(name),
            files: settings.files.as_deref(),
            config: filled.config.as_ref().map(|copied| copied.recorded.file.as_str()),
            options: settings.argv,
            masker: &cx.masker,
        };
        filled.sources = read(&asked, &mut filled.params);
        for sentence in &filled.sources.said {
            if self.said.borrow_mut().insert(sentence.clone()) {
                cx.ui.warning(sentence);
            }
        }
    }

    /// Where to look when the command has ended.
    pub(super) fn left<'a>(&'a self, cx: &Context, argv: &'a [String]) -> Left<'a> {
        Left { argv, place: &self.place, hydra: cx.settings.params.hydra, papermill: cx.settings.params.papermill }
    }

    /// What there is to say of a run that has ended.
    pub(super) fn report(&mut self, cx: &Context, run: &Run) {
        self.compare_seed(cx, run);
        self.lint.report(cx, run);
        for source in &run.param_sources {
            if matches!(source.kind.as_str(), "hydra" | "papermill")
                && let Some(file) = &source.file
            {
                set_apart(cx, file, source.kind == "hydra");
            }
        }
    }

    /// A seed that the program read elsewhere than where `--seed` went.
    fn compare_seed(&self, cx: &Context, run: &Run) {
        let (Some(seed), Some(name)) = (run.seed, cx.settings.seed_param.as_deref()) else { return };
        let source = run.param_sources.iter().find(|source| source.names.iter().any(|known| known == name));
        if let (Some(source), Some(value)) = (source, run.params.get(name))
            && value.as_i64().is_some_and(|value| value != seed)
        {
            let sentence = format!(
                "the run's seed is {seed}, and {} says {} = {value}: --seed does not reach the program there; write {{seed}} where it takes it",
                printable(source.file.as_deref().unwrap_or(&source.kind)),
                printable(name)
            );
            // Of each seed another value would be said.
            if self.said.borrow_mut().insert(format!("seed {name}")) {
                cx.ui.warning(&sentence);
            }
        }
    }
}

/// What Hydra and papermill leave is no code. Where git does not ignore it, it is remembered, as the path of `--out` is, so that the next run is not
/// refused for it; and said once, because other clones do not know.
fn set_apart(cx: &Context, file: &str, is_folder: bool) {
    let known = out::remembered(cx.repo.git_dir());
    let is_known = known.iter().any(|known| is_at_or_below(file, known));
    let is_inside = !std::path::Path::new(file).is_absolute();
    let one = [file.to_owned()];
    // Where git cannot say, nothing is remembered: the next run says what is in its way.
    let is_any = |found: Result<Vec<String>, _>| found.map_or(true, |found: Vec<String>| !found.is_empty());
    if is_known || !is_inside || is_any(cx.repo.ignored_among(&one)) {
        return;
    }
    // Of Hydra's, the whole folder that it makes below the one it is started in: each run has another one in it.
    let from = if is_folder { below(&cx.prefix(), file) } else { file.len() };
    let folders = file.match_indices('/').map(|(at, _)| at).filter(|at| *at > from).map(|at| &file[..at]);
    let paths: Vec<String> = folders.chain([file]).map(str::to_owned).collect();
    let untracked = cx.repo.untracked_among(&paths).unwrap_or_default();
    let Some(path) = untracked.first() else { return };
    out::remember(cx.repo.git_dir(), path);
    let slash = if path == file { "" } else { "/" };
    cx.ui.hint(&format!(
        "echo {} >>.gitignore    git-xp does not count {path}{slash} as a change of the code; git and other clones do",
        shell_quote(&format!("/{path}{slash}"))
    ));
}

/// Where the part of a path begins that is below a folder; the whole path where it is not.
fn below(folder: &str, path: &str) -> usize {
    path.strip_prefix(folder).filter(|rest| rest.starts_with('/')).map_or(0, |_| folder.len() + 1)
}

/// Hints about names that differ from earlier ones only in case or punctuation.
#[derive(Debug)]
pub struct Lint {
    records: Option<&'static Records>,
    known: Option<[Known; 2]>,
}

impl Lint {
    /// Without records nothing is known, and nothing is said.
    pub fn new(records: Option<&'static Records>) -> Self {
        Self { records, known: None }
    }

    /// Say it of a run.
    pub fn report(&mut self, cx: &Context, run: &Run) {
        let Some(records) = self.records else { return };
        let [params, metrics] = self.known.get_or_insert_with(|| records.names.params_and_metrics().map(Known::new));
        let params = params.notice(run.params.keys().map(String::as_str)).into_iter().map(|found| ("param", found));
        let metrics = metrics.notice(run.metrics.keys().map(String::as_str)).into_iter().map(|found| ("metric", found));
        let found: Vec<_> = metrics.chain(params).collect();
        for (kind, (new, old)) in found.iter().take(MOST_HINTS) {
            cx.ui.hint(&format!(
                "{kind} {new} is new, and earlier runs have {old}: under one name they would be one column"
            ));
        }
        if found.len() > MOST_HINTS {
            cx.ui.hint(&format!(
                "{} more names differ from earlier ones only in case or punctuation",
                found.len() - MOST_HINTS
            ));
        }
    }
}
