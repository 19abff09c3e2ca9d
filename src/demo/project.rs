//! The demo's project: its files, its experiments, and what a user types to run them.
//!
//! Over seeds 1 to 5 the experiments end as a team's do: one is better, one makes no difference, one is worse. A test
//! holds them to it, over far more seeds too, so that the demo's comparison is no accident of five.

/// A file that the demo's first commit holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProjectFile {
    /// Its path in the repository.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// An experiment of the demo: its hypothesis, and the edit of `config.toml` that tries it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DemoExperiment {
    /// What `git xp start` is given.
    pub name: &'static str,
    /// `--data`.
    pub data: &'static str,
    /// `--method`.
    pub method: &'static str,
    /// `--expect`, each.
    pub expect: &'static [&'static str],
    /// `--because`.
    pub because: &'static str,
    /// Settings as they stand in the baseline's `config.toml`, and what they become.
    pub edits: &'static [(&'static str, &'static str)],
}

/// The config of the baseline.
pub const CONFIG: ProjectFile = ProjectFile {
    path: "config.toml",
    text: r#"# Multinomial logistic regression, by mini-batch gradient descent.
lr = 0.1            # learning rate
epochs = 20         # passes over the 60 training rows
l2 = 0.001          # weight of the penalty on large weights
batch = 10          # rows a step
features = "all"    # all | petal | sepal
standardize = true  # mean 0 and standard deviation 1
"#,
};

/// All files of the project.
pub const FILES: [ProjectFile; 3] = [
    CONFIG,
    ProjectFile {
        path: ".xp.toml",
        text: r#"[seed]
param = "seed"

[metric.val_acc]
direction = "maximize"

[metric.test_acc]
direction = "maximize"

[metric.val_loss]
direction = "minimize"

[metric.train_loss]
direction = "minimize"
"#,
    },
    ProjectFile {
        path: "README.md",
        text: r#"# Which iris is it?

A classifier tells three species of iris apart by the length and width of their sepals and petals (R. A. Fisher's
data, 150 flowers). `config.toml` says how it is trained. Of each species it learns from 20 flowers; settings are chosen
by 20 others (`val_acc`, `val_loss`), and `test_acc` is measured on the 10 that are left. The seed decides which are which.

Train it once, and record the run:

    git xp run --seed 1 --config config.toml -- git-xp demo-train --config {config} --seed {seed}
"#,
    },
];

/// The command after `--` in `git xp run`; the trainer is part of git-xp, so that the demo needs nothing else.
pub const COMMAND: [&str; 6] = ["git-xp", "demo-train", "--config", "{config}", "--seed", "{seed}"];

/// The seeds of the baseline and of each experiment, as `--seeds` takes them.
pub const SEEDS: &str = "1..5";

/// The experiments, in the order in which the demo runs them.
pub const EXPERIMENTS: [DemoExperiment; 3] = [
    DemoExperiment {
        name: "higher-lr",
        data: "iris, 20 flowers of each species",
        method: "a learning rate of 1.0 instead of 0.1",
        expect: &["val_acc >= baseline + 0.03", "val_loss <= baseline * 0.8"],
        because: "the loss still falls when the 20 epochs are over",
        edits: &[("lr = 0.1 ", "lr = 1.0 ")],
    },
    DemoExperiment {
        name: "full-batch",
        data: "iris, 20 flowers of each species",
        method: "one step an epoch with the gradient of all 60 rows, and a learning rate six times as high to go as far",
        expect: &["val_acc >= baseline + 0.02"],
        because: "a gradient without sampling noise points the right way",
        edits: &[("batch = 10", "batch = 60"), ("lr = 0.1 ", "lr = 0.6 ")],
    },
    DemoExperiment {
        name: "sepal-only",
        data: "iris without the petals: sepal length and width",
        method: "the settings of the baseline",
        expect: &["val_acc >= baseline * 0.95"],
        because: "sepals and petals grow together, so two measurements should do for most flowers",
        edits: &[("features = \"all\"  ", "features = \"sepal\"")],
    },
];

impl DemoExperiment {
    /// The text of `config.toml` on the experiment's branch.
    pub fn config(&self) -> String {
        self.edits.iter().fold(CONFIG.text.to_owned(), |text, (before, after)| text.replacen(before, after, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMAND, CONFIG, DemoExperiment, EXPERIMENTS, FILES};
    use crate::demo::config::parse_config;
    use crate::demo::trainer::train;

    /// val_acc and val_loss, in this order, of one training.
    fn metrics(config: &str, seed: u64) -> [f64; 2] {
        let last = train(config, seed, &mut |_, _| ()).expect("a config of the demo").last;
        [last.val_acc, last.val_loss]
    }

    /// Mean and sample standard deviation, as the comparison shows them, of one metric.
    fn summary(config: &str, metric: usize) -> String {
        let values: Vec<f64> = (1..=5).map(|seed| metrics(config, seed)[metric]).collect();
        let mean = values.iter().sum::<f64>() / 5.0;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 4.0;
        format!("{mean:.3} ± {:.3}", variance.sqrt())
    }

    fn named(name: &str) -> DemoExperiment {
        EXPERIMENTS.into_iter().find(|experiment| experiment.name == name).expect("an experiment of the demo")
    }

    /// By how much an experiment's val_acc is above the baseline's: the mean over seeds 1 to `seeds`.
    fn gain(experiment: &DemoExperiment, seeds: u64) -> f64 {
        let config = experiment.config();
        let sum: f64 = (1..=seeds).map(|seed| metrics(&config, seed)[0] - metrics(CONFIG.text, seed)[0]).sum();
        sum / seeds as f64
    }

    #[test]
    fn every_edit_fits_and_every_config_is_read() {
        assert!(parse_config(CONFIG.text, 1).is_ok());
        for experiment in EXPERIMENTS {
            for (before, _) in experiment.edits {
                assert_eq!(CONFIG.text.matches(before).count(), 1, "{before}");
            }
            let config = experiment.config();
            assert!(parse_config(&config, 1).is_ok(), "{config}");
            let changed = config.lines().zip(CONFIG.text.lines()).filter(|(now, then)| now != then).count();
            assert_eq!((changed, config.len()), (experiment.edits.len(), CONFIG.text.len()), "{config}");
        }
    }

    #[test]
    fn the_files_are_what_they_claim() {
        for file in FILES.iter().filter(|file| file.path.ends_with(".toml")) {
            toml::from_str::<toml::Table>(file.text).expect(file.path);
        }
        assert!(FILES[2].text.contains(&COMMAND.join(" ")));
    }

    #[test]
    fn the_comparison_is_this_table() {
        let [faster, full, sepal] = EXPERIMENTS.map(|experiment| experiment.config());
        let table = [CONFIG.text, &faster, &full, &sepal].map(|config| [summary(config, 0), summary(config, 1)]);
        assert_eq!(
            table,
            [
                ["0.897 ± 0.046", "0.329 ± 0.046"],
                ["0.960 ± 0.025", "0.139 ± 0.044"],
                ["0.900 ± 0.047", "0.326 ± 0.046"],
                ["0.787 ± 0.038", "0.516 ± 0.038"],
            ]
        );
    }

    #[test]
    fn five_seeds_do_not_mislead() {
        for seeds in [5, 40] {
            assert!(gain(&named("higher-lr"), seeds) > 0.05, "over {seeds} seeds");
            assert!(gain(&named("full-batch"), seeds).abs() < 0.005, "over {seeds} seeds");
            assert!(gain(&named("sepal-only"), seeds) < -0.08, "over {seeds} seeds");
        }
    }
}
