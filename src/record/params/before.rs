//! Params that are known before the command starts: files of params, and the command's own options.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{masked, read_inside, source_of};
use crate::capture::config;
use crate::capture::params::limit::fit;
use crate::capture::params::{argv, dvc, merge};
use crate::capture::secrets::Masker;
use crate::data::pin::Place;
use crate::data::spec::What;
use crate::model::param::{ParamSource, placeholders};
use crate::store::ledger::safe_path;

/// What is asked for.
pub struct Asked<'a> {
    /// Where the command starts.
    pub place: &'a Place,
    /// What is started.
    pub argv: &'a [String],
    /// The same as typed, secrets masked.
    pub command: &'a [String],
    /// Which placeholders git-xp fills.
    pub is_filled: &'a dyn Fn(&str) -> bool,
    /// The files of params, relative to the top of the work tree. `None`: what a project of DVC or the command itself names.
    pub files: Option<&'a [String]>,
    /// The config that `--config` names, as facts name it: it is recorded already.
    pub config: Option<&'a str>,
    /// Whether the options of the command are params.
    pub options: bool,
    /// Masks what the files say.
    pub masker: &'a Masker,
}

/// What was found.
#[derive(Debug, Default, Clone)]
pub struct Taken {
    /// The sources, in the order in which they were read.
    pub sources: Vec<ParamSource>,
    /// Copies that are stored with the run: name, content.
    pub files: Vec<(String, Vec<u8>)>,
    /// Sentences for the user.
    pub said: Vec<String>,
}

/// Add to the params of a run what is asked for.
pub fn read(asked: &Asked<'_>, params: &mut BTreeMap<String, Value>) -> Taken {
    let mut taken = Taken::default();
    let (folder, files) = match asked.files {
        Some(files) => (asked.place.top.clone(), files.to_vec()),
        None => found(asked, &mut taken.said),
    };
    let overrides = dvc::Overrides::read(asked.argv);
    let base = Place { cwd: folder, ..asked.place.clone() };
    let mut earlier = Vec::new();
    for file in &files {
        let Some(path) = base.find(&What::Path(file.clone())) else { continue };
        let name = asked.place.name(&path);
        if asked.config == Some(name.as_str()) {
            continue;
        }
        match values(&asked.place.top, &path, &name) {
            Ok(None) => {}
            Ok(Some((mut found, bytes))) => {
                let changed = overrides.apply(file, &mut found);
                let (values, said) = masked(&merge::apart(found.clone(), &name, &earlier), &name, asked.masker);
                taken.said.extend(said);
                earlier.push(found);
                let name = asked.masker.mask_text(&name);
                let bytes = asked.masker.mask_config(file, &bytes).into_owned();
                let stored = safe_path(&format!("params/{name}"));
                let mut source = source_of("file", &name, &bytes, Some(stored.clone()));
                source.overrides = asked.masker.mask_argv(&changed);
                taken.files.push((stored, bytes));
                taken.said.extend(merge::add(params, &mut taken.sources, source, values, false));
            }
            Err(why) => taken.said.push(format!("{why}; no param is taken from it")),
        }
    }
    if asked.options {
        let is_filled = |word: &str| placeholders(&[word.to_owned()]).iter().any(|name| (asked.is_filled)(name));
        let (values, said) = fit(argv::params(asked.command, is_filled), "the command line");
        taken.said.extend(said);
        let source = ParamSource { kind: "argv".to_owned(), ..ParamSource::default() };
        taken.said.extend(merge::add(params, &mut taken.sources, source, values, false));
        // A command without options says nothing.
        taken
            .sources
            .retain(|source| source.kind != "argv" || !source.names.is_empty() || !source.overruled.is_empty());
    }
    taken
}

type Values = (BTreeMap<String, Value>, Vec<u8>);

fn values(top: &Path, path: &Path, name: &str) -> Result<Option<Values>, String> {
    let bytes = read_inside(top, path).map_err(|why| format!("{name}: {why}"))?;
    let Some(bytes) = bytes else { return Ok(None) };
    let map = config::parse(name, &bytes).map_err(|error| error.to_string())?;
    Ok(Some((config::flatten(&map), bytes)))
}

/// The files that nobody has named in the settings, and the folder that their names begin in: those of the nearest `dvc.yaml`; else, where DVC is used,
/// `params.yaml`; else a `params.yaml` that the command names. Another one may be anybody's.
fn found(asked: &Asked<'_>, said: &mut Vec<String>) -> (PathBuf, Vec<String>) {
    let Place { top, cwd, .. } = asked.place;
    let one = |folder: &Path| (folder.to_owned(), vec![dvc::DEFAULT.to_owned()]);
    for folder in cwd.ancestors().take_while(|folder| folder.starts_with(top)) {
        match read_inside(top, &folder.join("dvc.yaml")) {
            Ok(None) => {}
            Ok(Some(bytes)) => match dvc::files(&bytes) {
                Ok(files) => return (folder.to_owned(), files),
                Err(why) => {
                    said.push(format!(
                        "{}: {why}; only params.yaml beside it is read",
                        asked.place.name(&folder.join("dvc.yaml"))
                    ));
                    return one(folder);
                }
            },
            Err(_) => return one(folder),
        }
    }
    if top.join(".dvc").is_dir() {
        let here = cwd
            .ancestors()
            .take_while(|folder| folder.starts_with(top))
            .find(|folder| folder.join(dvc::DEFAULT).exists());
        return one(here.unwrap_or(top));
    }
    let paths = asked.argv.iter().map(|word| word.split_once('=').map_or(word.as_str(), |(_, path)| path));
    let named = paths.filter(|path| Path::new(path).file_name().is_some_and(|name| name == dvc::DEFAULT));
    (cwd.clone(), named.take(1).map(str::to_owned).collect())
}
