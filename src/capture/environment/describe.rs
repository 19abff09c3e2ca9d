//! The text of `env.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::interpreter::{Interpreter, Kind};
use super::locate::{Located, locate};
use super::origin::Origin;
use super::packages::{self, Packages};
use super::surroundings::Surroundings;
use super::{conda, container, hardware, site, system};
use crate::capture::secrets::Masker;
use crate::git::neighbour::{self, Neighbour};

/// How many editable packages' repositories are looked at.
const MAX_REPOSITORIES: usize = 64;

/// Describe what a command runs in: see `docs/format.md`. There is no time in it, and the order is fixed, so that the same environment gives the same text.
/// Secrets are masked.
pub fn describe(
    surroundings: &Surroundings,
    variables: &BTreeMap<String, String>,
    locks: &BTreeMap<String, String>,
    masker: &Masker,
) -> String {
    let located = locate(surroundings);
    let mut found = match &located.python {
        Some(python) => packages::read(&site::folders(python, surroundings)),
        None => Packages::default(),
    };
    look_at_sources(&mut found, &surroundings.top);
    let conda = located.conda.as_deref();
    let strings = |map: BTreeMap<String, String>| map.into_iter().map(|(key, value)| (key, value.into())).collect();
    let sources = found.origins.iter().map(|(name, origin)| (name.clone(), source(origin, surroundings).into()));
    // What was always there is there even if it is empty.
    let parts: [(&str, Table, bool); 9] = [
        ("system", system::describe(), true),
        ("hardware", hardware::describe(surroundings), false),
        ("container", container::describe(Path::new("/"), surroundings), false),
        ("python", python(&located, surroundings), false),
        ("packages", strings(found.versions), false),
        ("sources", sources.collect(), false),
        ("conda", conda.map(conda::packages).map(strings).unwrap_or_default(), false),
        ("locks", strings(locks.clone()), true),
        ("variables", strings(variables.clone()), true),
    ];
    let parts = parts.into_iter().filter(|(_, table, is_always)| *is_always || !table.is_empty());
    let whole: Table = parts.map(|(name, table, _)| (name.to_owned(), Value::Table(masked(table, masker)))).collect();
    whole.to_string()
}

/// The tool that chose the environment, if a text of [`describe`] names one, and whether its Python was found. Such a tool may make the environment, or
/// bring it up to date, before it starts the command.
pub fn tool(env_toml: &str) -> Option<(&str, bool)> {
    let name = env_toml.lines().find_map(|line| line.strip_prefix("run_by = \"")?.strip_suffix('"'))?;
    Some((name, env_toml.lines().any(|line| line.starts_with("prefix = "))))
}

/// Secrets masked in every text, and in every name that a file or a variable gave.
fn masked(table: Table, masker: &Masker) -> Table {
    let mask = |value| match value {
        Value::String(text) => Value::String(masker.mask_text(&text)),
        Value::Table(table) => Value::Table(masked(table, masker)),
        other => other,
    };
    table.into_iter().map(|(name, value)| (masker.mask_text(&name), mask(value))).collect()
}

fn python(located: &Located, surroundings: &Surroundings) -> Table {
    let mut table = Table::new();
    let mut put = |key: &str, value: Option<Value>| table.extend(value.map(|value| (key.to_owned(), value)));
    if let Some(Interpreter { prefix, base, kind, implementation, version, venv, .. }) = &located.python {
        put("version", version.clone().map(Value::from));
        put("implementation", Some((*implementation).into()));
        put("kind", Some(kind.word().into()));
        put("prefix", Some(surroundings.shown(prefix).into()));
        put("base", (base != prefix).then(|| surroundings.shown(base).into()));
        put("made_by", venv.maker.as_deref().map(|maker| crate::model::text::printable(maker).into()));
        put("system_site_packages", (*kind == Kind::Venv && venv.has_system_site_packages).then_some(true.into()));
    }
    put("run_by", located.tool.map(Value::from));
    table
}

/// Adds to each editable package the commit that its code is at. What lies in the work tree of the run is described by the run itself.
fn look_at_sources(found: &mut Packages, top: &Path) {
    let mut known: BTreeMap<std::path::PathBuf, Option<Neighbour>> = BTreeMap::new();
    for origin in found.origins.values_mut().filter(|origin| origin.is_editable) {
        let Some(repository) = origin.folder.as_deref().and_then(neighbour::top) else { continue };
        if repository == top || (known.len() >= MAX_REPOSITORIES && !known.contains_key(&repository)) {
            continue;
        }
        let neighbour = known.entry(repository.clone()).or_insert_with(|| neighbour::look(&repository));
        if let Some(neighbour) = neighbour {
            origin.commit = Some(neighbour.commit.clone());
            origin.is_dirty = neighbour.is_dirty;
        }
    }
}

fn source(origin: &Origin, surroundings: &Surroundings) -> Table {
    let text = |value: &Option<String>| value.clone().map(Value::from);
    let folder = origin.folder.as_deref().map(|folder| {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        Value::from(surroundings.shown(&folder))
    });
    let values = [
        ("url", text(&origin.url)),
        ("folder", folder),
        ("editable", origin.is_editable.then_some(true.into())),
        ("commit", text(&origin.commit)),
        ("dirty", origin.is_dirty.map(Value::from)),
        ("requested", text(&origin.requested)),
        ("subdirectory", text(&origin.subdirectory)),
        ("hash", text(&origin.hash)),
    ];
    values.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}
