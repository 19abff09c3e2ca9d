//! Putting objects into a folder of the user's. Their names come from other people's repositories: nothing is written outside of the folder, through a link, or
//! over a file that differs.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::pointer::Pointer;
use super::stat::open_file;
use super::store::{Store, StoreError, copy_and_hash, hash, hex};
use super::transplant::{self, Way};

/// Where things are put, and how.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder. Nothing is written elsewhere.
    pub root: PathBuf,
    /// Whether a file that differs may be replaced.
    pub force: bool,
    /// Whether to link to the objects instead of copying them: such files are read-only, because a change of them would change the object.
    pub link: bool,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It was written.
    Written,
    /// It was there, the same.
    Same,
}

/// Why a file was not put there.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// A name that leads elsewhere, or that some systems take for another.
    #[error("'{0}' is no path below a folder that every system understands")]
    Name(String),
    /// A folder on the way that is something else.
    #[error("{} is no folder: nothing is written through it", .0.display())]
    Way(PathBuf),
    /// Another file has this name.
    #[error("{} is there and differs", .0.display())]
    Differs(PathBuf),
    /// Two names of this artifact are one name here.
    #[error("{} and '{other}' are one name on this disk", path.display())]
    Collides {
        /// What is to be written.
        path: PathBuf,
        /// What was written before.
        other: String,
    },
    /// A link that would lead out of the folder.
    #[error("{} would be a link to '{target}', out of the folder", path.display())]
    LeadsOut {
        /// The link.
        path: PathBuf,
        /// What it says.
        target: String,
    },
    /// The store, or the disk.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> PlaceError {
    let path = path.to_owned();
    move |source| PlaceError::Store(StoreError::Io { path, source })
}

/// Files that are put into one folder.
#[derive(Debug)]
pub struct Placing<'a> {
    place: &'a Place,
    store: &'a Store,
    /// What was written, by its name as the least exact system has it.
    written: BTreeMap<String, String>,
    /// Folders that were looked at.
    checked: BTreeMap<PathBuf, ()>,
}

impl<'a> Placing<'a> {
    /// Into this place.
    pub fn new(place: &'a Place, store: &'a Store) -> Self {
        Self { place, store, written: BTreeMap::new(), checked: BTreeMap::new() }
    }

    /// Put the content of an object there. `path` is below the folder, `/` separated.
    ///
    /// # Errors
    /// If it may not or cannot be written; nothing half-written stays.
    pub fn object(&mut self, path: &str, pointer: &Pointer, executable: bool) -> Result<Placed, PlaceError> {
        let target = self.prepare(path)?;
        match self.compare(&target, pointer)? {
            Some(Placed::Same) => {
                set_executable(&target, executable).map_err(io_error(&target))?;
                return Ok(Placed::Same);
            }
            _ if self.place.link && !executable => self.link(&target, pointer)?,
            _ => self.copy(&target, pointer, executable)?,
        }
        Ok(Placed::Written)
    }

    /// Put some bytes there.
    ///
    /// # Errors
    /// If they may not or cannot be written.
    pub fn bytes(&mut self, path: &str, bytes: &[u8], executable: bool) -> Result<Placed, PlaceError> {
        let target = self.prepare(path)?;
        let pointer = Pointer { oid: hex(&Sha256::digest(bytes)), size: bytes.len() as u64 };
        if self.compare(&target, &pointer)? == Some(Placed::Same) {
            set_executable(&target, executable).map_err(io_error(&target))?;
            return Ok(Placed::Same);
        }
        let (mut file, temporary) = new_beside(&target, &pointer, executable)?;
        let written = file.write_all(bytes).map_err(io_error(&temporary));
        self.finish(written.map(|()| file), &temporary, &target)?;
        Ok(Placed::Written)
    }

    /// Make a symbolic link. Call it after everything else is there, so that nothing is written through one.
    ///
    /// # Errors
    /// If it would lead out of the folder, or cannot be made.
    pub fn symlink(&mut self, path: &str, text: &str) -> Result<Placed, PlaceError> {
        let target = self.prepare(path)?;
        if leads_out(path, text) {
            return Err(PlaceError::LeadsOut { path: target, target: text.to_owned() });
        }
        if fs::read_link(&target).is_ok_and(|found| found.as_os_str() == text) {
            return Ok(Placed::Same);
        }
        match target.symlink_metadata() {
            Ok(found) if found.is_dir() || !self.place.force => return Err(PlaceError::Differs(target)),
            Ok(_) => fs::remove_file(&target).map_err(io_error(&target))?,
            Err(_) => {}
        }
        make_symlink(text, &target).map_err(io_error(&target))?;
        Ok(Placed::Written)
    }

    /// Check a name, and make the folders above it.
    fn prepare(&mut self, path: &str) -> Result<PathBuf, PlaceError> {
        if !is_portable(path) {
            return Err(PlaceError::Name(path.to_owned()));
        }
        let target = self.place.root.join(path);
        if let Some(other) = self.written.insert(path.to_lowercase(), path.to_owned())
            && other != path
            && target.symlink_metadata().is_ok()
        {
            return Err(PlaceError::Collides { path: target, other });
        }
        let folders: Vec<PathBuf> =
            target.ancestors().skip(1).take_while(|above| *above != self.place.root).map(Path::to_owned).collect();
        for folder in std::iter::once(self.place.root.clone()).chain(folders.into_iter().rev()) {
            self.make_folder(folder)?;
        }
        Ok(target)
    }

    fn make_folder(&mut self, folder: PathBuf) -> Result<(), PlaceError> {
        if self.checked.contains_key(&folder) {
            return Ok(());
        }
        match folder.symlink_metadata() {
            Ok(found) if found.is_dir() => {}
            // The user named the folder itself: it may be a link.
            Ok(_) if folder == self.place.root && folder.is_dir() => {}
            Ok(_) => return Err(PlaceError::Way(folder)),
            Err(_) if folder == self.place.root => fs::create_dir_all(&folder).map_err(io_error(&folder))?,
            Err(_) => fs::create_dir(&folder).map_err(io_error(&folder))?,
        }
        self.checked.insert(folder, ());
        Ok(())
    }

    /// What lies there: the same, something that may be replaced, or nothing.
    fn compare(&self, target: &Path, pointer: &Pointer) -> Result<Option<Placed>, PlaceError> {
        let Ok(found) = target.symlink_metadata() else { return Ok(None) };
        if found.is_file() && found.len() == pointer.size {
            let mut file = open_file(target).map_err(io_error(target))?;
            if hash(&mut file).map_err(io_error(target))? == *pointer {
                return Ok(Some(Placed::Same));
            }
        }
        if self.place.force && !found.is_dir() { Ok(None) } else { Err(PlaceError::Differs(target.to_owned())) }
    }

    fn link(&self, target: &Path, pointer: &Pointer) -> Result<(), PlaceError> {
        let Some(object) = self.store.find(pointer) else {
            return Err(self.missing(pointer));
        };
        if self.place.force {
            let _ = fs::remove_file(target);
        }
        match fs::hard_link(&object, target) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(PlaceError::Differs(target.to_owned())),
            // Another disk, or a file system without links.
            Err(_) => self.copy(target, pointer, false),
        }
    }

    fn copy(&self, target: &Path, pointer: &Pointer, executable: bool) -> Result<(), PlaceError> {
        let Some(object) = self.store.find(pointer) else {
            return Err(self.missing(pointer));
        };
        let (mut file, temporary) = new_beside(target, pointer, executable)?;
        let copied = copy_checked(&object, &mut file, pointer, &temporary);
        self.finish(copied.map(|()| file), &temporary, target)
    }

    fn missing(&self, pointer: &Pointer) -> PlaceError {
        io_error(&self.store.path(&pointer.oid))(io::Error::from(io::ErrorKind::NotFound))
    }

    fn finish(&self, written: Result<File, PlaceError>, temporary: &Path, target: &Path) -> Result<(), PlaceError> {
        let named = written.and_then(|_| {
            if self.place.force {
                return fs::rename(temporary, target).map_err(io_error(target));
            }
            // Somebody may have made it meanwhile: a link never takes a name that is taken.
            match fs::hard_link(temporary, target) {
                Ok(()) => fs::remove_file(temporary).map_err(io_error(temporary)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    Err(PlaceError::Differs(target.to_owned()))
                }
                Err(_) if target.symlink_metadata().is_ok() => Err(PlaceError::Differs(target.to_owned())),
                // A file system without hard links.
                Err(_) => fs::rename(temporary, target).map_err(io_error(target)),
            }
        });
        if named.is_err() {
            let _ = fs::remove_file(temporary);
        }
        named
    }
}

/// Copy an object, and see that it is what its name says.
fn copy_checked(object: &Path, file: &mut File, pointer: &Pointer, temporary: &Path) -> Result<(), PlaceError> {
    let mut from = File::open(object).map_err(io_error(object))?;
    let found = match transplant::reflink(&from, file) {
        Way::Shared => {
            file.seek(SeekFrom::Start(0)).map_err(io_error(temporary))?;
            hash(file).map_err(io_error(temporary))?
        }
        Way::Unsupported => copy_and_hash(&mut from, Some(file), object, temporary)?,
    };
    if found == *pointer { Ok(()) } else { Err(StoreError::Wrong { wanted: pointer.clone(), found }.into()) }
}

/// A new file beside another, with the rights that the user's files have. Its name follows from what it will be, so that the next call takes the place of one
/// that was killed.
fn new_beside(target: &Path, pointer: &Pointer, executable: bool) -> Result<(File, PathBuf), PlaceError> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let name = hex(&Sha256::digest(format!("{} {}", pointer.oid, target.display())));
    let mut path = folder.join(format!(".xp-{}", &name[..16]));
    for _ in 0..16 {
        if File::open(&path).is_ok_and(|old| old.try_lock().is_ok()) {
            // Nobody writes it any more.
            let _ = fs::remove_file(&path);
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        set_mode(&mut options, executable);
        match options.open(&path) {
            // Another process is at it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let mut random = [0; 8];
                let _ = getrandom::fill(&mut random);
                path = folder.join(format!(".xp-{}", hex(&random)));
            }
            opened => {
                let file = opened.map_err(io_error(&path))?;
                let _ = file.try_lock();
                return Ok((file, path));
            }
        }
    }
    Err(io_error(folder)(io::Error::from(io::ErrorKind::AlreadyExists)))
}

/// Whether a path stays below the folder that it is joined to, is nobody's `.git`, and means the same on every system.
pub fn is_portable(path: &str) -> bool {
    let is_plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    let is_fine = |part: &str| {
        let lower = part.to_lowercase();
        let visible: String = lower.chars().filter(|c| c.is_ascii()).collect();
        !part.is_empty()
            && part.len() <= 255
            && !part.ends_with(['.', ' '])
            && !part.contains(['\\', ':', '\0'])
            && !part.chars().any(char::is_control)
            && visible != ".git"
            && !visible.starts_with("git~")
    };
    !path.is_empty() && is_plain && path.split('/').all(is_fine)
}

/// Whether a link at a path below the folder points out of it, by its text.
fn leads_out(path: &str, text: &str) -> bool {
    if text.is_empty() || text.starts_with(['/', '\\']) || text.contains([':', '\0']) {
        return true;
    }
    let mut depth = path.split('/').count() as i64 - 1;
    for part in text.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

#[cfg(unix)]
fn make_symlink(text: &str, target: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(text, target)
}

#[cfg(not(unix))]
fn make_symlink(_text: &str, _target: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "symbolic links are not made on this system"))
}

#[cfg(unix)]
fn set_mode(options: &mut OpenOptions, executable: bool) {
    std::os::unix::fs::OpenOptionsExt::mode(options, if executable { 0o777 } else { 0o666 });
}

#[cfg(not(unix))]
fn set_mode(_options: &mut OpenOptions, _executable: bool) {}

/// A file that is there already, and the same, gets what it lacks: whoever may read it may execute it.
#[cfg(unix)]
fn set_executable(path: &Path, executable: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = path.metadata()?.permissions().mode();
    if executable && mode & 0o100 == 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(mode | ((mode & 0o444) >> 2)))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn set_executable(_path: &Path, _executable: bool) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::proptest;

    use super::{Place, PlaceError, Placed, Placing, is_portable, leads_out};
    use crate::artifact::store::Store;

    fn set_up() -> (tempfile::TempDir, Store, Place) {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::new(dir.path().join("lfs"), Vec::new());
        let place = Place { root: dir.path().join("to"), force: false, link: false };
        (dir, store, place)
    }

    #[test]
    fn files_are_written_once_and_never_over_others() {
        let (_dir, store, place) = set_up();
        let pointer = store.put(b"weights").expect("stored");
        let mut placing = Placing::new(&place, &store);
        assert_eq!(placing.object("a/b/model.pt", &pointer, false).expect("written"), Placed::Written);
        let path = place.root.join("a/b/model.pt");
        assert_eq!(fs::read(&path).expect("read"), b"weights");
        assert_eq!(placing.object("a/b/model.pt", &pointer, false).expect("there"), Placed::Same);
        fs::write(&path, "mine").expect("written");
        assert!(matches!(placing.object("a/b/model.pt", &pointer, false), Err(PlaceError::Differs(_))));
        assert_eq!(fs::read(&path).expect("read"), b"mine");
        let force = Place { force: true, ..place.clone() };
        Placing::new(&force, &store).object("a/b/model.pt", &pointer, true).expect("replaced");
        assert_eq!(fs::read(&path).expect("read"), b"weights");
        assert_eq!(fs::read_dir(place.root.join("a/b")).expect("listed").count(), 1);
    }

    #[test]
    fn nothing_is_written_elsewhere() {
        let (dir, store, place) = set_up();
        let pointer = store.put(b"x").expect("stored");
        fs::create_dir_all(&place.root).expect("made");
        let mut placing = Placing::new(&place, &store);
        for name in [
            "../x",
            "/x",
            "a/../../x",
            "",
            "a//b",
            ".git/config",
            ".GIT/x",
            "a/git~1",
            "a\\b",
            "c:x",
            "x.",
            "x ",
            "a/\u{1b}",
        ] {
            assert!(matches!(placing.object(name, &pointer, false), Err(PlaceError::Name(_))), "{name:?}");
        }
        assert!(matches!(placing.symlink("l", "../../etc"), Err(PlaceError::LeadsOut { .. })));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.path(), place.root.join("way")).expect("linked");
            assert!(matches!(placing.object("way/x", &pointer, false), Err(PlaceError::Way(_))));
            std::os::unix::fs::symlink(dir.path().join("y"), place.root.join("y")).expect("linked");
            assert!(matches!(placing.object("y", &pointer, false), Err(PlaceError::Differs(_))));
        }
        assert!(!dir.path().join("x").exists() && !dir.path().join("y").exists());
    }

    #[test]
    fn a_damaged_object_is_not_handed_out() {
        let (_dir, store, place) = set_up();
        let pointer = store.put(b"weights").expect("stored");
        let object = store.find(&pointer).expect("here");
        fs::remove_file(&object).expect("removed");
        fs::write(&object, b"wEights").expect("damaged");
        assert!(Placing::new(&place, &store).object("model.pt", &pointer, false).is_err());
        assert_eq!(fs::read_dir(&place.root).expect("listed").count(), 0);
    }

    proptest! {
        #[test]
        fn what_is_portable_stays_below(path in r"[a./\\~:A-Z]{0,12}") {
            if is_portable(&path) {
                assert!(!path.split('/').any(|part| part == ".." || part.is_empty()) && !path.starts_with('/'));
            }
            let _ = leads_out("a/b", &path);
        }
    }
}
