//! What every command is handed: repository, settings, terminal.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::CliError;
use super::selector;
use super::ui::Ui;
use crate::capture::environment::Surroundings;
use crate::capture::file;
use crate::capture::secrets::Masker;
use crate::git::{GitError, Repo};
use crate::model::direction::Direction;
use crate::model::fact::Fact;
use crate::model::id::{Id, shortest_prefixes};
use crate::record::pending::{self, Sealed};
use crate::records::{Records, Unreadable};
use crate::render::number::plural;
use crate::render::{Grid, terminal};
use crate::settings::{FileSettings, GitConfig, Overrides, Rule, Settings};
use crate::store::folder::Root;
use crate::store::index::{self, Word};

/// `.xp.toml` is at most so large, in bytes: its text stands in each fact.
const LARGEST_SETTINGS: u64 = 256 * 1024;

/// The repository a command works in.
pub struct Context {
    /// The terminal.
    pub ui: Ui,
    /// The repository.
    pub repo: Repo,
    /// The folder of runs under way.
    pub root: Root,
    /// What the options, git's config and `.xp.toml` say.
    pub settings: Settings,
    /// The text of `.xp.toml`.
    pub settings_text: Option<String>,
    /// Where the user stands.
    pub cwd: PathBuf,
    /// Masks secrets before anything is recorded.
    pub masker: Masker,
    locked: BTreeSet<Rule>,
}

impl Context {
    /// Open the repository of a folder.
    ///
    /// # Errors
    /// If there is none, or the settings are wrong.
    pub fn open(ui: Ui, cwd: PathBuf, overrides: &Overrides) -> Result<Self, CliError> {
        let repo = Repo::open(&cwd)?;
        let root = Root::new(&repo.common_dir());
        let file = repo.work_dir().ok().map(|top| top.join(".xp.toml"));
        let settings_text = match file.as_deref().map(read_settings) {
            Some(text) => text?,
            None => None,
        };
        let layer = match (&settings_text, &file) {
            (Some(text), Some(path)) => Settings::parse_file(text, &path.display().to_string())?,
            _ => FileSettings::default(),
        };
        let config = GitConfig::read(repo.config_section("xp"))?;
        let (settings, warnings) = Settings::resolve(&layer, &config, overrides)?;
        warnings.iter().for_each(|warning| ui.warning(warning));
        let masker = Masker::new(&settings.secrets.patterns, &settings.secrets.allow)
            .map_err(|why| CliError::new(format!("secrets.patterns: {why}")))?;
        Ok(Self { ui, repo, root, settings, settings_text, cwd, masker, locked: layer.locked().clone() })
    }

    /// Read all facts; what cannot be read is named, once.
    ///
    /// They stay until the process ends: to take a hundred thousand runs apart costs a tenth of reading them, and nobody would gain by it.
    ///
    /// # Errors
    /// If the refs or a tree cannot be read.
    pub fn records(&self) -> Result<&'static Records, CliError> {
        let records = index::read(&self.repo, &mut self.ui.progress("reading facts"))?;
        self.name_unreadable(&records.unreadable);
        Ok(Box::leak(Box::new(records)))
    }

    /// Read what some selectors may name, if the index can tell without reading all; else everything. A selector means the same in both.
    ///
    /// # Errors
    /// As [`Context::records`].
    pub fn records_about(&self, selectors: &[&str]) -> Result<&'static Records, CliError> {
        let branch = self.repo.head().ok().and_then(|head| head.branch);
        let mut words: Vec<Word<'_>> = Vec::new();
        for text in selectors {
            words.push(match selector::last(text) {
                Some(back) => Word::Last(back, branch.as_deref()),
                None => Word::Any(text),
            });
        }
        // What names nothing among these is answered from everything: with what may have been meant.
        let some = |records: &Records| selectors.iter().all(|text| selector::resolve(self, records, text).is_ok());
        match index::about(&self.repo, &self.settings.start.prefix, &words).filter(some) {
            Some(records) => Ok(Box::leak(Box::new(records))),
            None => self.records(),
        }
    }

    /// Print a result; in the pager, as git has it, if it is higher than the terminal.
    pub fn page(&self, text: &str) {
        if !self.ui.is_long(text) || !self.repo.page(text) {
            self.ui.print(text);
        }
    }

    /// The same for a table, which goes to a pipe or a file as it is written.
    pub fn page_table(&self, table: &impl Grid) {
        let (width, colour) = (self.ui.width, self.ui.colour);
        if self.ui.is_terminal {
            self.page(&terminal::terminal(table, width, colour));
        } else {
            terminal::write(table, width, colour, terminal::WHOLE, &mut |part| self.ui.print(part));
        }
    }

    /// Warn of facts that cannot be read, the first five by name.
    pub fn name_unreadable(&self, all: &[Unreadable]) {
        for unreadable in all.iter().take(5) {
            self.ui.warning(&format!("{unreadable}: {}; skipped", unreadable.reason));
        }
        if let Some((remote, why)) = self.repo.broken_promise().filter(|_| !all.is_empty()) {
            self.ui
                .hint(&format!("this is a partial clone, and {remote} could not be asked for what is not here: {why}"));
        }
        if all.len() > 5 {
            self.ui.warning(&format!("{} more facts cannot be read: git xp fsck lists them", all.len() - 5));
        }
    }

    /// Which way a metric is better, as `.xp.toml` says.
    pub fn direction(&self, metric: &str) -> Option<Direction> {
        self.settings.directions.get(metric).copied()
    }

    /// Whether `.xp.toml` locks a rule.
    pub fn is_locked(&self, rule: Rule) -> bool {
        self.locked.contains(&rule)
    }

    /// `Name <email>`.
    pub fn by(&self) -> String {
        let (name, email) = self.repo.person();
        format!("{name} <{email}>")
    }

    /// The user's folder relative to the top of the work tree, `/` separated, empty at the top.
    pub fn prefix(&self) -> String {
        let top = self.repo.work_dir().ok().and_then(|top| top.canonicalize().ok());
        let cwd = self.cwd.canonicalize().unwrap_or_else(|_| self.cwd.clone());
        let relative = top.as_deref().and_then(|top| cwd.strip_prefix(top).ok()).unwrap_or(Path::new(""));
        relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    }

    /// What a command, started where the user stands, runs in.
    pub fn surroundings(&self, argv: &[String]) -> Surroundings {
        let top = self.repo.work_dir().unwrap_or(&self.cwd);
        Surroundings::of_this_process(argv, &self.cwd, top, &self.repo.common_dir())
    }

    /// Close orphaned runs and seal everything that is made. What stays pending is a warning: the user's command has done its work.
    pub fn seal(&self) -> Sealed {
        let mut sealed = Sealed::default();
        let direction = |metric: &str| self.direction(metric);
        pending::close_orphans(&self.repo, &self.root, &direction, &self.masker, false, &mut sealed);
        self.seal_made(&mut sealed);
        pending::sweep_pins(&self.repo, &self.root);
        for id in &sealed.orphans {
            self.ui.warning(&format!("run {id} had nobody left to see its end; it is recorded as it stands"));
        }
        sealed
    }

    /// Seal everything that is made.
    pub fn seal_made(&self, sealed: &mut Sealed) {
        if let Err(error) = pending::seal_all(&self.repo, &self.root, sealed) {
            let error = CliError::from(error);
            self.ui.warning(&format!(
                "recorded, not yet sealed: {}; the next git xp command tries again",
                error.message()
            ));
            error.hints().iter().for_each(|hint| self.ui.hint(hint));
        }
        for (id, problem) in &sealed.problems {
            self.ui.warning(&format!("{id} cannot be sealed: {problem}"));
        }
        self.say_what_was_masked();
        if self.repo.take_signing_failure() {
            self.ui.warning("commit.gpgSign is set, and git could not sign within 5 seconds; sealed unsigned");
        }
    }

    /// How many secrets were masked and by which rules; never what they are.
    fn say_what_was_masked(&self) {
        let counts = self.masker.take_counts();
        if counts.is_empty() {
            return;
        }
        let all = counts.iter().map(|(_, count)| count).sum();
        let rules = counts
            .iter()
            .map(|(rule, count)| if *count == 1 { (*rule).to_owned() } else { format!("{rule} × {count}") });
        let rules = rules.collect::<Vec<_>>().join(", ");
        self.ui.status(&format!("{} masked in what is recorded: {rules}", plural(all, "secret")));
    }

    /// Find one fact by its id, without reading the others; a made fact that waits to be sealed counts.
    ///
    /// # Errors
    /// If a tree cannot be read.
    pub fn find_fact(&self, id: Id) -> Result<Option<Fact>, GitError> {
        if let Ok(parcel) = self.root.folder(id).parcel() {
            return Ok(Some(parcel.fact));
        }
        crate::store::ledger::find_fact(&self.repo, id)
    }
}

/// The text is recorded with each run, so a link must not bring in what lies elsewhere.
fn read_settings(path: &Path) -> Result<Option<String>, CliError> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(CliError::new(format!("{}: {error}", path.display()))),
        Ok(found) if found.is_symlink() && !path.parent().is_some_and(|top| file::stays_below(path, top)) => {
            return Err(CliError::new(format!("{} is a link that leads out of the repository", path.display()))
                .hint("put the file itself there"));
        }
        Ok(_) => {}
    }
    let bytes = file::read(path, LARGEST_SETTINGS).ok_or_else(|| {
        CliError::new(format!("{} is no readable file of at most {} KiB", path.display(), LARGEST_SETTINGS >> 10))
    })?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(CliError::new(format!("{} is no UTF-8 text", path.display()))),
    }
}

/// Short ids as people see them.
pub struct ShortIds {
    ids: Vec<Id>,
    lengths: Vec<usize>,
}

impl ShortIds {
    /// Cut from all ids that are known, sorted.
    pub fn new(ids: Vec<Id>) -> Self {
        let lengths = shortest_prefixes(&ids);
        Self { ids, lengths }
    }

    /// The shortest unique prefix of an id, at least three characters.
    pub fn of(&self, id: &Id) -> String {
        let length = self.ids.binary_search(id).map_or(6, |index| self.lengths[index]);
        id.as_str()[..length].to_owned()
    }
}
