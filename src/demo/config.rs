//! What the trainer can be told, and reading it from TOML.

use serde::Deserialize;
use thiserror::Error;

/// More passes than this are a slip of the keyboard, not a setting.
const MAX_EPOCHS: u32 = 100_000;

/// The trainer's settings. Every key must be there and there are no others, so that a misspelt one cannot pass unseen.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Learning rate, above 0: what the gradient is multiplied by in each step.
    pub(crate) lr: f64,
    /// Passes over the training rows, 1 to 100,000.
    pub(crate) epochs: u32,
    /// Weight of the squared weights in the loss, 0 or more.
    pub(crate) l2: f64,
    /// Rows a step, 1 or more; the last batch of an epoch may be smaller.
    pub(crate) batch: usize,
    /// Which measurements the model sees.
    pub(crate) features: Features,
    /// Whether features are brought to mean 0 and standard deviation 1 (of the training rows).
    pub(crate) standardize: bool,
    /// Written into the config by a run that is told the name of the seed's key; the same number as the argument.
    #[serde(default)]
    seed: Option<u64>,
}

/// Which of the four measurements the model sees.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Features {
    /// All four.
    All,
    /// Length and width of the petals.
    Petal,
    /// Length and width of the sepals.
    Sepal,
}

impl Features {
    /// The columns of the data, in order.
    pub(crate) fn columns(self) -> &'static [usize] {
        match self {
            Self::All => &[0, 1, 2, 3],
            Self::Petal => &[2, 3],
            Self::Sepal => &[0, 1],
        }
    }
}

/// Why a text is not a config of the trainer.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ConfigError {
    /// Not TOML, a key that is missing or unknown, or a value of the wrong type.
    #[error("line {line} of the config: {message}")]
    Toml {
        /// Counted from 1.
        line: usize,
        /// What the TOML reader says, in one line.
        message: String,
    },
    /// A number that the trainer cannot work with.
    #[error("`{key} = {value}` in the config: give {allowed}")]
    Range {
        /// The key.
        key: &'static str,
        /// The value that was found.
        value: String,
        /// The values that are possible.
        allowed: &'static str,
    },
    /// The config's own seed is another than the one to train with.
    #[error("the config says `seed = {config}` but the run's seed is {argument}: remove the key or give both the same")]
    Seed {
        /// The seed in the config.
        config: u64,
        /// The seed that the trainer was started with.
        argument: u64,
    },
}

/// Reads the trainer's settings for a run with this seed.
///
/// # Errors
/// [`ConfigError`] for the first thing that is wrong.
pub(crate) fn parse_config(text: &str, seed: u64) -> Result<Config, ConfigError> {
    let config: Config = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(start).filter(|&byte| byte == b'\n').count() + 1;
        ConfigError::Toml { line, message: error.message().replace('\n', ", ") }
    })?;
    if !(config.lr.is_finite() && config.lr > 0.0) {
        return Err(ConfigError::Range { key: "lr", value: config.lr.to_string(), allowed: "a number above 0" });
    }
    if !(1..=MAX_EPOCHS).contains(&config.epochs) {
        return Err(ConfigError::Range { key: "epochs", value: config.epochs.to_string(), allowed: "1 to 100000" });
    }
    if !(config.l2.is_finite() && config.l2 >= 0.0) {
        return Err(ConfigError::Range { key: "l2", value: config.l2.to_string(), allowed: "0 or a number above it" });
    }
    if config.batch == 0 {
        return Err(ConfigError::Range { key: "batch", value: "0".to_owned(), allowed: "1 or more" });
    }
    match config.seed {
        Some(own) if own != seed => Err(ConfigError::Seed { config: own, argument: seed }),
        _ => Ok(config),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::{ConfigError, Features, parse_config};

    const GOOD: &str = "lr = 0.1\nepochs = 5\nl2 = 0\nbatch = 10\nfeatures = \"petal\"\nstandardize = true\n";

    fn message(text: &str) -> String {
        parse_config(text, 1).expect_err("a bad config").to_string()
    }

    #[test]
    fn reads_every_key_and_whole_numbers_for_fractions() {
        let config = parse_config(GOOD, 1).expect("good");
        assert_eq!((config.lr, config.epochs, config.l2, config.batch), (0.1, 5, 0.0, 10));
        assert_eq!((config.features.columns(), config.standardize), ([2, 3].as_slice(), true));
        assert_eq!(Features::All.columns().len() + Features::Sepal.columns().len(), 6);
    }

    #[test]
    fn a_misspelt_missing_or_mistyped_key_is_named() {
        let unknown = message(&GOOD.replace("l2", "l3"));
        assert!(unknown.starts_with("line 3 of the config: unknown field `l3`"), "{unknown}");
        let missing = message(&GOOD.replace("l2 = 0\n", ""));
        assert!(missing.contains("missing field `l2`"), "{missing}");
        let mistyped = message(&GOOD.replace("true", "1"));
        assert!(mistyped.starts_with("line 6 of the config: invalid type"), "{mistyped}");
        let features = message(&GOOD.replace("petal", "leaf"));
        assert!(features.contains("leaf") && features.contains("sepal"), "{features}");
    }

    #[test]
    fn impossible_numbers_are_refused() {
        assert_eq!(message(&GOOD.replace("0.1", "0")), "`lr = 0` in the config: give a number above 0");
        assert_eq!(message(&GOOD.replace("0.1", "nan")), "`lr = NaN` in the config: give a number above 0");
        assert_eq!(message(&GOOD.replace("= 5", "= 0")), "`epochs = 0` in the config: give 1 to 100000");
        assert_eq!(message(&GOOD.replace("l2 = 0", "l2 = -1")), "`l2 = -1` in the config: give 0 or a number above it");
        assert_eq!(message(&GOOD.replace("= 10", "= 0")), "`batch = 0` in the config: give 1 or more");
    }

    #[test]
    fn a_seed_in_the_config_must_be_the_runs() {
        let text = format!("{GOOD}seed = 3\n");
        assert!(parse_config(&text, 3).is_ok());
        assert_eq!(parse_config(&text, 4), Err(ConfigError::Seed { config: 3, argument: 4 }));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}", value in "[-+0-9a-z.\"é]{0,12}") {
            let _ = parse_config(&text, 1);
            let _ = parse_config(&GOOD.replace("0.1", &value), 1);
            let _ = parse_config(&GOOD.replace("petal", &value), 1);
        }
    }
}
