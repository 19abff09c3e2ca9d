//! A run under way, followed from another terminal: its output and what it logs, as they come.
//!
//! Nothing is written and no lock is taken, so the run does not notice. Its files are opened once: they stay readable when a seal renames them.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::page::Page;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::live::{self, Live};
use crate::cli::notices::metrics_line;
use crate::cli::selector::{self, Selected};
use crate::git::head::short;
use crate::model::fact::Body;
use crate::model::metric::is_system;
use crate::store::folder::{Folder, Stage};
use crate::store::owner::Host;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How often it is asked whether anybody still runs it.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// How much is read at once, in bytes.
const CHUNK: u64 = 1 << 20;

/// Follow a run to its end.
///
/// # Errors
/// If no run is under way, or it is not clear which one is meant.
pub(super) fn follow(cx: &Context, selector: Option<&str>) -> Result<u8, CliError> {
    let folder = choose(cx, selector.filter(|text| *text != "last"))?.folder;
    let sealed = cx.root.sealed(folder.id);
    let mut output = Tail::new([folder.output(), sealed.output()]);
    let mut journal = Tail::new([folder.journal(), folder.closed_journal(), sealed.closed_journal()]);
    let mut page = Page::new(&cx.ui);
    let mut asked = Instant::now();
    loop {
        // Asked first: what was written before the end is then read after it.
        let is_over = !folder.path.exists() || folder.path.join("fact.json").exists();
        while let Some(bytes) = output.read() {
            page.output(&bytes);
        }
        while let Some(bytes) = journal.read() {
            page.journal(&bytes);
        }
        if is_over {
            break;
        }
        if asked.elapsed() > ASK_EVERY {
            asked = Instant::now();
            if matches!(folder.stage(&Host::this()), Stage::Orphaned | Stage::Abandoned) {
                page.end_line();
                cx.ui.warning(&format!("nobody runs {} any more", folder.id));
                cx.ui.hint("git xp status    records it as it stands");
                return Ok(exit::OK);
            }
        }
        std::thread::sleep(LOOK_EVERY);
    }
    page.end_line();
    say_how_it_ended(cx, &folder)?;
    Ok(exit::OK)
}

/// The run that is meant: the one named, the only one of this branch, or the only one there is.
fn choose(cx: &Context, selector: Option<&str>) -> Result<Live, CliError> {
    let host = Host::this();
    let is_open = |live: &Live| !matches!(live.folder.stage(&host), Stage::Orphaned | Stage::Abandoned | Stage::Broken);
    let open: Vec<Live> = live::all(cx).into_iter().filter(is_open).collect();
    let mut meant: Vec<Live> = match selector {
        Some(text) => match live::find(cx, text)? {
            Some(live) => vec![live],
            None => open.into_iter().filter(|live| is_named(cx, live, text)).collect(),
        },
        None => {
            let branch = cx.repo.head().ok().and_then(|head| head.branch);
            let (here, elsewhere): (Vec<Live>, Vec<Live>) =
                open.into_iter().partition(|live| live.run.branch == branch);
            if here.is_empty() { elsewhere } else { here }
        }
    };
    match (meant.pop(), meant.len()) {
        (Some(live), 0) => Ok(live),
        (Some(last), _) => {
            let ids =
                meant.iter().chain([&last]).map(|live| &live.folder.id.as_str()[..6]).collect::<Vec<_>>().join(", ");
            Err(CliError::new(format!("several runs are under way: {ids}"))
                .hint(format!("git xp show --follow {}", &last.folder.id.as_str()[..6])))
        }
        (None, _) => Err(none(cx, selector)),
    }
}

fn is_named(cx: &Context, live: &Live, text: &str) -> bool {
    let branch = live.run.branch.as_deref().map(short).unwrap_or_default();
    let prefix = cx.settings.start.prefix.as_str();
    live.run.name.as_deref() == Some(text) || branch == text || branch.strip_prefix(prefix) == Some(text)
}

fn none(cx: &Context, selector: Option<&str>) -> CliError {
    let Some(text) = selector else {
        return CliError::new("no run is under way").hint("git xp show last    shows the last one that ended");
    };
    let records = match cx.records() {
        Ok(records) => records,
        Err(error) => return error,
    };
    match selector::resolve(cx, records, text) {
        Ok(Selected::Run(record)) => CliError::new(format!("run {} has ended: {}", record.id, record.status))
            .hint(format!("git xp show {text} --file output.log")),
        Ok(_) => CliError::new(format!("no run of '{text}' is under way")).hint(format!("git xp show {text}")),
        Err(error) => error,
    }
}

fn say_how_it_ended(cx: &Context, folder: &Folder) -> Result<(), CliError> {
    match cx.find_fact(folder.id)?.map(|fact| fact.body) {
        Some(Body::Run(run)) => {
            let results = run.metrics.iter().filter(|(name, _)| !is_system(name));
            let finals = results.map(|(name, summary)| (name.as_str(), summary.r#final.clone()));
            let line = format!("run {} {}  {}", &folder.id.as_str()[..4], run.status, metrics_line(finals));
            cx.ui.status(line.trim_end());
        }
        _ => cx.ui.warning(&format!("run {} is gone without a record", folder.id)),
    }
    Ok(())
}

/// The end of a growing file.
struct Tail {
    paths: Vec<PathBuf>,
    file: Option<File>,
}

impl Tail {
    /// The file may lie under any of these names, and may have still to be made.
    fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { paths: paths.into_iter().collect(), file: None }
    }

    /// What is new, if anything is.
    fn read(&mut self) -> Option<Vec<u8>> {
        if self.file.is_none() {
            self.file = self.paths.iter().find_map(|path| File::open(path).ok());
        }
        let mut bytes = Vec::new();
        // A file that cannot be read any more has nothing new.
        self.file.as_mut()?.take(CHUNK).read_to_end(&mut bytes).ok()?;
        (!bytes.is_empty()).then_some(bytes)
    }
}
