//! Puts the layers together.

use super::error::SettingsError;
use super::file::FileSettings;
use super::git_config::GitConfig;
use super::key::Key;
use super::rule::{Level, Rule};
use super::{Ignore, Layer, Settings};
use std::collections::BTreeMap;

/// What the options of a command say; they beat everything but locks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Levels of rules; of one rule the last one counts.
    pub rules: Vec<(Rule, Level)>,
    /// `start.prefix`.
    pub prefix: Option<String>,
    /// `start.baseline`.
    pub baseline: Option<String>,
    /// `seed.param`.
    pub seed_param: Option<String>,
    /// `metrics.files`.
    pub metrics_files: Option<Vec<String>>,
}

impl Settings {
    /// What holds, and what to warn of: an option beats git's config, which beats the file, which beats the defaults.
    ///
    /// # Errors
    /// When a rule that the file locks would be loosened, or an option has a wrong value.
    pub fn resolve(
        file: &FileSettings,
        config: &GitConfig,
        overrides: &Overrides,
    ) -> Result<(Self, Vec<String>), SettingsError> {
        check_options(overrides)?;
        check_locks(file, config, overrides)?;
        let mut settings = Self::default();
        for layer in [&file.layer, &config.layer, &layer_of(overrides)] {
            settings.apply(layer);
        }
        Ok((settings, [file.warnings.as_slice(), &config.warnings].concat()))
    }

    fn apply(&mut self, layer: &Layer) {
        set(&mut self.start.prefix, &layer.prefix);
        set(&mut self.metrics_files, &layer.metrics_files);
        set(&mut self.run.ignore, &layer.ignore);
        set(&mut self.run.environment, &layer.environment);
        set(&mut self.evaluation_paths, &layer.evaluation_paths);
        if layer.baseline.is_some() {
            self.start.baseline.clone_from(&layer.baseline);
        }
        if layer.out.is_some() {
            self.run.out.clone_from(&layer.out);
        }
        set(&mut self.run.sample, &layer.sample);
        self.data.extend(layer.data.clone());
        let earlier = std::mem::replace(&mut self.artifacts, layer.artifacts.clone());
        let is_new = |(name, _): &(String, String)| layer.artifacts.iter().all(|(known, _)| known != name);
        self.artifacts.extend(earlier.into_iter().filter(is_new));
        if layer.seed_param.is_some() {
            self.seed_param.clone_from(&layer.seed_param);
        }
        for (rule, level) in &layer.rules {
            match rule {
                Rule::Clean => self.rules.clean = *level,
                Rule::Seed => self.rules.seed = *level,
            }
        }
        set_some(&mut self.params.files, &layer.params_files);
        set(&mut self.params.argv, &layer.params_argv);
        set(&mut self.params.hydra, &layer.params_hydra);
        set(&mut self.params.papermill, &layer.params_papermill);
        // One's own additions must not take the team's patterns away.
        self.secrets.patterns.extend(layer.secret_patterns.iter().cloned());
        self.secrets.allow.extend(layer.secret_allow.iter().cloned());
        self.directions.extend(layer.directions.clone());
    }
}

fn set<T: Clone>(slot: &mut T, value: &Option<T>) {
    if let Some(value) = value {
        slot.clone_from(value);
    }
}

fn set_some<T: Clone>(slot: &mut Option<T>, value: &Option<T>) {
    if value.is_some() {
        slot.clone_from(value);
    }
}

fn layer_of(overrides: &Overrides) -> Layer {
    Layer {
        prefix: overrides.prefix.clone(),
        baseline: overrides.baseline.clone(),
        rules: BTreeMap::from_iter(overrides.rules.iter().copied()),
        seed_param: overrides.seed_param.clone(),
        metrics_files: overrides.metrics_files.clone(),
        ..Layer::default()
    }
}

fn check_options(overrides: &Overrides) -> Result<(), SettingsError> {
    let files = overrides.metrics_files.iter().flatten().map(|path| ("metrics.files", Key::MetricsFiles, path));
    let texts = [
        ("start.prefix", Key::Prefix, &overrides.prefix),
        ("start.baseline", Key::Baseline, &overrides.baseline),
        ("seed.param", Key::SeedParam, &overrides.seed_param),
    ];
    let texts = texts.into_iter().filter_map(|(name, key, text)| Some((name, key, text.as_ref()?)));
    for (name, key, text) in texts.chain(files) {
        key.check(text).map_err(|wrong| SettingsError::OptionValue {
            key: name.to_owned(),
            found: wrong.found,
            allowed: wrong.allowed,
        })?;
    }
    for (rule, level) in &overrides.rules {
        let key = Key::Rule(*rule);
        key.check(level.as_str()).map_err(|wrong| SettingsError::OptionValue {
            key: format!("rules.{rule}"),
            found: wrong.found,
            allowed: wrong.allowed,
        })?;
    }
    Ok(())
}

fn check_locks(file: &FileSettings, config: &GitConfig, overrides: &Overrides) -> Result<(), SettingsError> {
    let options = layer_of(overrides).rules;
    for rule in &file.locked {
        let locked = file.layer.rules.get(rule).copied().unwrap_or_else(|| Settings::default().rules.level(*rule));
        let loosened = |level: &Level, by: String, fix: String| {
            let level = *level;
            let file = file.path.clone();
            let error = SettingsError::Loosened { file, rule: *rule, locked, by, level, fix };
            if level < locked { Err(error) } else { Ok(()) }
        };
        if let Some(level) = options.get(rule) {
            loosened(level, "an option".to_owned(), "leave the option out".to_owned())?;
        } else if let Some(level) = config.layer.rules.get(rule) {
            let name = format!("xp.rules.{rule}");
            loosened(level, format!("git config `{name}`"), format!("remove it with `git config --unset-all {name}`"))?;
        }
    }
    // A pattern that exempts paths loosens the rule as a level would.
    let allowed = file.layer.ignore.as_ref().map_or(&[][..], Ignore::patterns);
    let added = config.layer.ignore.iter().flat_map(Ignore::patterns).find(|pattern| !allowed.contains(pattern));
    match added {
        Some(pattern) if file.locked.contains(&Rule::Clean) => {
            Err(SettingsError::Exempted { file: file.path.clone(), pattern: pattern.clone() })
        }
        _ => Ok(()),
    }
}
