//! `git-xp filter-process`, hidden: what git calls for files with `filter=lfs`. It reads no settings of git-xp: what is wrong in those must not keep git from its work.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use clap::Args;

use crate::artifact::filter::Fetch;
use crate::artifact::filter::lfs::Lfs;
use crate::artifact::filter::process::{Filter, Smudged, serve};
use crate::artifact::filter::selection::Selection;
use crate::artifact::filter::smudge::{Left, Smudge};
use crate::artifact::remote::Operation;
use crate::artifact::remote::place::{default_git_remote, open};
use crate::artifact::store::Store;
use crate::artifact::transfer::{Progress, transfer};
use crate::capture::file;
use crate::cli::error::{CliError, exit};
use crate::cli::ui::Ui;
use crate::git::Repo;
use crate::model::text::{enumerate, printable};
use crate::render::number::plural;
use crate::settings::{GitConfig, Overrides, Settings};

/// A longer `.xp.toml` is none, in bytes.
const LARGEST_SETTINGS: u64 = 1 << 20;

/// Make Git LFS pointers of files and files of pointers, as git asks for it
///
/// git calls it as filter.lfs.process of its config says.
#[derive(Debug, Args)]
pub struct FilterProcessArgs {
    /// Make a pointer of standard input
    #[arg(long, conflicts_with = "smudge")]
    clean: bool,

    /// Make the content of the pointer on standard input
    #[arg(long)]
    smudge: bool,

    /// The path of the file
    path: Option<OsString>,
}

/// Do it.
///
/// # Errors
/// If there is no repository, git is not on the other side, or a file cannot be read or stored.
pub fn run(ui: &Ui, cwd: &Path, args: &FilterProcessArgs) -> Result<u8, CliError> {
    let repo = Repo::open_within_git(cwd)?;
    let store = Store::of(&repo);
    let smudge = Smudge::new(store.clone(), || selection(&repo), fetch(&repo, &store));
    let failed = |path: &str, error: &io::Error| ui.stderr(&CliError::new(format!("{path}: {error}")).text());
    let mut filter = Lfs::new(store, smudge, &failed);
    let (input, output) = (io::stdin().lock(), stdout()?);
    let served = if args.clean || args.smudge {
        let path = args.path.clone().unwrap_or_default();
        one(input, output, &mut filter, path.as_encoded_bytes(), args.clean)
    } else {
        serve(input, output, &mut filter)
    };
    say(ui, filter.left());
    match served {
        Ok(()) => Ok(exit::OK),
        // git ended, perhaps by Ctrl-C.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit::BROKEN_PIPE),
        Err(error) => Err(CliError::new(format!("git-xp filter-process: {error}"))
            .hint("git calls it, people do not: git xp artifact track '*.pt'")),
    }
}

/// One file, for programs that know no long-running filters.
fn one(
    mut input: impl Read,
    mut output: impl Write,
    filter: &mut Lfs<'_>,
    path: &[u8],
    is_clean: bool,
) -> io::Result<()> {
    if is_clean {
        output.write_all(&filter.clean(path, &mut input)?)?;
    } else if let Smudged::Content(mut content) = filter.smudge(path, &mut input, false)? {
        io::copy(&mut content, &mut output)?;
    }
    output.flush()
}

/// Standard output without the buffer that looks for ends of lines.
#[cfg(unix)]
fn stdout() -> Result<impl Write, CliError> {
    use std::os::fd::AsFd;
    let failed = |error: io::Error| CliError::new(format!("standard output cannot be written: {error}"));
    Ok(std::fs::File::from(io::stdout().as_fd().try_clone_to_owned().map_err(failed)?))
}

#[cfg(not(unix))]
fn stdout() -> Result<impl Write, CliError> {
    Ok(io::stdout().lock())
}

/// Which files are to be had, as git-lfs has it.
#[expect(clippy::disallowed_methods, reason = "a variable of git-lfs, which git hands on")]
fn selection(repo: &Repo) -> Selection {
    let skip = std::env::var("GIT_LFS_SKIP_SMUDGE").unwrap_or_default().to_lowercase();
    if ["true", "1", "on", "yes", "t"].contains(&skip.as_str()) {
        return Selection::nothing();
    }
    let list = |key: &str| repo.config(key).unwrap_or_default();
    let ignores_case = repo.config_bool("core.ignoreCase").unwrap_or(false);
    Selection::new(&list("lfs.fetchinclude"), &list("lfs.fetchexclude"), ignores_case)
}

/// How objects that are not here are fetched: from the remote of artifacts that git's config or `.xp.toml` names first, else from the Git LFS server of the git remote.
fn fetch(repo: &Repo, store: &Store) -> Option<Fetch> {
    let (name, place) = configured(repo)
        .or_else(|| in_file(repo))
        .or_else(|| default_git_remote(repo).map(|name| (name.clone(), name)))?;
    let remote = open(repo, &name, &place).ok()?;
    let store = store.clone();
    Some(Arc::new(move |pointers, arrived| {
        let progress = Progress { arrived: Some(arrived), ..Progress::default() };
        transfer(&store, remote.as_ref(), Operation::Download, pointers, &progress).failed
    }))
}

fn configured(repo: &Repo) -> Option<(String, String)> {
    let settings = repo.config_section("xp");
    settings.into_iter().find_map(|(key, place)| Some((key.strip_prefix("xp.artifacts.")?.to_owned(), place)))
}

/// What is wrong in the file is told by other verbs.
fn in_file(repo: &Repo) -> Option<(String, String)> {
    let text = file::text(&repo.work_dir().ok()?.join(".xp.toml"), LARGEST_SETTINGS)?;
    let (settings, _) =
        Settings::resolve(&Settings::parse_file(&text, ".xp.toml").ok()?, &GitConfig::default(), &Overrides::default())
            .ok()?;
    settings.artifacts.into_iter().next()
}

/// One warning for all files: git calls for each of them.
fn say(ui: &Ui, left: &Left) {
    let names = |names: &[String], count: usize| {
        let rest = std::iter::repeat_n(String::new(), count - names.len());
        enumerate(names.iter().map(|name| printable(name)).chain(rest), names.len())
    };
    let missing = &left.missing;
    if missing.count > 0 {
        let (subject, stay) = subject(missing.count, "stays a pointer", "stay pointers");
        let names = names(&missing.names, missing.count);
        let why = missing.why.as_ref().map_or("no remote to fetch from is set up".to_owned(), ToString::to_string);
        ui.warning(&format!("{subject} {stay}, for what {names} should hold could not be had: {why}"));
        if let Some(hint) = missing.why.as_ref().and_then(|why| why.hint.as_ref()) {
            ui.hint(hint);
        }
        ui.hint("when it can be had: rm <file> && git checkout -- <file>");
    }
    let malformed = &left.malformed;
    if malformed.count > 0 {
        let (subject, are) = subject(malformed.count, "is no Git LFS pointer", "are no Git LFS pointers");
        let names = names(&malformed.names, malformed.count);
        ui.warning(&format!("{subject} {are}, as .gitattributes has it: {names}"));
        ui.hint("git add --renormalize -- <file>    makes pointers of them; or git xp artifact untrack <pattern>");
    }
}

fn subject(count: usize, one: &'static str, several: &'static str) -> (String, &'static str) {
    (plural(count, "file"), if count == 1 { one } else { several })
}
