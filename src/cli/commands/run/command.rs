//! What exactly is run: the command with its placeholders filled, the config copy, the params.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::RunArgs;
use crate::artifact::digest;
use crate::capture::secrets::Masker;
use crate::capture::secrets::record::secret_placeholders;
use crate::capture::{config, file};
use crate::cli::error::CliError;
use crate::cli::selector::nearest;
use crate::model::param::{ParamText, parse_assignment, placeholders, substitute};
use crate::model::run::ConfigCopy;
use crate::record::params::Taken;

/// The names that git-xp fills in itself.
const OWN_NAMES: [&str; 4] = ["seed", "config", "run", "out"];

/// A config is at most so large, in bytes.
const LARGEST_CONFIG: u64 = 10 << 20;

/// What the command line says, read and checked once.
#[derive(Debug)]
pub(super) struct Template {
    /// The command as typed, with placeholders.
    pub(super) command: Vec<String>,
    params: Vec<(String, ParamText)>,
    config: Option<Config>,
    seed_param: Option<String>,
}

#[derive(Debug)]
struct Config {
    file: String,
    name: String,
    bytes: Vec<u8>,
    map: Map<String, Value>,
}

/// The command of one seed.
#[derive(Debug)]
pub(super) struct Filled {
    /// What is started.
    pub(super) argv: Vec<String>,
    /// The digest of it, secrets masked.
    pub(super) argv_digest: String,
    /// The command as typed, secrets masked.
    pub(super) command: Vec<String>,
    /// How the seed can reach the program.
    pub(super) seed_via: Vec<String>,
    /// All params, secrets masked.
    pub(super) params: BTreeMap<String, Value>,
    /// Where those are from that neither `-p` nor `--config` says.
    pub(super) sources: Taken,
    /// Where the outputs will be.
    pub(super) out: Option<PathBuf>,
    /// The config copy.
    pub(super) config: Option<Copied>,
}

/// The copy of a config: secrets are masked in what is recorded, not in what the command reads.
#[derive(Debug)]
pub(super) struct Copied {
    /// What the fact says of it.
    pub(super) recorded: ConfigCopy,
    /// Its path below the run's files.
    pub(super) name: String,
    /// What is recorded.
    pub(super) bytes: Vec<u8>,
    /// What the command reads.
    pub(super) path: PathBuf,
    /// Where that lies if it holds secrets, as long as the command runs: outside of the repository, for this user alone.
    _private: Option<tempfile::TempDir>,
}

impl Template {
    /// Read the options. `command` is what follows `--`, or the branch's last command.
    ///
    /// # Errors
    /// If a param reaches nothing, or the config cannot be read.
    pub(super) fn new(
        args: &RunArgs,
        command: Vec<String>,
        prefix: &str,
        seed_param: Option<&str>,
    ) -> Result<Self, CliError> {
        let params = args
            .params
            .iter()
            .map(|text| parse_assignment(text).map_err(|error| CliError::usage(format!("-p {text}: {error}"))))
            .collect::<Result<Vec<_>, _>>()?;
        let config = args.config.as_deref().map(|path| read_config(path, prefix)).transpose()?;
        let template = Self { command, params, config, seed_param: seed_param.map(str::to_owned) };
        template.check()?;
        Ok(template)
    }

    /// Whether git-xp fills a placeholder of this name.
    pub(super) fn fills(&self, name: &str) -> bool {
        OWN_NAMES.contains(&name) || self.params.iter().any(|(known, _)| known == name)
    }

    fn check(&self) -> Result<(), CliError> {
        let used = placeholders(&self.command);
        let takes_config = used.contains("config") && self.config.is_some();
        if used.contains("config") && self.config.is_none() {
            return Err(CliError::usage("the command has {config}, and no --config FILE says which")
                .hint("git xp run --config <file> …"));
        }
        for (name, _) in &self.params {
            if OWN_NAMES.contains(&name.as_str()) {
                return Err(CliError::usage(format!("-p {name}=…: {{{name}}} is filled in by git-xp"))
                    .hint(if name == "seed" { "--seed N" } else { "choose another name for the param" }));
            }
            if !used.contains(name) && !takes_config {
                let error = CliError::usage(format!(
                    "-p {name}=… reaches nothing: the command has no {{{name}}}{}",
                    if self.config.is_some() { " and no {config}" } else { "" }
                ));
                let similar = nearest(name, used.iter().map(String::as_str).filter(|used| !OWN_NAMES.contains(used)));
                return Err(match similar {
                    Some(similar) => error.hint(format!("did you mean -p {similar}=…?")),
                    None => error.hint(format!(
                        "write {{{name}}} where the program takes it: … -- python train.py --{name} {{{name}}}"
                    )),
                });
            }
        }
        Ok(())
    }

    /// Whether the command has all that it names. Apart from the rest, because a missing seed is a rule first.
    ///
    /// # Errors
    /// If it names the seed, and there is none.
    pub(super) fn check_seed(&self, args: &RunArgs) -> Result<(), CliError> {
        if placeholders(&self.command).contains("seed") && args.seed.is_none() && args.seeds.is_none() {
            return Err(CliError::usage("the command has {seed}, and no seed was given").hint("git xp run --seed 1 …"));
        }
        Ok(())
    }

    /// Fill the template for one seed. `file_of` tells where a file of the run will lie.
    ///
    /// # Errors
    /// If an override does not fit into the config, or a config with secrets cannot be put aside.
    pub(super) fn fill(
        &self,
        run: &str,
        seed: Option<i64>,
        out: Option<PathBuf>,
        masker: &Masker,
        file_of: impl Fn(&str) -> PathBuf,
    ) -> Result<Filled, CliError> {
        let used = placeholders(&self.command);
        let mut known: BTreeMap<String, String> =
            self.params.iter().map(|(name, text)| (name.clone(), text.as_str().to_owned())).collect();
        known.insert("run".to_owned(), run.to_owned());
        known.extend(out.iter().map(|out| ("out".to_owned(), out.display().to_string())));
        known.extend(seed.map(|seed| ("seed".to_owned(), seed.to_string())));
        let mut seed_via = Vec::new();
        if seed.is_some() && used.contains("seed") {
            seed_via.push("argv".to_owned());
        }
        let mut params: BTreeMap<String, Value> = BTreeMap::new();
        let secret = secret_placeholders(&self.command);
        for (name, text) in self.params.iter().filter(|(name, _)| secret.contains(name)) {
            params.insert(name.clone(), masker.hide(text.as_str()).into());
        }
        let mut copy = None;
        if let Some(config) = &self.config {
            let (map, bytes) = self.merge(config, seed, &used)?;
            let of_config = masker.mask_params(&config::flatten(&map));
            params = of_config.into_iter().chain(params).collect();
            let name = format!("config/{}", config.name);
            let copied = copy_config(config, name, bytes, masker, &file_of)?;
            known.insert("config".to_owned(), copied.path.display().to_string());
            if seed.is_some() && self.seed_param.is_some() {
                seed_via.push("config".to_owned());
            }
            copy = Some(copied);
        }
        for (name, text) in self.params.iter().filter(|(name, _)| !secret.contains(name)) {
            params.insert(name.clone(), masker.mask_value(name, &text.typed()));
        }
        if seed.is_some() {
            seed_via.push("env".to_owned());
        }
        let (argv, _) = substitute(&self.command, &known);
        // A digest of a secret would let it be guessed.
        let joined: Vec<u8> = masker.mask_argv(&argv).iter().flat_map(|arg| arg.bytes().chain([0])).collect();
        Ok(Filled {
            argv_digest: digest(&joined),
            command: masker.mask_argv(&self.command),
            argv,
            seed_via,
            params,
            sources: Taken::default(),
            out,
            config: copy,
        })
    }

    /// The config with its overrides, and its bytes: the file's own if nothing is overridden.
    fn merge(
        &self,
        config: &Config,
        seed: Option<i64>,
        used: &std::collections::BTreeSet<String>,
    ) -> Result<(Map<String, Value>, Vec<u8>), CliError> {
        let keys = config::flatten(&config.map);
        let mut overrides: Vec<(&str, Value)> = self
            .params
            .iter()
            // A param that a placeholder takes goes into the config only if the config has it too.
            .filter(|(name, _)| keys.contains_key(name) || !used.contains(name))
            .map(|(name, text)| (name.as_str(), text.typed()))
            .collect();
        if let (Some(name), Some(seed)) = (&self.seed_param, seed) {
            overrides.push((name, seed.into()));
        }
        if overrides.is_empty() {
            return Ok((config.map.clone(), config.bytes.clone()));
        }
        let wrong = |error: config::ConfigError| CliError::new(format!("{}: {error}", config.file));
        let mut map = config.map.clone();
        for (name, value) in overrides {
            config::merge(&mut map, name, value).map_err(wrong)?;
        }
        let text = config::encode(&config.name, &map).map_err(wrong)?;
        Ok((map, text.into_bytes()))
    }
}

/// The copy of a config as it is recorded, and as the command reads it.
fn copy_config(
    config: &Config,
    name: String,
    bytes: Vec<u8>,
    masker: &Masker,
    file_of: impl Fn(&str) -> PathBuf,
) -> Result<Copied, CliError> {
    let masked = masker.mask_config(&config.name, &bytes).into_owned();
    let recorded = ConfigCopy { file: masker.mask_text(&config.file), digest: digest(&masked) };
    if masked == bytes {
        return Ok(Copied { recorded, path: file_of(&name), name, bytes, _private: None });
    }
    let put_aside = || -> std::io::Result<(tempfile::TempDir, PathBuf)> {
        let dir = tempfile::Builder::new().prefix("git-xp-").tempdir()?;
        let path = dir.path().join(&config.name);
        std::fs::write(&path, &bytes)?;
        Ok((dir, path))
    };
    let (dir, path) =
        put_aside().map_err(|error| CliError::new(format!("a copy of {} for the command: {error}", config.file)))?;
    Ok(Copied { recorded, name, bytes: masked, path, _private: Some(dir) })
}

fn read_config(path: &Path, prefix: &str) -> Result<Config, CliError> {
    let shown = path.display().to_string();
    path.metadata().map_err(|error| CliError::new(format!("--config {shown}: {error}")))?;
    let wrong = || CliError::new(format!("--config {shown}: no readable file of at most {} MiB", LARGEST_CONFIG >> 20));
    let bytes = file::read(path, LARGEST_CONFIG).ok_or_else(wrong)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let map = config::parse(&name, &bytes).map_err(|error| CliError::new(format!("{shown}: {error}")))?;
    let file = if prefix.is_empty() || path.is_absolute() { shown } else { format!("{prefix}/{shown}") };
    Ok(Config { file, name, bytes, map })
}
