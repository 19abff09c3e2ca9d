//! What exactly is run: the command with its placeholders filled, the config copy, the params.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::RunArgs;
use crate::artifact::objects::digest;
use crate::capture::config;
use crate::capture::secrets::mask_argv;
use crate::cli::error::CliError;
use crate::cli::selector::nearest;
use crate::model::param::{ParamText, parse_assignment, placeholders, substitute};
use crate::model::run::ConfigCopy;

/// The names that git-xp fills in itself.
const OWN_NAMES: [&str; 4] = ["seed", "config", "run", "out"];

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
    /// The digest of it.
    pub(super) argv_digest: String,
    /// The command as typed, secrets masked.
    pub(super) command: Vec<String>,
    /// How the seed can reach the program.
    pub(super) seed_via: Vec<String>,
    /// All params.
    pub(super) params: BTreeMap<String, Value>,
    /// Where the outputs will be.
    pub(super) out: Option<PathBuf>,
    /// The config copy: what the fact says of it, its path below the run's files, its content.
    pub(super) config: Option<(ConfigCopy, String, Vec<u8>)>,
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
        template.check(args)?;
        Ok(template)
    }

    fn check(&self, args: &RunArgs) -> Result<(), CliError> {
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
        if used.contains("seed") && args.seed.is_none() && args.seeds.is_none() {
            return Err(CliError::usage("the command has {seed}, and no seed was given").hint("git xp run --seed 1 …"));
        }
        Ok(())
    }

    /// Fill the template for one seed. `file_of` tells where a file of the run will lie.
    ///
    /// # Errors
    /// If an override does not fit into the config.
    pub(super) fn fill(
        &self,
        run: &str,
        seed: Option<i64>,
        out: Option<PathBuf>,
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
        let mut params = BTreeMap::new();
        let mut copy = None;
        if let Some(config) = &self.config {
            let (map, bytes) = self.merge(config, seed, &used)?;
            params = config::flatten(&map);
            let name = format!("config/{}", config.name);
            known.insert("config".to_owned(), file_of(&name).display().to_string());
            if seed.is_some() && self.seed_param.is_some() {
                seed_via.push("config".to_owned());
            }
            copy = Some((ConfigCopy { file: config.file.clone(), digest: digest(&bytes) }, name, bytes));
        }
        params.extend(self.params.iter().map(|(name, text)| (name.clone(), text.typed())));
        if seed.is_some() {
            seed_via.push("env".to_owned());
        }
        let (argv, _) = substitute(&self.command, &known);
        let joined: Vec<u8> = argv.iter().flat_map(|arg| arg.bytes().chain([0])).collect();
        Ok(Filled {
            argv_digest: digest(&joined),
            command: mask_argv(&self.command),
            argv,
            seed_via,
            params,
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

fn read_config(path: &Path, prefix: &str) -> Result<Config, CliError> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| CliError::new(format!("--config {shown}: {error}")))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let map = config::parse(&name, &bytes).map_err(|error| CliError::new(format!("{shown}: {error}")))?;
    let file = if prefix.is_empty() || path.is_absolute() { shown } else { format!("{prefix}/{shown}") };
    Ok(Config { file, name, bytes, map })
}
