//! Closing a run: its journal is read and the fact is made.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::{RecordError, artifacts, log, metrics_file, names, outputs, params};
use crate::artifact::store::{Store, StoreError};
use crate::capture::params::merge;
use crate::capture::secrets::{self, Masker};
use crate::capture::{code, file};
use crate::git::objects::Author;
use crate::git::status::{Dirt, DirtKind};
use crate::git::{GitError, Repo};
use crate::model::direction::Direction;
use crate::model::fact::{Body, Fact, Header};
use crate::model::number::Number;
use crate::model::run::{LeftOut, Resources, Run, Status};
use crate::model::time::Time;
use crate::store::folder::Folder;
use crate::store::journal::Journal;
use crate::store::line::{Event, Line};

/// Files over this size become LFS objects: one object that a host refuses makes every later push of the ledger fail.
const LARGEST_FILE: u64 = 10 << 20;

/// How much of the beginning and of the end of a long output is kept, each.
const OUTPUT_KEPT: u64 = 512 << 10;

/// A larger metrics file is stored, and no metric taken from it.
const LARGEST_METRICS_FILE: u64 = 32 << 20;

/// The logged params that are too many for a fact, among the run's files.
pub(super) const LOGGED: &str = "logged.json";

/// What closing has to know beyond the journal.
pub struct Closing<'a> {
    /// Which way a metric is better.
    pub direction: &'a dyn Fn(&str) -> Option<Direction>,
    /// Masks what the program wrote.
    pub masker: &'a Masker,
    /// The work tree that it ran in; `None` for a run that ended in another one, or long ago.
    pub work_tree: Option<WorkTree<'a>>,
}

/// What to look for in the work tree once the command has ended.
pub struct WorkTree<'a> {
    /// What the command ran in, if that is not what was found before it started: the text of `env.toml`.
    pub env_toml: Option<&'a str>,
    /// Metrics files, relative to the work tree.
    pub metrics_files: &'a [String],
    /// Whether a path is no code although git tracks it: what commands write there is no change of the code.
    pub is_no_code: &'a dyn Fn(&str) -> bool,
    /// Where the command may have left what its params are.
    pub params: Option<params::Left<'a>>,
}

/// A closed run.
#[derive(Debug)]
pub struct Closed {
    /// Its fact.
    pub fact: Fact,
    /// How many journal lines could not be read, the number and fault of the first.
    pub rejected: Option<(u64, u64, String)>,
    /// Sentences about metrics files that could not be read, outputs that are not stored, params that were found.
    pub said: Vec<String>,
}

/// How a run ended, now.
pub fn ending(status: Status, exit: Option<i32>, signal: Option<i32>, resources: Option<Resources>) -> Event {
    Event::End { status, exit, signal, time: Time::now(), resources }
}

/// Close a run and make its fact. `end` is how it ended, if somebody saw it.
///
/// # Errors
/// If the journal cannot be read or the disk refuses; then it can be closed again.
pub fn close(repo: &Repo, folder: &Folder, end: Option<&Event>, closing: &Closing<'_>) -> Result<Closed, RecordError> {
    // Of several that close an orphan, one does it and the others take what it made: they would write into files that are being sealed.
    let _turn = folder.take_turn().map_err(RecordError::io(folder.closed_journal()))?;
    if let Some(fact) = folder.made_fact() {
        return Ok(Closed { fact, rejected: None, said: Vec::new() });
    }
    let journal = folder.journal();
    if journal.exists() {
        if let Some(end) = end {
            // A full disk must not keep a run from being closed.
            let _ = log::append_event(&journal, end);
        }
        fs::rename(&journal, folder.closed_journal()).map_err(RecordError::io(&journal))?;
    }
    mask_what_it_wrote(folder, closing.masker)?;
    let mut journal = folder.read_journal().map_err(RecordError::io(folder.closed_journal()))?;
    let Some(Event::Open { id, by, fact, .. }) = journal.open.take() else {
        return Err(RecordError::Broken { path: folder.path.clone() });
    };
    let (id, by, mut run) = (id, by, *fact);
    let opened = opened_at(folder, &run);
    let mut said = Vec::new();
    if let Some(work_tree) = &closing.work_tree {
        let files = fresh_metrics_files(repo, work_tree.metrics_files, opened);
        said = take_metrics_files(folder, files, &mut journal, closing.masker)?;
    }
    let store = Store::of(repo);
    set_end(&mut run, folder, &journal, end);
    if let Some(work_tree) = &closing.work_tree {
        if let Some(text) = work_tree.env_toml {
            folder.write_file("env.toml", text.as_bytes()).map_err(RecordError::io(folder.files()))?;
            run.environment = Some(crate::artifact::digest(text.as_bytes()));
        }
        said.extend(outputs::take(repo, folder, closing.masker, &mut run));
        note_changed_code(repo, &mut run, &id.to_string(), work_tree.is_no_code)?;
    }
    for artifact in artifacts::named(std::mem::take(&mut journal.artifacts), &run.artifacts) {
        match artifacts::files(&store, &artifact) {
            Ok(files) => {
                for (name, bytes) in files {
                    folder.write_file(&name, &bytes).map_err(RecordError::io(folder.files()))?;
                }
                run.artifacts.push(artifact);
            }
            Err(error) => said.push(format!("{}: {error}; it is not recorded", artifact.name)),
        }
    }
    note_difference(repo, &mut run);
    write_files(folder, &journal)?;
    let (logged, other_params) = names::params(std::mem::take(&mut journal.params), &run.params);
    if !other_params.is_empty() {
        folder.write_file(LOGGED, &serde_json::to_vec(&other_params)?).map_err(RecordError::io(folder.files()))?;
        // What was logged counts, even where it is too long to stand here.
        run.params.retain(|name, _| !other_params.contains_key(name));
    }
    merge::log(&mut run.params, &mut run.param_sources, logged);
    if let Some(left) = closing.work_tree.as_ref().and_then(|work_tree| work_tree.params.as_ref()) {
        let is_fresh = |path: &Path| is_fresh(path, opened);
        said.extend(params::Search { left, folder, masker: closing.masker, is_fresh: &is_fresh }.take(&mut run));
    }
    run.rejected_lines = journal.rejected;
    let (metrics, other_metrics) = names::metrics(journal.summaries(closing.direction), closing.direction);
    run.metrics = metrics;
    run.left_out = LeftOut { metrics: other_metrics, params: other_params.len() as u64 };
    store_large_files(&store, &folder.files())?;

    let header = Header::new("run", id, run.end, &by);
    let fact = Fact { header, body: Body::Run(Box::new(run)) };
    folder.make_fact(&fact.encode()?).map_err(RecordError::io(&folder.path))?;
    let rejected = journal.first_rejection.map(|(line, why)| (journal.rejected, line, why));
    Ok(Closed { fact, rejected, said })
}

fn set_end(run: &mut Run, folder: &Folder, journal: &Journal, seen: Option<&Event>) {
    match journal.end.as_ref().or(seen) {
        Some(Event::End { status, exit, signal, time, resources }) => {
            (run.status, run.exit, run.signal, run.end) = (*status, *exit, *signal, *time);
            run.resources = *resources;
        }
        _ => {
            run.status = Status::Crashed;
            run.end = last_sign_of_life(folder, journal).unwrap_or(run.start).max(run.start);
        }
    }
    run.seconds = run.end.seconds_since(run.start);
}

/// The program writes its journal and its output itself, as it likes. Before anything is made of them, their secrets are masked where they lie; whoever
/// closes the run again finds nothing more to mask.
fn mask_what_it_wrote(folder: &Folder, masker: &Masker) -> Result<(), RecordError> {
    let (journal, output) = (folder.closed_journal(), folder.output());
    secrets::stream::mask_journal(masker, &journal).map_err(RecordError::io(&journal))?;
    match secrets::stream::mask_file(masker, &output) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(RecordError::io(&output)(error)),
        _ => Ok(()),
    }
}

/// When a run that nobody saw end last wrote something.
fn last_sign_of_life(folder: &Folder, journal: &Journal) -> Option<Time> {
    let changed = |path: &Path| {
        let modified = path.metadata().ok()?.modified().ok()?;
        let since_1970 = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Time(i64::try_from(since_1970.as_millis()).ok()?))
    };
    let logged = journal.last_time.map(Time::from_seconds).filter(|time| *time <= Time::now());
    [changed(&folder.closed_journal()), changed(&folder.output()), logged].into_iter().flatten().max()
}

/// The metrics files that were written since the run opened: their names and where they lie.
fn fresh_metrics_files(repo: &Repo, names: &[String], opened: Duration) -> Vec<(String, PathBuf)> {
    let Ok(top) = repo.work_dir() else { return Vec::new() };
    let files = names.iter().map(|name| (name.clone(), top.join(name)));
    files.filter(|(_, path)| is_fresh(path, opened) && path.is_file() && file::stays_below(path, top)).collect()
}

/// Take metrics files; returns sentences about those that could not be read.
fn take_metrics_files(
    folder: &Folder,
    files: Vec<(String, PathBuf)>,
    journal: &mut Journal,
    masker: &Masker,
) -> Result<Vec<String>, RecordError> {
    let mut bad = Vec::new();
    for (name, path) in files {
        let stored = format!("metrics/{name}");
        let Ok(bytes) = read_at_most(&path, LARGEST_METRICS_FILE) else {
            bad.push(format!("{name} could not be read: no metric was taken from it"));
            continue;
        };
        let Some(bytes) = bytes else {
            copy_masked(folder, &path, &stored, masker).map_err(RecordError::io(folder.files()))?;
            let most = LARGEST_METRICS_FILE >> 20;
            bad.push(format!("{name} is larger than {most} MiB: it is stored, and no metric was taken from it"));
            continue;
        };
        let Ok(masked) = masker.mask_any_file(&bytes) else {
            bad.push(format!("{name} holds a secret and is no text; it is not stored, no metric was taken from it"));
            continue;
        };
        folder.write_file(&stored, &masked).map_err(RecordError::io(folder.files()))?;
        match metrics_file::parse(&bytes) {
            Ok(values) => {
                let values: Vec<(std::borrow::Cow<'_, str>, Number)> =
                    values.into_iter().map(|(name, value)| (masker.mask_text(&name).into(), value)).collect();
                journal.add(Line::Points { values, step: None, time: None });
            }
            Err(why) => bad.push(format!("{name} {why}; stored as it is, no metric was taken from it")),
        }
    }
    Ok(bad)
}

/// The content of a file; `None` if it is longer than so many bytes.
fn read_at_most(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= most))
}

/// Store a file of any length with a run, its secrets masked.
fn copy_masked(folder: &Folder, from: &Path, name: &str, masker: &Masker) -> io::Result<()> {
    let copy = folder.write_file(name, b"")?;
    io::copy(&mut File::open(from)?, &mut File::create(&copy)?)?;
    secrets::stream::mask_file(masker, &copy)
}

/// Whether a file was written since the run was opened.
fn is_fresh(path: &Path, opened: Duration) -> bool {
    path.metadata().and_then(|found| found.modified()).is_ok_and(|modified| {
        let modified = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        // Some file systems count in whole seconds.
        modified >= opened || (modified.subsec_nanos() == 0 && modified.as_secs() >= opened.as_secs())
    })
}

/// When the run was opened, as the file system's clock says: it may lag some milliseconds behind the one that `start` was read from, and
/// a whole second's grace would take the file of the run before.
fn opened_at(folder: &Folder, run: &Run) -> Duration {
    let written = folder.files().join("env.toml").metadata().and_then(|found| found.modified());
    let written = written.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    written.unwrap_or_else(|| Duration::from_millis(u64::try_from(run.start.0).unwrap_or_default()))
}

/// Code that changed while the command ran is stored and named. New files are what trainings leave behind, so only tracked ones count.
fn note_changed_code(repo: &Repo, run: &mut Run, id: &str, is_no_code: &dyn Fn(&str) -> bool) -> Result<(), GitError> {
    let Some(commit) = repo.parse_oid(&run.commit) else { return Ok(()) };
    // After a commit or a switch meanwhile, the work tree says nothing about what ran.
    let is_elsewhere = repo.head().map_or(true, |head| head.commit != commit);
    if repo.work_dir().is_err() || is_elsewhere {
        return Ok(());
    }
    let is_code =
        |dirt: &Dirt| !matches!(dirt.kind, DirtKind::Untracked | DirtKind::Submodule) && !is_no_code(&dirt.path);
    let changed: Vec<Dirt> = repo.dirt()?.into_iter().filter(is_code).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let tree = repo.work_tree_oid()?.to_string();
    if tree == run.tree {
        return Ok(());
    }
    let (name, email) = repo.person();
    let author = Author { name, email, seconds: Time::now().seconds() };
    let snapshot = repo.snapshot(commit, &author, &format!("git-xp: the code as it was when {id} ended"))?;
    run.changed_during = Some(snapshot.to_string());
    run.changed_paths = changed.into_iter().map(|dirt| dirt.path).collect();
    Ok(())
}

/// How the code differs from the experiment's beginning. A repository that lacks the history has no answer, and that is no fault of the run.
fn note_difference(repo: &Repo, run: &mut Run) {
    let base = run.baseline.as_ref().and_then(|baseline| baseline.merge_base.as_ref().or(Some(&baseline.commit)));
    if let (Some(base), Some(commit)) = (base.and_then(|hex| repo.parse_oid(hex)), repo.parse_oid(&run.commit)) {
        run.diff = code::diff_stat(repo, base, commit).ok();
    }
}

fn write_files(folder: &Folder, journal: &Journal) -> Result<(), RecordError> {
    let files = folder.files();
    if journal.has_points() || journal.rejected > 0 || folder.output().metadata().is_ok_and(|found| found.len() > 0) {
        fs::create_dir_all(&files).map_err(RecordError::io(&files))?;
    }
    if journal.has_points() {
        let path = files.join("series.tsv");
        let write = || -> io::Result<()> {
            let mut out = BufWriter::with_capacity(1 << 18, File::create(&path)?);
            journal.write_series(&mut out)?;
            out.flush()
        };
        write().map_err(RecordError::io(&path))?;
    }
    if journal.rejected > 0 {
        let path = files.join("rejected.jsonl");
        fs::write(&path, &journal.rejected_lines).map_err(RecordError::io(&path))?;
    }
    let path = files.join("output.log");
    keep_ends(&folder.output(), &path).map_err(RecordError::io(&path))
}

/// Copy an output, its middle left out if it is long.
fn keep_ends(from: &Path, to: &Path) -> io::Result<()> {
    let mut file = match File::open(from) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let size = file.metadata()?.len();
    if size == 0 {
        return Ok(());
    }
    let mut bytes = Vec::new();
    if size <= 2 * OUTPUT_KEPT {
        file.read_to_end(&mut bytes)?;
    } else {
        io::Read::by_ref(&mut file).take(OUTPUT_KEPT).read_to_end(&mut bytes)?;
        let left_out = size - 2 * OUTPUT_KEPT;
        bytes.extend_from_slice(format!("\n[git-xp: {size} bytes in all, {left_out} left out here]\n").as_bytes());
        file.seek(SeekFrom::Start(size - OUTPUT_KEPT))?;
        file.take(OUTPUT_KEPT).read_to_end(&mut bytes)?;
    }
    fs::write(to, bytes)
}

/// Put pointers in the place of files that are too large for the ledger.
pub(super) fn store_large_files(store: &Store, dir: &Path) -> Result<(), StoreError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::io(dir)(error)),
    };
    for entry in entries {
        let path = entry.map_err(StoreError::io(dir))?.path();
        let found = fs::symlink_metadata(&path).map_err(StoreError::io(&path))?;
        if found.is_dir() {
            store_large_files(store, &path)?;
        } else if found.len() > LARGEST_FILE {
            let pointer = store.move_in(&path)?;
            fs::write(&path, pointer.to_string()).map_err(StoreError::io(&path))?;
        }
    }
    Ok(())
}
