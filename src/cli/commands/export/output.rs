//! Where an export goes: a file that has its name only when it is whole, a device, or standard output.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::cli::error::CliError;
use crate::store::folder::persist_new;

/// Where an export goes.
pub(super) enum Output {
    /// Standard output.
    Stdout,
    /// A device, a pipe: whatever is no regular file.
    Stream(File),
    /// A file beside the target, which takes its name in the end.
    File {
        /// The file under way.
        temporary: NamedTempFile,
        /// Its name to be.
        target: PathBuf,
        /// Whether another file of that name may go.
        replace: bool,
    },
}

impl Output {
    /// Open it, before anything else is done: what is refused is refused at once.
    ///
    /// # Errors
    /// If the target exists and is not to be replaced, cannot be written, or is a terminal.
    pub(super) fn open(path: Option<&Path>, needs_file: bool, replace: bool) -> Result<Self, CliError> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return if needs_file {
                Err(CliError::usage("a SQLite database needs a file").hint("git xp export -o runs.sqlite"))
            } else if io::stdout().is_terminal() {
                Err(CliError::usage("this is data for programs, and standard output is a terminal")
                    .hint("name a file with -o FILE, or add | less"))
            } else {
                Ok(Self::Stdout)
            };
        };
        let wrong = |error: io::Error| CliError::new(format!("cannot write {}: {error}", path.display()));
        match path.metadata() {
            Ok(found) if found.is_dir() => {
                return Err(CliError::new(format!("{} is a folder", path.display()))
                    .hint(format!("-o {}", path.join("runs.parquet").display())));
            }
            Ok(found) if !found.is_file() && !needs_file => {
                return File::options().write(true).open(path).map(Self::Stream).map_err(wrong);
            }
            Ok(found) if !found.is_file() => {
                return Err(CliError::new(format!(
                    "{} is no regular file, and a SQLite database is one",
                    path.display()
                ))
                .hint("git xp export -o runs.sqlite"));
            }
            _ if path.symlink_metadata().is_ok() && !replace => {
                return Err(CliError::new(format!("{} exists", path.display())).hint("--force replaces it"));
            }
            _ => {}
        }
        // A link stays, and what it leads to is replaced.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = Builder::new();
        builder.prefix(".git-xp-export-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = builder.tempfile_in(folder).map_err(wrong)?;
        Ok(Self::File { temporary, target, replace })
    }

    /// Whether opening it makes a file that must not stay behind half-written.
    pub(super) fn is_to_be_file(path: Option<&Path>) -> bool {
        path.is_some_and(|path| path != Path::new("-") && path.metadata().map_or(true, |found| found.is_file()))
    }

    /// The file under way, if it is one.
    pub(super) fn path(&self) -> Option<&Path> {
        if let Self::File { temporary, .. } = self { Some(temporary.path()) } else { None }
    }

    /// A way to write to it.
    ///
    /// # Errors
    /// If the system refuses another handle.
    pub(super) fn writer(&self) -> io::Result<Box<dyn Write + Send>> {
        Ok(match self {
            Self::Stdout => Box::new(io::stdout()),
            Self::Stream(file) => Box::new(file.try_clone()?),
            Self::File { temporary, .. } => Box::new(temporary.as_file().try_clone()?),
        })
    }

    /// It is whole: give it its name.
    ///
    /// # Errors
    /// If the disk refuses; then nothing is left of it.
    pub(super) fn keep(self) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().flush(),
            Self::Stream(_) => Ok(()),
            Self::File { temporary, target, replace } => {
                temporary.as_file().sync_all()?;
                if replace {
                    return temporary.persist(target).map(drop).map_err(|error| error.error);
                }
                match persist_new(temporary, &target)? {
                    true => Ok(()),
                    false => Err(io::ErrorKind::AlreadyExists.into()),
                }
            }
        }
    }
}
