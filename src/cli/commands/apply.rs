//! `git xp apply`.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;

use crate::artifact::place::Place;
use crate::cli::commands::artifact::Patterns;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::notices::shell_quote;
use crate::cli::placing;
use crate::cli::selector;
use crate::git::process::Git;
use crate::model::text::enumerate;
use crate::store::artifacts::{Content, Entry};
use crate::store::details::Details;

/// Files of git of so many bytes are too large for most hosts.
const LARGEST: u64 = 50 << 20;

/// Commit what a run made: outputs and metrics files, to the branch that is checked out
///
/// Outputs go where the run wrote them, metrics files where they belong; the commit says which run they are from. Files that differ from the commit are not
/// overwritten.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp apply bigger-lr
  git xp apply 7kq 'figures/*' metrics.json
  git xp apply last --to results -m 'The best model so far'")]
pub struct ApplyArgs {
    /// The run: an id or the beginning of one, last, an experiment or a commit (the last run of it that ended ok)
    run: String,

    /// Only those whose path fits: a name, a folder, or a pattern
    #[arg(value_name = "PATH")]
    patterns: Vec<String>,

    /// The folder for outputs; if nothing is said, the one that the run wrote to
    #[arg(long, value_name = "DIR")]
    to: Option<String>,

    /// The message of the commit
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,

    /// Replace files that differ
    #[arg(long)]
    force: bool,

    /// The remote to fetch from: a name of the settings, or a place
    #[arg(long, value_name = "REMOTE")]
    from: Option<String>,
}

/// Do it.
///
/// # Errors
/// If nothing fits, a file is in the way or too large for git, or git refuses the commit.
pub fn run(cx: &Context, args: &ApplyArgs) -> Result<u8, CliError> {
    cx.seal();
    let top = cx.repo.work_dir()?;
    let head = cx.repo.head()?;
    if head.state != "branch" {
        return Err(CliError::new("a commit needs a branch, and HEAD is on none").hint("git switch -c <branch>"));
    }
    let records = cx.records()?;
    let record = selector::resolve_counting_run(cx, records, &args.run)?;
    let details = Details::read(&cx.repo, records, record)?;
    let id = &record.id.as_str()[..4];
    let mut artifacts = crate::store::artifacts::of_run(&cx.repo, &details)?;
    let patterns = Patterns::new(&args.patterns)?;
    let metrics =
        details.files.iter().filter_map(|(name, blob)| Some((name.strip_prefix("metrics/")?.to_owned(), *blob)));
    let metrics: Vec<(String, crate::git::Oid)> = metrics.filter(|(name, _)| patterns.fits(name)).collect();
    patterns.choose(&mut artifacts);
    if artifacts.is_empty() && metrics.is_empty() {
        return Err(CliError::new(format!("run {id} has neither an output nor a metrics file that fits"))
            .hint(format!("git xp show {id}    lists its files")));
    }
    let folder = args.to.clone().or_else(|| details.run.out.clone()).unwrap_or_default();
    check_sizes(cx, &artifacts.iter().flat_map(|stored| stored.entries.clone()).collect::<Vec<_>>(), &folder)?;
    placing::fetch_missing(cx, &artifacts, args.from.as_deref())?;
    let below = |path: &str| {
        if folder.is_empty() { path.to_owned() } else { format!("{}/{path}", folder.trim_end_matches('/')) }
    };
    let mut entries: Vec<Entry> = artifacts.into_iter().flat_map(|stored| stored.entries).collect();
    entries.iter_mut().for_each(|entry| entry.path = below(&entry.path));
    entries.extend(metrics.into_iter().map(|(path, blob)| Entry {
        path,
        content: Content::Blob(blob),
        executable: false,
    }));
    if Path::new(&folder).is_absolute() {
        return Err(
            CliError::new(format!("run {id} wrote to {folder}, which is not in this repository")).hint("--to DIR")
        );
    }
    let paths: Vec<String> = entries.iter().map(|entry| entry.path.clone()).collect();
    let place = Place { root: top.to_owned(), force: args.force, link: false };
    let done = placing::entries(cx, &place, entries)?;
    let summary = done.to_string();
    done.check()?;
    // On standard input: a folder of ten thousand files is too long for a command line.
    let specs: String = paths.iter().map(|path| format!(":(top,literal){path}\0")).collect();
    let from_input = ["--pathspec-from-file=-", "--pathspec-file-nul"];
    Git::new(top, "add").args(["--force"]).args(from_input).output_with_input(specs.as_bytes())?;
    let name = details.run.name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
    let message =
        args.message.clone().unwrap_or_else(|| format!("Results of run {id}{name}: {}", enumerate(&paths, 3)));
    let trailer = format!("Xp-Run: {}", record.id);
    let staged = Git::new(top, "diff").args(["--cached", "--name-only", "-z"]).output()?;
    let staged: BTreeSet<&[u8]> = staged.split(|byte| *byte == 0).collect();
    if !paths.iter().any(|path| staged.contains(path.as_bytes())) {
        cx.ui.status(&format!("the branch has what run {id} made already"));
        return Ok(exit::OK);
    }
    let commit = Git::new(top, "commit").args(["--quiet", "-m", &message, "-m", &trailer]).args(from_input);
    commit.output_with_input(specs.as_bytes())?;
    let commit = cx.repo.head()?.commit.to_string();
    cx.ui.status(&format!("committed what run {id} made as {}{summary}", &commit[..10]));
    Ok(exit::OK)
}

/// A large file in a branch stays in everybody's clone for ever; with `filter=lfs` it is a pointer.
fn check_sizes(cx: &Context, entries: &[Entry], folder: &str) -> Result<(), CliError> {
    for entry in entries {
        let Content::Object(pointer) = &entry.content else { continue };
        if pointer.size <= LARGEST {
            continue;
        }
        let path = if folder.is_empty() { entry.path.clone() } else { format!("{folder}/{}", entry.path) };
        let found = Git::new(cx.repo.work_dir()?, "check-attr").args(["filter", "--", &path]).text()?;
        if !found.ends_with(": lfs") {
            let extension = Path::new(&path).extension().map(|found| found.to_string_lossy().into_owned());
            let pattern = extension.map_or_else(|| path.clone(), |extension| format!("*.{extension}"));
            return Err(CliError::new(format!("{path} is too large to be committed as it is"))
                .hint(format!("git xp artifact track {}    then it is a pointer in the branch", shell_quote(&pattern)))
                .hint("or name what is wanted: git xp apply <run> <path>"));
        }
    }
    Ok(())
}
