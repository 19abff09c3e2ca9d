//! `git xp artifact track` and `untrack`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::artifact::filter::selection::Selection;
use crate::artifact::pointer::{LONGEST, Reading};
use crate::artifact::track;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::notices::shell_quote;
use crate::git::process::Git;
use crate::model::text::{enumerate, printable};
use crate::render::number::plural;

const FILE: &str = ".gitattributes";

/// git itself reads no larger one, in bytes.
const LARGEST: u64 = 100 << 20;

/// What makes a filter `lfs` of git-xp, for git and for programs that know no long-running filters. `git lfs pull` too looks for `clean` before it checks out a file.
const CONFIG: [(&str, &str); 4] = [
    ("filter.lfs.process", "git-xp filter-process"),
    ("filter.lfs.clean", "git-xp filter-process --clean -- %f"),
    ("filter.lfs.smudge", "git-xp filter-process --smudge -- %f"),
    ("filter.lfs.required", "true"),
];

/// Keep files of the branch as Git LFS objects, or list which are kept so
///
/// Writes a line for each pattern into .gitattributes of this folder. The files that match become Git LFS objects when git adds them; the commit holds pointers, as
/// with git-lfs. Where no filter for them is configured, git-xp's own is, in this repository's config; beside an installed git-lfs nothing of its configuration changes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp artifact track '*.pt' '*.safetensors'
  git xp artifact track 'data/**'
  git xp artifact track               lists the patterns")]
pub(super) struct TrackArgs {
    /// Patterns as in .gitattributes, relative to this folder; quoted, so that the shell leaves them alone
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,

    /// List as JSON
    #[arg(long, conflicts_with = "patterns")]
    json: bool,
}

/// Keep files of the branch as ordinary files again
///
/// Takes what `track` wrote out of .gitattributes of this folder. What is committed already stays as it is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp artifact untrack '*.pt'")]
pub(super) struct UntrackArgs {
    /// Patterns, as they were given to `track`
    #[arg(value_name = "PATTERN", required = true)]
    patterns: Vec<String>,
}

/// Keep files as objects, or list the patterns.
///
/// # Errors
/// If a text is no pattern, or `.gitattributes` or the config cannot be written.
pub(super) fn track(cx: &Context, args: &TrackArgs) -> Result<u8, CliError> {
    cx.repo.work_dir()?;
    if args.patterns.is_empty() {
        return list(cx, args.json);
    }
    let wrong = |pattern: &str, why: String| CliError::usage(format!("'{pattern}' is no pattern: {why}"));
    let encode = |pattern: &String| track::encode(pattern).map_err(|why| wrong(pattern, why));
    let encoded: Vec<String> = args.patterns.iter().map(encode).collect::<Result<_, _>>()?;
    spare_own_files(cx, &args.patterns)?;
    let path = cx.cwd.join(FILE);
    let text = read(&path)?;
    let (new_text, is_new) = track::track(&text, &encoded);
    // Without a filter git would add the files as they are.
    configure(cx)?;
    write(&path, &text, &new_text)?;
    for (pattern, is_new) in args.patterns.iter().zip(is_new) {
        let said = if is_new { "is tracked now: git adds such files as Git LFS objects" } else { "is tracked already" };
        cx.ui.status(&format!("{pattern} {said}"));
    }
    if new_text != text {
        cx.ui.hint(&format!("git add {FILE}"));
    }
    name_ordinary(cx, &args.patterns)?;
    Ok(exit::OK)
}

/// Keep files as ordinary files.
///
/// # Errors
/// If a pattern is not tracked, or `.gitattributes` cannot be written.
pub(super) fn untrack(cx: &Context, args: &UntrackArgs) -> Result<u8, CliError> {
    cx.repo.work_dir()?;
    let path = cx.cwd.join(FILE);
    let text = read(&path)?;
    let mut patterns = args.patterns.clone();
    patterns.sort();
    patterns.dedup();
    let (new_text, was_tracked) = track::untrack(&text, &patterns);
    if let Some((pattern, _)) = patterns.iter().zip(&was_tracked).find(|(_, was)| !**was) {
        return Err(CliError::new(format!("'{pattern}' is not tracked by {FILE} of this folder"))
            .hint("git xp artifact track    lists what is tracked, and where"));
    }
    write(&path, &text, &new_text)?;
    for pattern in &patterns {
        cx.ui.status(&format!("{pattern} is no longer tracked"));
    }
    let then = match renormalize(cx, &patterns)? {
        Some(line) => format!(" && {line}    commits the files themselves from now on"),
        None => String::new(),
    };
    cx.ui.hint(&format!("git add {FILE}{then}"));
    Ok(exit::OK)
}

/// All patterns, with the files that have them.
fn list(cx: &Context, as_json: bool) -> Result<u8, CliError> {
    let top = cx.repo.work_dir()?;
    let git = Git::new(top, "ls-files").args(["-z", "--cached", "--others", "--exclude-standard", "--"]);
    let found = git.args([FILE, ":(glob)**/.gitattributes"]).output()?;
    let mut files: Vec<String> =
        found.split(|byte| *byte == 0).map(|path| String::from_utf8_lossy(path).into()).collect();
    files.retain(|path| !path.is_empty());
    files.sort();
    files.dedup();
    let mut patterns: Vec<(String, String)> = Vec::new();
    for file in files {
        // A file that is in the index may be gone.
        let Ok(text) = read(&top.join(&file)) else { continue };
        patterns.extend(track::patterns_of(&text).into_iter().map(|pattern| (pattern, file.clone())));
    }
    if as_json {
        let patterns: Vec<_> =
            patterns.iter().map(|(pattern, file)| json!({"pattern": pattern, "file": file})).collect();
        cx.ui.print_json(&json!({"version": 1, "patterns": patterns}));
        return Ok(exit::OK);
    }
    for (pattern, file) in &patterns {
        cx.ui.print(&format!("{} ({})\n", printable(pattern), printable(file)));
    }
    match patterns.first() {
        None => cx.ui.status("nothing is tracked here"),
        Some((pattern, file)) if !is_configured(cx) => {
            cx.ui.warning("no filter is configured here: git adds and checks out such files as they are");
            let folder = Path::new(file).parent().map(|folder| top.join(folder)).filter(|folder| *folder != cx.cwd);
            let folder =
                folder.map_or_else(String::new, |folder| format!("-C {} ", shell_quote(&folder.display().to_string())));
            cx.ui.hint(&format!("git xp {folder}artifact track {}    configures git-xp's own", shell_quote(pattern)));
        }
        Some(_) => {}
    }
    Ok(exit::OK)
}

/// git reads these before it checks anything out: as pointers they would say nothing.
fn spare_own_files(cx: &Context, patterns: &[String]) -> Result<(), CliError> {
    let git = Git::new(&cx.cwd, "ls-files").args(["-z", "--cached", "--others", "--exclude-standard", "--"]);
    let found = git.args([":(glob)**/.git*", ":(glob)**/.lfsconfig", ":(glob)**/.xp.toml"]).output()?;
    let there = found.split(|byte| *byte == 0).map(|path| String::from_utf8_lossy(path).into_owned());
    let names: Vec<String> = there.filter(|path| !path.is_empty()).chain([FILE.to_owned()]).collect();
    for pattern in patterns {
        let matches = Selection::new(pattern.strip_prefix("./").unwrap_or(pattern), "", false);
        if let Some(name) = names.iter().find(|name| matches.allows(name)) {
            return Err(CliError::new(format!("'{pattern}' names {name} too, which git has to read as it is"))
                .hint("name the files by their endings: git xp artifact track '*.pt' '*.bin'"));
        }
    }
    Ok(())
}

fn is_configured(cx: &Context) -> bool {
    let is_set = |key| cx.repo.config(key).is_some_and(|value| !value.is_empty());
    is_set("filter.lfs.process") || is_set("filter.lfs.clean")
}

/// Configure the filter, unless somebody has.
fn configure(cx: &Context) -> Result<(), CliError> {
    if is_configured(cx) {
        return Ok(());
    }
    for (key, value) in CONFIG {
        Git::new(cx.repo.any_dir(), "config").args(["--local", key, value]).output()?;
    }
    cx.ui.status("git-xp is the filter for Git LFS in this repository now: git config --local filter.lfs.process");
    cx.ui.hint("git xp artifact push    sends the objects; git push alone sends pointers to them");
    Ok(())
}

/// Say which files git has already, as they are.
fn name_ordinary(cx: &Context, patterns: &[String]) -> Result<(), CliError> {
    let found = Git::new(&cx.cwd, "ls-files").args(["--stage", "-z", "--", ":(attr:filter=lfs)"]).output()?;
    let names: Vec<String> = found.split(|byte| *byte == 0).filter_map(|entry| ordinary(cx, entry)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let (subject, verb) = (plural(names.len(), "file"), if names.len() == 1 { "is" } else { "are" });
    let names = enumerate(names.iter().map(|name| printable(name)), 3);
    cx.ui.status(&format!("{subject} that git has already {verb} no Git LFS object yet: {names}"));
    if let Some(line) = renormalize(cx, patterns)? {
        cx.ui.hint(&format!("{line}    makes objects of what is tracked"));
    }
    Ok(())
}

/// The path of an entry of `git ls-files --stage -z` whose blob is no pointer.
fn ordinary(cx: &Context, entry: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(entry);
    let (about, path) = text.split_once('\t')?;
    let mut words = about.split(' ');
    let (mode, oid) = (words.next()?, cx.repo.parse_oid(words.next()?)?);
    // A link or a submodule goes through no filter; a blob that is not here is not asked for.
    if !mode.starts_with("100") || !cx.repo.has_object(oid) {
        return None;
    }
    let size = cx.repo.object_size(oid)?;
    let is_pointer = size < LONGEST as u64 && Reading::parse(&cx.repo.read_blob(oid).ok()?).is_some();
    (size > 0 && !is_pointer).then(|| path.to_owned())
}

/// What adds the files of the patterns anew; `None` where git has none of them. git refuses a pattern that matches nothing.
fn renormalize(cx: &Context, patterns: &[String]) -> Result<Option<String>, CliError> {
    let mut line = String::new();
    for pattern in patterns {
        let path = pattern.strip_prefix('/').unwrap_or(pattern);
        if !Git::new(&cx.cwd, "ls-files").args(["-z", "--", path]).output()?.is_empty() {
            line += &format!(" {}", shell_quote(path));
        }
    }
    Ok(Some(line).filter(|line| !line.is_empty()).map(|line| format!("git add --renormalize --{line}")))
}

/// The text of `.gitattributes`; empty where there is none.
fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let failed = |error: std::io::Error| CliError::new(format!("{}: {error}", path.display()));
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(error)),
        Ok(found) if !found.is_file() || found.len() > LARGEST => {
            Err(CliError::new(format!("{} is no file that git would read", path.display()))
                .hint("git follows no link there, and reads at most 100 MiB"))
        }
        Ok(_) => fs::read(path).map_err(failed),
    }
}

/// Put the new text in the place of the old one, whole or not at all.
fn write(path: &Path, old: &[u8], new: &[u8]) -> Result<(), CliError> {
    if old == new {
        return Ok(());
    }
    let failed = |error: std::io::Error| CliError::new(format!("{}: {error}", path.display()));
    let folder = path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut file = tempfile::Builder::new().prefix(".gitattributes-").tempfile_in(folder).map_err(failed)?;
    file.write_all(new).map_err(failed)?;
    if let Ok(found) = path.metadata() {
        fs::set_permissions(file.path(), found.permissions()).map_err(failed)?;
    } else {
        allow_reading(file.path()).map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A temporary file is its owner's alone; this one is for everybody who may read the folder.
#[cfg(unix)]
fn allow_reading(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn allow_reading(_path: &Path) -> std::io::Result<()> {
    Ok(())
}
