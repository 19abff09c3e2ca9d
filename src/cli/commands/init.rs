//! `git xp init`.

use std::path::Path;

use clap::Args;

use crate::capture::file;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::notices::shell_quote;
use crate::git::process::Git;
use crate::init::guess::{self, Guesses};
use crate::init::made::{Made, Removed};
use crate::init::project;
use crate::model::text::printable;
use crate::render::number::plural;
use crate::settings::reference::new_file;

/// The file of settings.
const FILE: &str = ".xp.toml";
/// How `git notes merge` unites two clones' notes of git-xp.
const MERGE_STRATEGY: (&str, &str) = ("notes.xp.mergeStrategy", "cat_sort_uniq");

/// Write the settings of a repository, guessed from what lies in it
///
/// Nothing has to be initialised for git-xp to work. This writes a commented .xp.toml, with metrics files, directions of metrics and the key of the
/// seed where the repository tells them, and sets git config notes.xp.mergeStrategy. What is there already stays as it is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp init
  git init iris && cd iris && git xp init --template    a project to begin with
  git xp init --undo")]
pub struct InitArgs {
    /// Lay out a project too: data, notebooks, reports, src, with a small model that runs
    #[arg(long)]
    template: bool,

    /// Take back what `git xp init` made here, as far as nobody changed it
    #[arg(long, conflicts_with = "template")]
    undo: bool,
}

/// Do it.
///
/// # Errors
/// If there is no work tree, or a file cannot be written.
pub fn run(cx: &Context, args: &InitArgs) -> Result<u8, CliError> {
    let top = cx.repo.work_dir()?;
    let _alone = lock(cx.repo.git_dir())?;
    let mut made = Made::read(cx.repo.git_dir()).map_err(|error| failed("xp/init.json", &error))?;
    if args.undo {
        return undo(cx, top, made);
    }
    if args.template {
        lay_out(cx, top, &mut made)?;
    }
    write_settings(cx, top, &mut made)?;
    set_merge_strategy(cx, top, &mut made)?;
    if args.template {
        cx.ui.hint("git add -A && git commit -m 'Begin'    then as README.md says");
    }
    Ok(exit::OK)
}

/// Two at once would each forget what the other made.
fn lock(git_dir: &Path) -> Result<gix::lock::Marker, CliError> {
    Made::lock(git_dir).map_err(|error| {
        CliError::new(format!("another git xp init is at work here: {error}")).hint(format!(
            "if none is, one was killed: rm {}",
            shell_quote(&git_dir.join("xp/init.json.lock").to_string_lossy())
        ))
    })
}

fn lay_out(cx: &Context, top: &Path, made: &mut Made) -> Result<(), CliError> {
    let name = top.canonicalize().ok().and_then(|top| Some(top.file_name()?.to_string_lossy().into_owned()));
    for file in project::files(&name.unwrap_or_default()) {
        let is_made = made
            .make(top, cx.repo.git_dir(), &file.path, &file.text)
            .map_err(|error| failed(&file.path, &error).hint("git xp init --undo    takes back what was made"))?;
        cx.ui.status(&if is_made {
            format!("wrote {}", file.path)
        } else {
            format!("{} is there already, left as it is", printable(&file.path))
        });
    }
    Ok(())
}

fn write_settings(cx: &Context, top: &Path, made: &mut Made) -> Result<(), CliError> {
    let guesses = guesses(top)?;
    let is_made = made.make(top, cx.repo.git_dir(), FILE, &new_file(&guesses)).map_err(|error| failed(FILE, &error))?;
    if !is_made {
        cx.ui.status(&format!("{FILE} is there already, left as it is"));
        return Ok(());
    }
    cx.ui.status(&format!(
        "wrote {FILE}{}",
        if guesses.is_empty() { ", with nothing but comments" } else { ", guessing:" }
    ));
    for ((table, key), chosen) in &guesses {
        cx.ui.status(&format!("  {table}.{key} = {}    {}", chosen.value, chosen.because));
    }
    if !guesses.is_empty() {
        cx.ui.hint(&format!("git xp init --undo    or correct {FILE}, then git add {FILE}"));
    }
    Ok(())
}

/// What the files that git tracks, or would, tell.
fn guesses(top: &Path) -> Result<Guesses, CliError> {
    let listed = Git::new(top, "ls-files").args(["-z", "--cached", "--others", "--exclude-standard"]).output()?;
    let texts = listed.split(|byte| *byte == 0).filter_map(|path| std::str::from_utf8(path).ok());
    let mut paths: Vec<String> = texts.filter(|path| !path.is_empty()).map(str::to_owned).collect();
    // Metrics are often ignored, and then not listed.
    let usual = crate::settings::DEFAULT_METRICS_FILES.iter().filter(|path| top.join(path).is_file());
    paths.extend(usual.map(|path| (*path).to_owned()));
    paths.sort();
    paths.dedup();
    Ok(guess::guess(&paths, |path| read_small(&top.join(path))))
}

/// The bytes of a file that is not too large; links are not followed.
fn read_small(path: &Path) -> Option<Vec<u8>> {
    file::read(path, guess::LARGEST).filter(|_| !path.is_symlink())
}

fn set_merge_strategy(cx: &Context, top: &Path, made: &mut Made) -> Result<(), CliError> {
    let (name, value) = MERGE_STRATEGY;
    match cx.repo.config(name) {
        Some(found) if found == value => {}
        Some(found) => cx.ui.warning(&format!(
            "git config {name} is {}: `git notes --ref=xp merge` will not unite notes as git-xp does ({value})",
            printable(&found)
        )),
        // Another process set it since this one read git's config.
        None if made.config.iter().any(|(set, _)| set == name) => {}
        None => {
            made.config.push((name.to_owned(), value.to_owned()));
            made.write(cx.repo.git_dir()).map_err(|error| failed("xp/init.json", &error))?;
            Git::new(top, "config").args(["--local", name, value]).output()?;
            cx.ui.status(&format!("set git config {name} = {value}"));
        }
    }
    Ok(())
}

fn undo(cx: &Context, top: &Path, mut made: Made) -> Result<u8, CliError> {
    if made == Made::default() {
        cx.ui.status("git xp init has made nothing here");
        return Ok(exit::OK);
    }
    let paths: Vec<String> = made.files.iter().map(|file| file.path.clone()).collect();
    let untracked = cx.repo.untracked_among(&paths)?;
    let mut tracked = Vec::new();
    for (path, removed) in made.remove_files(top) {
        match removed {
            Removed::Gone => {
                cx.ui.status(&format!("removed {}", printable(&path)));
                tracked.push(path);
            }
            Removed::Changed => cx.ui.warning(&format!("{} was changed since, left as it is", printable(&path))),
            Removed::Missing => {}
        }
    }
    tracked.retain(|path| !untracked.contains(path));
    if let Some(first) = tracked.first() {
        let first = shell_quote(&format!(":/{first}"));
        cx.ui.hint(&format!(
            "git restore {first}    git tracks {}, and has them still",
            plural(tracked.len(), "removed file")
        ));
    }
    for (name, value) in std::mem::take(&mut made.config) {
        let is_ours = name == MERGE_STRATEGY.0 && cx.repo.config(&name).as_deref() == Some(value.as_str());
        if is_ours {
            Git::new(top, "config").args(["--local", "--unset", &name]).output()?;
            cx.ui.status(&format!("removed git config {name}"));
        }
    }
    made.write(cx.repo.git_dir()).map_err(|error| failed("xp/init.json", &error))?;
    Ok(exit::OK)
}

fn failed(path: &str, error: &std::io::Error) -> CliError {
    CliError::new(format!("{path}: {error}"))
}
