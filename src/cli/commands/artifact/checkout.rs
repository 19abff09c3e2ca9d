//! `git xp artifact checkout`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::choose::{Patterns, of_one};
use crate::artifact::place::Place;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::placing;
use crate::model::text::enumerate;
use crate::render::number::plural;

/// Put what was stored with a run into a folder
///
/// What is not here is fetched first. Where the file system can, files share their blocks with the store and take no room of their own. A file that is there and
/// differs is never overwritten without --force.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp artifact checkout last
  git xp artifact checkout bigger-lr 'model*' --to models/
  git xp artifact checkout 7kq --link    links that are read-only: no copy, at once")]
pub(super) struct CheckoutArgs {
    /// The run: an id or the beginning of one, last, an experiment or a commit (the last run of it that ended ok)
    run: String,

    /// Only those whose path fits: a name, a folder, or a pattern
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,

    /// The folder; if nothing is said, the current one
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,

    /// Replace files that differ
    #[arg(long)]
    force: bool,

    /// Link to the stored files instead of copying them; such files are read-only
    #[arg(long)]
    link: bool,

    /// The remote to fetch from: a name of the settings, or a place
    #[arg(long, value_name = "REMOTE")]
    from: Option<String>,
}

/// Do it.
///
/// # Errors
/// If something is not to be had, or a file that differs is in the way.
pub(super) fn run(cx: &Context, args: &CheckoutArgs) -> Result<u8, CliError> {
    cx.seal();
    let patterns = Patterns::new(&args.patterns)?;
    let mut run = of_one(cx, &args.run)?;
    let names: Vec<String> = run.artifacts.iter().map(|stored| stored.artifact.name.replacen("out/", "", 1)).collect();
    patterns.choose(&mut run.artifacts);
    if run.artifacts.is_empty() {
        let error = CliError::new(format!("run {} has no artifact that fits", &run.id.as_str()[..4]));
        return Err(match names.as_slice() {
            [] => error.hint("git xp artifact list    lists those that there are"),
            names => error.hint(format!("it has: {}", enumerate(names, 12))),
        });
    }
    placing::fetch_missing(cx, &run.artifacts, args.from.as_deref())?;
    let root = cx.cwd.join(args.to.as_deref().unwrap_or(Path::new(".")));
    let place = Place { root, force: args.force, link: args.link };
    let done = placing::entries(cx, &place, run.artifacts.into_iter().flat_map(|stored| stored.entries).collect())?;
    let there = if done.same > 0 { format!(", {} there already", plural(done.same, "file")) } else { String::new() };
    cx.ui.status(&format!("wrote {}{there}", plural(done.written, "file")));
    done.check().map(|()| exit::OK)
}
