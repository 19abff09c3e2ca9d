//! `git xp compare --html`: the comparison as a page, with the learning curves of its runs.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;

use crate::cli::commands::plot;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::compare::{Comparison, Row};
use crate::model::id::Id;
use crate::records::{Records, RunRecord, Symbol};
use crate::report::{self, Curves};

/// How many metrics are drawn, the expected ones first: more would make the page slow.
const METRICS: usize = 12;

/// How many rows are drawn: more lines could hardly be told apart.
const ROWS: usize = 30;

/// Write the page about what was asked and what came of it.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write(cx: &Context, records: &Records, comparison: &Comparison<'_>, path: &Path) -> Result<u8, CliError> {
    if path.is_dir() {
        let file = path.join("compare.html");
        return Err(CliError::new(format!("{} is a folder", path.display()))
            .hint(format!("git xp compare --html {}", file.display())));
    }
    let page = report::html(&title(cx), comparison, &curves(cx, records, comparison));
    if path.as_os_str() == "-" {
        cx.ui.print(&page);
    } else {
        save(path, &page).map_err(|error| CliError::new(format!("cannot write {}: {error}", path.display())))?;
        cx.ui.status(&format!("written: {}", path.display()));
    }
    Ok(exit::OK)
}

/// Whose experiments they are: the folder of the repository, whichever of its work trees this is.
fn title(cx: &Context) -> String {
    let common = cx.repo.common_dir();
    let folder = if common.ends_with(".git") { common.parent() } else { Some(common.as_path()) };
    let name = folder.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.map_or_else(|| "Experiments".to_owned(), |name| format!("Experiments of {name}"))
}

/// Write a file that has its name only when it is whole; a pipe or a device is written to.
fn save(path: &Path, page: &str) -> io::Result<()> {
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return std::fs::File::options().write(true).open(path)?.write_all(page.as_bytes());
    }
    // A link stays, and what it leads to is replaced.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".git-xp-html-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(page.as_bytes())?;
    file.persist(target).map(drop).map_err(|error| error.error)
}

fn curves(cx: &Context, records: &Records, comparison: &Comparison<'_>) -> Curves {
    let measured: Vec<&Row<'_>> = comparison.rows.iter().filter(|row| row.n > 0).collect();
    let mut seen: HashSet<Id> = HashSet::new();
    let runs = measured.iter().take(ROWS).flat_map(|row| row.runs.iter().copied());
    let runs: Vec<&RunRecord> = runs.filter(|run| run.counts() && seen.insert(run.id)).collect();
    let has_points = |run: &&RunRecord| {
        run.metrics().filter(|(_, measure)| measure.count > 1).map(|(name, _)| name).collect::<Vec<_>>()
    };
    let with_points: HashSet<Symbol> = runs.iter().flat_map(has_points).collect();
    let metrics = comparison.metrics.iter().map(|metric| &metric.name);
    let metrics = metrics.filter(|name| records.names.find(name).is_some_and(|name| with_points.contains(&name)));
    let metrics: Vec<String> = metrics.cloned().collect();
    if metrics.is_empty() {
        return Curves::default();
    }
    let drawn = &metrics[..metrics.len().min(METRICS)];
    let mut notes = Vec::new();
    if metrics.len() > drawn.len() {
        notes.push(format!(
            "{} of {} metrics are drawn, the expected ones first; git xp plot draws the others",
            drawn.len(),
            metrics.len()
        ));
    }
    if measured.len() > ROWS {
        notes
            .push(format!("{ROWS} of {} rows are drawn, the first ones; git xp plot draws the others", measured.len()));
    }
    let each = measured.iter().any(|row| row.run.is_some());
    Curves { drawings: plot::drawings(cx, records, &runs, drawn, each), notes }
}
