//! Pins of data: what `--data` and `.xp.toml` ask for, looked at before the command starts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::RunArgs;
use crate::artifact::store::Store;
use crate::capture::secrets::MASK;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::data::pin::{Pinned, Place, pin_path, pin_uri};
use crate::data::spec::{Spec, What, specs};
use crate::git::status::{Dirt, DirtKind};
use crate::model::data::DataPin;
use crate::model::run::Artifact;
use crate::record::artifacts;

/// The data of a run.
#[derive(Debug, Default)]
pub(super) struct Pins {
    /// What the fact says, by name.
    pub(super) pins: BTreeMap<String, DataPin>,
    /// Files that go into the ledger: path, content.
    pub(super) files: Vec<(String, Vec<u8>)>,
}

/// What is to be pinned, and where it is looked for.
#[derive(Debug)]
pub(super) struct Wanted {
    specs: Vec<Spec>,
    place: Place,
}

impl Wanted {
    /// Read the options and settings. `repeated` is what the run had that is repeated; settings beat it.
    ///
    /// # Errors
    /// If an option is none, or the repository is bare.
    pub(super) fn new(cx: &Context, args: &RunArgs, mut repeated: BTreeMap<String, String>) -> Result<Self, CliError> {
        repeated.extend(cx.settings.data.clone());
        let specs = specs(&repeated, &args.data)
            .map_err(|why| CliError::usage(format!("--data: {why}")).hint("git xp run --data train=data/train …"))?;
        if let Some(spec) = specs.iter().find(|spec| spec.what.text().contains(MASK)) {
            let name = &spec.name;
            return Err(CliError::usage(format!("data {name} of the last run held a secret, which is not recorded"))
                .hint(format!("git xp run --data {name}=PATH …")));
        }
        Ok(Self { specs, place: place(cx)? })
    }

    /// Look at all of it.
    ///
    /// # Errors
    /// If something is not there, cannot be read, or names no version.
    pub(super) fn pin(&self, cx: &Context, say: bool) -> Result<Pins, CliError> {
        let mut all = Pins::default();
        for Spec { name, what } in &self.specs {
            let Pinned { pin, mut manifest, mut warnings } = self.pin_one(name, what)?;
            if manifest.as_ref().is_some_and(|manifest| matches!(cx.masker.mask(manifest), Cow::Owned(_))) {
                // With a mask in it, it would not be what was digested.
                manifest = None;
                warnings.push(
                    "a file's name holds a secret: the list of files is not recorded, only its digest".to_owned(),
                );
            }
            if say {
                warnings.iter().for_each(|warning| cx.ui.warning(&format!("data {name}: {warning}")));
            }
            all.files.extend(manifest.map(|manifest| (manifest_name(name), manifest)));
            all.pins.insert(name.clone(), pin);
        }
        Ok(all)
    }

    /// Store the files and folders that are pinned, as artifacts `data/<name>`. What only DVC, Git LFS or a URI tell of is kept by those.
    ///
    /// # Errors
    /// If one cannot be read or stored.
    pub(super) fn store(&self, cx: &Context) -> Result<Vec<Artifact>, CliError> {
        let (store, caches) = (Store::of(&cx.repo), cx.root.path().join("data"));
        let paths = self.specs.iter().filter_map(|spec| Some((&spec.name, self.place.find(&spec.what)?)));
        let stored = paths.map(|(name, path)| {
            artifacts::store(&store, &caches, &path, &format!("data/{name}"), Some("data".to_owned()))
                .map_err(|error| CliError::new(format!("data {name}: {error}")))
        });
        stored.collect()
    }

    fn pin_one(&self, name: &str, what: &What) -> Result<Pinned, CliError> {
        match self.place.find(what) {
            Some(path) => pin_path(&self.place, &path)
                .map_err(|error| CliError::new(format!("data {name}: {error}")).hint(error.hint())),
            None => pin_uri(what.text()).map_err(|error| CliError::usage(format!("data {name}: {error}"))),
        }
    }

    /// A path as facts name it.
    pub(super) fn name(&self, path: &std::path::Path) -> String {
        self.place.name(path)
    }

    /// The paths of the work tree that are pinned: files there that git does not know need no commit.
    pub(super) fn paths(&self) -> Vec<String> {
        let paths = self.specs.iter().filter_map(|spec| self.place.find(&spec.what));
        paths.filter(|path| path.starts_with(&self.place.top)).map(|path| self.place.name(&path)).collect()
    }
}

/// Where the paths of options and settings begin.
///
/// # Errors
/// If the repository is bare.
pub(super) fn place(cx: &Context) -> Result<Place, CliError> {
    let top = cx.repo.work_dir()?;
    let canonical = |path: &std::path::Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    Ok(Place { top: canonical(top), cwd: canonical(&cx.cwd), common_dir: cx.repo.common_dir() })
}

/// Where the list of a folder's files lies among the files of a run.
pub fn manifest_name(pin: &str) -> String {
    format!("data/{pin}.manifest")
}

/// Paths of the work tree that need no commit: pinned data, and outputs.
#[derive(Debug, Default)]
pub(super) struct Apart {
    /// Pinned paths.
    pub(super) data: Vec<String>,
    /// Paths of outputs.
    pub(super) out: Vec<String>,
}

impl Apart {
    /// Whether a path is pinned, or lies in a pinned folder: then it is recorded.
    pub(super) fn pins(&self, path: &str) -> bool {
        self.data.iter().any(|above| is_at_or_below(path, above))
    }

    /// Whether this is no dirt. What git tracks is, wherever it lies.
    pub(super) fn excuses(&self, dirt: &Dirt) -> bool {
        let path = dirt.path.trim_end_matches('/');
        let is_output = || self.out.iter().any(|out| is_at_or_below(path, out));
        dirt.kind == DirtKind::Untracked && (self.pins(path) || is_output())
    }
}

pub(super) fn is_at_or_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
