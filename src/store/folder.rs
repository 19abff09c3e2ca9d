//! `<git common dir>/xp/`: the folders of runs under way and of facts that wait to be sealed.

use std::fs;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::journal::Journal;
use super::owner::Host;
use super::seal::Parcel;
use crate::model::fact::Fact;
use crate::model::id::Id;

/// A folder without journal and fact that is older belongs to a process that was killed: making both takes milliseconds.
const OPENING_TAKES_AT_MOST: Duration = Duration::from_secs(600);

/// The folder of one run, or of one fact, under way.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The fact's id.
    pub id: Id,
    /// The folder.
    pub path: PathBuf,
}

/// How far a folder has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its run goes on, or may go on elsewhere.
    Open,
    /// A manual run: only `finish` or `discard` ends it.
    Manual,
    /// Its run ended, or all its owners are gone, and the fact has still to be made.
    Orphaned,
    /// Its run is on another host.
    Foreign,
    /// The fact is made and has still to be sealed.
    Pending,
    /// Somebody is about to open it.
    Opening,
    /// Somebody was about to open it and was killed; nothing was logged.
    Abandoned,
    /// Nothing in it can be read as a run.
    Broken,
}

/// The folder `xp` of a repository.
#[derive(Debug, Clone)]
pub struct Root(PathBuf);

impl Root {
    /// Of the repository with this common git folder.
    pub fn new(common_dir: &Path) -> Self {
        Self(common_dir.join("xp"))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The folder for a new fact; it is created.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn create(&self, id: Id) -> io::Result<Folder> {
        let folder = self.folder(id);
        fs::create_dir_all(&folder.path)?;
        Ok(folder)
    }

    /// The folder of a fact under way, whether it exists or not.
    pub fn folder(&self, id: Id) -> Folder {
        Folder { id, path: self.0.join("runs").join(id.as_str()) }
    }

    /// The folder of a sealed fact, whether it exists or not.
    pub fn sealed(&self, id: Id) -> Folder {
        Folder { id, path: self.0.join("sealed").join(id.as_str()) }
    }

    /// All folders under way, by id.
    pub fn under_way(&self) -> Vec<Folder> {
        list(&self.0.join("runs"))
    }

    /// All sealed folders, by id.
    pub fn all_sealed(&self) -> Vec<Folder> {
        list(&self.0.join("sealed"))
    }

    /// The journal's mark: the folder of a sealed fact moves aside.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn mark_sealed(&self, folder: &Folder) -> io::Result<()> {
        let sealed = self.sealed(folder.id);
        let parent = self.0.join("sealed");
        fs::create_dir_all(&parent)?;
        match fs::rename(&folder.path, &sealed.path) {
            Ok(()) => Ok(()),
            // Somebody else sealed it too, and was faster.
            Err(_) if !folder.path.exists() => Ok(()),
            Err(_) if sealed.path.exists() => fs::remove_dir_all(&folder.path),
            Err(error) => Err(error),
        }
    }
}

fn list(dir: &Path) -> Vec<Folder> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut folders: Vec<Folder> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let id = entry.file_name().to_str()?.parse().ok()?;
            Some(Folder { id, path: entry.path() })
        })
        .collect();
    folders.sort_by_key(|folder| folder.id);
    folders
}

impl Folder {
    /// The journal to which anybody may append.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.jsonl")
    }

    /// The journal's name once sealing has begun.
    pub fn closed_journal(&self) -> PathBuf {
        self.path.join("journal.closed.jsonl")
    }

    /// What the command prints.
    pub fn output(&self) -> PathBuf {
        self.path.join("output.log")
    }

    /// The files that go into the ledger with the fact.
    pub fn files(&self) -> PathBuf {
        self.path.join("files")
    }

    /// Read the journal, open or closed.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn read_journal(&self) -> io::Result<Journal> {
        let file = fs::File::open(self.closed_journal()).or_else(|_| fs::File::open(self.journal()))?;
        Journal::read(BufReader::with_capacity(1 << 20, file))
    }

    /// The fact, if it is made.
    pub fn made_fact(&self) -> Option<Fact> {
        Fact::parse(&fs::read(self.path.join("fact.json")).ok()?).ok()
    }

    /// Be the only one to close the run, until the file is dropped or the process ends. A file system without locks gives everybody the turn.
    ///
    /// # Errors
    /// If there is no journal, or somebody else takes longer than ten seconds.
    pub fn take_turn(&self) -> io::Result<fs::File> {
        let file = fs::File::open(self.journal()).or_else(|_| fs::File::open(self.closed_journal()))?;
        for _ in 0..1000 {
            match file.try_lock() {
                Err(fs::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
                Ok(()) | Err(fs::TryLockError::Error(_)) => return Ok(file),
            }
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "another process is closing the run"))
    }

    /// Whether nothing was ever logged or made here: its maker was killed before the journal, or the fact, appeared.
    fn is_unfinished(&self) -> bool {
        !(self.journal().exists() || self.closed_journal().exists() || self.path.join("fact.json").exists())
    }

    /// How far it has come, as seen from this host.
    pub fn stage(&self, host: &Host) -> Stage {
        if self.path.join("fact.json").exists() {
            return Stage::Pending;
        }
        if self.is_unfinished() {
            let age = self.path.metadata().ok().and_then(|found| found.modified().ok()?.elapsed().ok());
            let is_old = age.is_some_and(|age| age > OPENING_TAKES_AT_MOST);
            return if is_old { Stage::Abandoned } else { Stage::Opening };
        }
        let Ok(journal) = self.read_head() else { return Stage::Broken };
        let Some(super::line::Event::Open { fact, .. }) = &journal.open else { return Stage::Broken };
        if self.closed_journal().exists() && journal.owners.iter().all(|owner| host.is_gone(owner)) {
            return Stage::Orphaned;
        }
        if fact.manual {
            return Stage::Manual;
        }
        if journal.owners.iter().any(|owner| owner.host != host.name) {
            return Stage::Foreign;
        }
        let is_deserted = journal.owners.iter().all(|owner| host.is_gone(owner))
            // A git-xp that was killed right after it started the command could not say so.
            && (journal.owners.iter().any(|owner| owner.role == "command") || !super::owner::is_run_alive(self.id));
        if is_deserted { Stage::Orphaned } else { Stage::Open }
    }

    /// The beginning of the journal, where git-xp's own lines are: a long journal is not read whole to see whose it is.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn read_head(&self) -> io::Result<Journal> {
        let file = fs::File::open(self.closed_journal()).or_else(|_| fs::File::open(self.journal()))?;
        Journal::read(BufReader::new(io::Read::take(file, 256 << 10)))
    }

    /// Make the fact's bytes, once: if somebody else has made them already, theirs count.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn make_fact(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.path)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        persist_new(file, &self.path.join("fact.json")).map(drop)
    }

    /// The made fact with its files, ready to be sealed.
    ///
    /// # Errors
    /// If it cannot be read, or is no fact.
    pub fn parcel(&self) -> io::Result<Parcel> {
        let bytes = fs::read(self.path.join("fact.json"))?;
        let fact = Fact::parse(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let mut files = Vec::new();
        collect_files(&self.files(), String::new(), &mut files)?;
        Ok(Parcel { fact, bytes, files })
    }

    /// Write a file that goes into the ledger with the fact.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn write_file(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.files().join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, bytes)?;
        Ok(path)
    }

    /// Remove the folder.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn remove(&self) -> io::Result<()> {
        fs::remove_dir_all(&self.path)
    }
}

/// Give a temporary file its name unless there is such a file; returns whether it got it.
///
/// # Errors
/// If the disk refuses.
pub fn persist_new(file: tempfile::NamedTempFile, path: &Path) -> io::Result<bool> {
    match file.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        // File systems without links (FAT) know no other way to take only a free name. Of two writers in the same moment the later one counts: whoever
        // could be the other one holds a lock, or has another id.
        Err(_) if path.exists() => Ok(false),
        Err(error) => error.file.persist(path).map(|_| true).map_err(|error| error.error),
    }
}

fn collect_files(dir: &Path, prefix: String, out: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect_files(&entry.path(), format!("{path}/"), out)?;
        } else {
            out.push((path, fs::read(entry.path())?));
        }
    }
    Ok(())
}
