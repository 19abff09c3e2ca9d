//! `git xp artifact fsck`.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::report::move_all;
use crate::artifact::pointer::{Pointer, is_oid};
use crate::artifact::remote::Operation;
use crate::artifact::store::{Store, hash};
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::remotes;
use crate::render::number::{bytes, plural};
use crate::store::artifacts::all_pointers;

/// What nobody has written to for so long was left behind by a process that is gone.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// Read every stored object, and see that it is what its name says
///
/// One that is damaged is moved to lfs/bad and fetched again if a remote has it. What killed processes left half-written is taken away. It ends with 1 if something
/// was damaged and could not be had again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp artifact fsck
  git xp artifact fsck --no-fetch --json")]
pub(super) struct FsckArgs {
    /// Do not fetch what is damaged
    #[arg(long)]
    no_fetch: bool,

    /// The remote to fetch from: a name of the settings, or a place
    #[arg(long, value_name = "REMOTE")]
    from: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    /// Objects that were read.
    objects: usize,
    /// Their bytes.
    bytes: u64,
    /// Those that were damaged.
    damaged: Vec<String>,
    /// Those that are whole again.
    restored: Vec<String>,
    /// How many the ledgers point to that are not here.
    missing: usize,
    /// Half-written files that were taken away.
    #[serde(flatten)]
    swept: Swept,
}

/// Do it.
///
/// # Errors
/// If the store cannot be read.
pub(super) fn run(cx: &Context, args: &FsckArgs) -> Result<u8, CliError> {
    cx.seal();
    cx.repo.check_writable()?;
    let store = Store::of(&cx.repo);
    let known = all_pointers(&cx.repo)?;
    let all = objects(&store);
    let mut report = Report {
        version: 1,
        objects: all.len(),
        bytes: 0,
        damaged: Vec::new(),
        restored: Vec::new(),
        missing: 0,
        swept: Swept::default(),
    };
    let mut progress = cx.ui.progress("objects");
    for (done, (oid, path)) in all.iter().enumerate() {
        progress(done, all.len());
        let found = File::open(path).and_then(|mut file| hash(&mut file));
        match found {
            Ok(found) if found.oid == *oid => report.bytes += found.size,
            _ => {
                quarantine(&store, oid, path)?;
                report.damaged.push(oid.clone());
            }
        }
    }
    progress(all.len(), all.len());
    report.swept = sweep(&store);
    let lost: Vec<Pointer> = known.iter().filter(|pointer| report.damaged.contains(&pointer.oid)).cloned().collect();
    if !lost.is_empty()
        && !args.no_fetch
        && let Ok(remote) = remotes::open(cx, args.from.as_deref())
        && let Err(error) = move_all(cx, remote.as_ref(), Operation::Download, lost.clone(), false)
    {
        cx.ui.warning(error.message());
    }
    report.restored = lost.iter().filter(|pointer| store.find(pointer).is_some()).map(|p| p.oid.clone()).collect();
    report.missing = known.iter().filter(|pointer| store.find(pointer).is_none()).count();
    if args.json {
        cx.ui.print_json(&report)
    } else {
        cx.ui.print(&text(&report, &store))
    }
    let is_whole = report.restored.len() == report.damaged.len();
    Ok(if is_whole { exit::OK } else { exit::FOUND })
}

fn text(report: &Report, store: &Store) -> String {
    let mut out = format!("read {} ({})\n", plural(report.objects, "object"), bytes(report.bytes));
    for oid in &report.damaged {
        let then = if report.restored.contains(oid) { "fetched again" } else { "no remote gave it" };
        out += &format!("damaged  {oid}  moved to {}; {then}\n", store.bad().display());
    }
    if report.missing > 0 {
        out +=
            &format!("{} not here: git xp artifact fetch gets what a remote has\n", plural(report.missing, "object"));
    }
    out + &report.swept.to_string()
}

/// Out of the way, and still there for whoever wants to look at it.
fn quarantine(store: &Store, oid: &str, path: &Path) -> Result<(), CliError> {
    let bad = store.bad();
    let moved = fs::create_dir_all(&bad).and_then(|()| fs::rename(path, bad.join(oid)));
    moved.map_err(|error| CliError::new(format!("{}: {error}", path.display())))
}

/// All objects of the store itself: name, path.
pub(super) fn objects(store: &Store) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for first in entries(&store.objects()) {
        for second in entries(&first) {
            let files = entries(&second);
            found.extend(files.into_iter().filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path))));
        }
    }
    found.retain(|(name, path)| is_oid(name) && path.is_file());
    found.sort();
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// What was taken away because nobody finished it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Swept {
    /// Files.
    #[serde(rename = "swept")]
    count: usize,
    /// Their bytes.
    #[serde(rename = "swept_bytes")]
    size: u64,
}

impl fmt::Display for Swept {
    /// A line, or nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count == 0 {
            return Ok(());
        }
        writeln!(f, "took away {} ({}) that nobody finished", plural(self.count, "file"), bytes(self.size))
    }
}

/// Take away what killed processes left: parts that nobody goes on with, files without a name.
pub(super) fn sweep(store: &Store) -> Swept {
    let mut swept = Swept::default();
    for path in entries(&store.incomplete()).into_iter().chain(entries(&store.temporary())) {
        let Ok(found) = path.symlink_metadata() else { continue };
        let age = found.modified().ok().and_then(|time| time.elapsed().ok());
        // A part that is whole again was fetched by somebody else.
        if found.is_file() && age.is_some_and(|age| age > STALE) && fs::remove_file(&path).is_ok() {
            swept = Swept { count: swept.count + 1, size: swept.size + found.len() };
        }
    }
    swept
}
