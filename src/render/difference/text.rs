//! What differs between two runs, section by section.

use std::collections::HashMap;
use std::fmt::Write;

use super::{NONE, metric_pair, shown};
use crate::diff::{Change, CodeChanges, Difference, MetricChange, Section, Subject};
use crate::model::data::FolderChanges;
use crate::model::direction::Direction;
use crate::model::file_change::FileChange;
use crate::model::text::printable;
use crate::render::fit::{shorten, width};
use crate::render::number::{bytes, plural};
use crate::render::value::signed;

/// Columns of a line where nothing limits them.
const WIDEST: usize = 120;

/// The longest key that others are aligned with.
const LONGEST_KEY: usize = 32;

/// How many files are listed.
const FILES_LISTED: usize = 20;

/// What differs, as text. `only` names the sections that were asked for, if not all. Colour only repeats what the text says.
pub fn text(difference: &Difference, only: &[Section], columns: Option<usize>, colour: bool) -> String {
    let page = Page { columns: columns.unwrap_or(WIDEST).max(20), colour };
    let (a, b) = (&difference.a, &difference.b);
    let took = difference.section(Section::Duration);
    let all_but_duration = difference.sections.iter().all(|(section, _)| *section == Section::Duration);
    if difference.metrics.is_empty()
        && difference.code.is_none()
        && all_but_duration
        && !only.contains(&Section::Duration)
    {
        let what = match only {
            [] => "anything that is recorded".to_owned(),
            only => only.iter().map(|section| section.name()).collect::<Vec<_>>().join(", "),
        };
        let but = took.first().map(|change| {
            let [a, b] = shown(Section::Duration, &change.key, change.a.as_ref(), change.b.as_ref());
            format!(", but in how long they took: {a} and {b}")
        });
        return format!("{} and {} do not differ in {what}{}\n", a.short, b.short, but.unwrap_or_default());
    }
    let mut out = format!("a  {}\nb  {}\n", page.subject(a), page.subject(b));
    for section in Section::ALL {
        let lines = match section {
            Section::Metrics => page.metrics(&difference.metrics),
            Section::Code => page.code(difference.section(section), difference.code.as_ref()),
            Section::Config => page.config(difference),
            Section::Data => page.data(difference.section(section), &difference.folders),
            _ => page.changes(section, difference.section(section)),
        };
        if !lines.is_empty() {
            let _ = write!(out, "\n{}\n{}", page.paint("1", section.name()), lines.concat());
        }
    }
    out
}

struct Page {
    columns: usize,
    colour: bool,
}

impl Page {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn subject(&self, run: &Subject) -> String {
        let branch = run.branch.as_deref().map(|name| name.strip_prefix("refs/heads/").unwrap_or(name));
        let name = printable(run.name.as_deref().or(branch).unwrap_or("detached HEAD"));
        let seed = run.seed.map(|seed| format!(", seed {seed}")).unwrap_or_default();
        format!("{}  {name}{seed}, {}, {}", run.short, run.status, run.time.local_minute())
    }

    /// The changes of a section, below the groups they belong to.
    fn changes(&self, section: Section, changes: &[Change]) -> Vec<String> {
        let mut lines = Vec::new();
        for of_group in changes.chunk_by(|one, other| one.group == other.group) {
            let group = &of_group[0].group;
            let indent = if group.is_empty() { 2 } else { 4 };
            if !group.is_empty() {
                lines.push(format!("  {}\n", printable(group)));
            }
            let keys: Vec<String> = of_group.iter().map(|change| printable(&change.key)).collect();
            let widest = keys.iter().map(|key| width(key)).max().unwrap_or_default().min(LONGEST_KEY);
            lines.extend(
                of_group.iter().zip(&keys).map(|(change, key)| self.change(section, change, key, indent, widest)),
            );
        }
        lines
    }

    fn change(&self, section: Section, change: &Change, key: &str, indent: usize, widest: usize) -> String {
        let [a, b] = shown(section, &change.key, change.a.as_ref(), change.b.as_ref()).map(|text| printable(&text));
        let text = match (&change.a, &change.b) {
            _ if !comes_and_goes(section) => format!("{a} → {b}"),
            (None, _) if section == Section::Tags => "added".to_owned(),
            (_, None) if section == Section::Tags => "removed".to_owned(),
            (None, _) => format!("added {b}"),
            (_, None) => format!("removed {a}"),
            _ => format!("{a} → {b}"),
        };
        let padding = widest.saturating_sub(width(key));
        let line = format!("{:indent$}{key}{:padding$}  {text}\n", "", "");
        if width(line.trim_end()) <= self.columns {
            return line;
        }
        // Two long values are told apart more easily one below the other.
        let deeper = indent + 2;
        let side = |name: &str, found: bool, text: &str| {
            if found { format!("{:deeper$}{name}  {text}\n", "") } else { String::new() }
        };
        let a = side("a", change.a.is_some(), &a);
        let b = side("b", change.b.is_some(), &b);
        format!("{:indent$}{key}\n{a}{b}", "")
    }

    fn code(&self, changes: &[Change], code: Option<&CodeChanges>) -> Vec<String> {
        // The files say how the trees differ, and their ids say nothing to people.
        let is_read = matches!(code, Some(CodeChanges::Files(_)));
        let rest: Vec<Change> = changes.iter().filter(|change| !(is_read && change.key == "tree")).cloned().collect();
        let mut lines = self.changes(Section::Code, &rest);
        match code {
            Some(CodeChanges::Files(files)) => lines.extend(self.files(files)),
            Some(CodeChanges::Missing(trees)) => lines.push(format!(
                "  the code is not here ({}): fetch it from where the run was made\n",
                trees
                    .iter()
                    .map(|tree| format!("tree {}", printable(crate::render::value::short_id(tree))))
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
            Some(CodeChanges::Unreadable(why)) => {
                lines.push(format!("  git cannot compare the trees: {}\n", printable(why)))
            }
            None if changes.iter().any(|change| change.key == "commit")
                && changes.iter().all(|change| change.key != "tree") =>
            {
                lines.push("  the trees are the same\n".to_owned());
            }
            None => {}
        }
        lines
    }

    fn files(&self, files: &[FileChange]) -> Vec<String> {
        let name = |file: &FileChange| match &file.from {
            Some(from) => format!("{} → {}", printable(from), printable(&file.path)),
            None => printable(&file.path),
        };
        let room = self.columns.saturating_sub(20).max(16);
        let names: Vec<String> = files.iter().take(FILES_LISTED).map(|file| shorten(&name(file), room)).collect();
        let widest = names.iter().map(|name| width(name)).max().unwrap_or_default();
        let mut lines: Vec<String> = files
            .iter()
            .zip(&names)
            .map(|(file, name)| {
                let padding = widest - width(name);
                format!("  {name}{:padding$}  {}\n", "", self.counts(file.insertions, file.deletions))
            })
            .collect();
        if files.len() > FILES_LISTED {
            lines.push(format!("  and {}\n", plural(files.len() - FILES_LISTED, "more file")));
        }
        let sum = |count: fn(&FileChange) -> Option<u64>| Some(files.iter().filter_map(count).sum());
        let counts = self.counts(sum(|file| file.insertions), sum(|file| file.deletions));
        lines.push(format!("  {}, {counts}; --patch shows them\n", plural(files.len(), "file")));
        lines
    }

    /// Pins that differ, and below them the files of folders.
    fn data(&self, changes: &[Change], folders: &[FolderChanges]) -> Vec<String> {
        let mut lines = self.changes(Section::Data, changes);
        let room = self.columns.saturating_sub(32).max(16);
        for folder in folders {
            let counts = [(folder.changed, "changed"), (folder.added, "added"), (folder.removed, "removed")];
            let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
            lines.push(format!("  files of {}: {}\n", printable(&folder.name), counts.collect::<Vec<_>>().join(", ")));
            let listed = &folder.files[..folder.files.len().min(FILES_LISTED)];
            let names: Vec<String> = listed.iter().map(|file| shorten(&printable(&file.path), room)).collect();
            let widest = names.iter().map(|name| width(name)).max().unwrap_or_default();
            lines.extend(listed.iter().zip(&names).map(|(file, name)| {
                let what = match (file.a.map(bytes), file.b.map(bytes)) {
                    (Some(a), Some(b)) if a == b => format!("changed, {a}"),
                    (Some(a), Some(b)) => format!("{a} → {b}"),
                    (Some(a), None) => format!("removed, {a}"),
                    (None, b) => format!("added, {}", b.unwrap_or_default()),
                };
                format!("    {name}{:padding$}  {what}\n", "", padding = widest - width(name))
            }));
            let more = usize::try_from(folder.count()).unwrap_or(usize::MAX).saturating_sub(listed.len());
            if more > 0 {
                lines.push(format!("    and {}\n", plural(more, "more file")));
            }
        }
        lines
    }

    fn counts(&self, insertions: Option<u64>, deletions: Option<u64>) -> String {
        match (insertions, deletions) {
            (Some(insertions), Some(deletions)) => {
                format!(
                    "{} {}",
                    self.paint("32", &format!("+{insertions}")),
                    self.paint("31", &format!("-{deletions}"))
                )
            }
            _ => "binary".to_owned(),
        }
    }

    /// Config values that stand among the params are only counted.
    fn config(&self, difference: &Difference) -> Vec<String> {
        let params: HashMap<&str, &Change> =
            difference.section(Section::Params).iter().map(|param| (param.key.as_str(), param)).collect();
        let is_param = |change: &&Change| {
            params.get(change.key.as_str()).is_some_and(|param| param.a == change.a && param.b == change.b)
        };
        let (known, rest): (Vec<&Change>, Vec<&Change>) =
            difference.section(Section::Config).iter().partition(is_param);
        let rest: Vec<Change> = rest.into_iter().cloned().collect();
        let mut lines = self.changes(Section::Config, &rest);
        if !known.is_empty() {
            let files: std::collections::BTreeSet<&str> = known.iter().map(|change| change.group.as_str()).collect();
            let files = files.into_iter().map(printable).collect::<Vec<_>>().join(", ");
            lines.push(format!("  {files}: {} as listed among the params\n", plural(known.len(), "value")));
        }
        lines
    }

    fn metrics(&self, metrics: &[MetricChange]) -> Vec<String> {
        let rows: Vec<[String; 5]> = metrics.iter().flat_map(|metric| self.metric(metric)).collect();
        let widest = |at: usize| rows.iter().map(|row| width(&row[at])).max().unwrap_or_default();
        let widths = [widest(0), widest(1), widest(2), widest(3)];
        let line = |row: &[String; 5]| {
            let cells = row[..4].iter().zip(widths).map(|(cell, wanted)| {
                let padding = wanted.saturating_sub(width(cell));
                format!("{cell}{:padding$}  ", "")
            });
            let mark = match row[4].split_once(' ') {
                Some(("▲", rest)) => format!("{} {rest}", self.paint("32", "▲")),
                Some(("▼", rest)) => format!("{} {rest}", self.paint("31", "▼")),
                _ => row[4].clone(),
            };
            format!("  {}{mark}", cells.collect::<String>()).trim_end().to_owned() + "\n"
        };
        rows.iter().map(line).collect()
    }

    /// Name, which value, the two values, their difference, mark and remarks.
    fn metric(&self, metric: &MetricChange) -> Vec<[String; 5]> {
        let arrow = match metric.direction {
            Some(Direction::Maximize) => " ↑",
            Some(Direction::Minimize) => " ↓",
            None => "",
        };
        let name = format!("{}{arrow}", shorten(&printable(&metric.name), LONGEST_KEY));
        let shown = metric.leading();
        let mut notes: Vec<String> = Vec::new();
        if let Some(steps) = metric.steps {
            let [a, b] = steps.map(|step| step.map_or_else(|| NONE.to_owned(), |step| step.to_string()));
            notes.push(format!("step {a} → {b}"));
        }
        if let Some([a, b]) = metric.points {
            notes.push(format!("{a} → {b} points"));
        }
        let mut notes = notes.join(", ");
        if shown.is_empty() {
            let notes = if notes.is_empty() { "points before the last differ".to_owned() } else { notes };
            return vec![[name, String::new(), notes, String::new(), String::new()]];
        }
        let rows = shown.into_iter().enumerate().map(|(at, (which, values))| {
            let name = if at == 0 { name.clone() } else { String::new() };
            let delta = values.delta.filter(|delta| *delta != 0.0).map(signed).unwrap_or_default();
            let mark = values.better.map_or("", |better| if better { "▲" } else { "▼" });
            let notes = std::mem::take(&mut notes);
            [name, which.name().to_owned(), metric_pair(values).join(" → "), delta, format!("{mark} {notes}")]
        });
        rows.collect()
    }
}

/// Whether keys of this section are things that one run has and another has not.
fn comes_and_goes(section: Section) -> bool {
    use Section::{Config, Data, Environment, Files, Locks, Params, Settings, Tags};
    matches!(section, Params | Config | Data | Environment | Locks | Settings | Tags | Files)
}
