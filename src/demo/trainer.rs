//! Training: mini-batch stochastic gradient descent over the iris data.

use super::config::{Config, ConfigError, parse_config};
use super::iris::{Flower, IRIS_CSV, Split, parse_iris, split};
use super::metrics::{EpochMetrics, FinalMetrics};
use super::model::{Model, Row};
use super::random::SplitMix64;

/// Told apart from the seed of the split, so that the order of the rows is not tied to which rows they are.
const SHUFFLE_STREAM: u64 = 0x7368_7566_666c_6521;

/// Trains as the TOML text says, calling `on_epoch` after each pass (counted from 1), and returns the last metrics.
///
/// The seed decides which rows are learnt from and in which order. Nothing else is random, and every operation is
/// defined by IEEE 754, so that a config and a seed give the same metrics everywhere. A learning rate that is far too
/// high gives metrics that are not numbers: that is a result, and no error.
///
/// # Errors
/// [`ConfigError`] if the text is not a config of this trainer; then nothing was called.
pub fn train(
    config_text: &str,
    seed: u64,
    on_epoch: &mut dyn FnMut(u32, &EpochMetrics),
) -> Result<FinalMetrics, ConfigError> {
    let config = parse_config(config_text, seed)?;
    let flowers = parse_iris(IRIS_CSV).expect("the embedded data is read by a test");
    let parts = prepare(&split(&flowers, seed), &config);
    let mut model = Model::new(config.features.columns().len());
    let mut random = SplitMix64::new(seed ^ SHUFFLE_STREAM);
    let mut order: Vec<&Row> = parts.train.iter().collect();
    let mut last = measure(&model, &parts);
    for epoch in 1..=config.epochs {
        random.shuffle(&mut order);
        for batch in order.chunks(config.batch) {
            model.step(batch, config.lr, config.l2);
        }
        last = measure(&model, &parts);
        on_epoch(epoch, &last);
    }
    Ok(FinalMetrics { last, test_acc: model.accuracy(&parts.test) })
}

/// The rows of a split, as the model sees them.
struct Parts {
    train: Vec<Row>,
    validation: Vec<Row>,
    test: Vec<Row>,
}

fn measure(model: &Model, parts: &Parts) -> EpochMetrics {
    EpochMetrics {
        train_loss: model.loss(&parts.train),
        val_loss: model.loss(&parts.validation),
        val_acc: model.accuracy(&parts.validation),
    }
}

/// Takes the columns that the config names and, if it says so, scales them by what the training rows alone tell.
fn prepare(split: &Split, config: &Config) -> Parts {
    let columns = config.features.columns();
    let scales: Vec<(f64, f64)> = columns
        .iter()
        .map(|&column| if config.standardize { mean_and_deviation(&split.train, column) } else { (0.0, 1.0) })
        .collect();
    let row = |flower: &Flower| Row {
        features: columns.iter().zip(&scales).map(|(&c, (mean, sd))| (flower.features[c] - mean) / sd).collect(),
        class: flower.class,
    };
    Parts {
        train: split.train.iter().map(row).collect(),
        validation: split.validation.iter().map(row).collect(),
        test: split.test.iter().map(row).collect(),
    }
}

fn mean_and_deviation(flowers: &[Flower], column: usize) -> (f64, f64) {
    let n = flowers.len() as f64;
    let mean = flowers.iter().map(|flower| flower.features[column]).sum::<f64>() / n;
    let squares: f64 = flowers.iter().map(|flower| flower.features[column] - mean).map(|gap| gap * gap).sum();
    (mean, (squares / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::{EpochMetrics, train};

    const GOOD: &str = "lr = 1\nepochs = 30\nl2 = 0.001\nbatch = 10\nfeatures = \"all\"\nstandardize = true\n";

    /// The metrics of every epoch, as bits so that NaN equals NaN, and the share of test rows named rightly.
    fn history(config: &str, seed: u64) -> (Vec<[u64; 3]>, f64) {
        let mut epochs = Vec::new();
        let bits = |m: &EpochMetrics| [m.train_loss.to_bits(), m.val_loss.to_bits(), m.val_acc.to_bits()];
        let end = train(config, seed, &mut |epoch, metrics| {
            epochs.push(bits(metrics));
            assert_eq!(epoch as usize, epochs.len());
        })
        .expect("a good config");
        assert_eq!(epochs.last(), Some(&bits(&end.last)));
        (epochs, end.test_acc)
    }

    #[test]
    fn learns_with_good_settings() {
        for seed in 1..=5 {
            let mut losses = Vec::new();
            let end = train(GOOD, seed, &mut |_, metrics| losses.push(metrics.train_loss)).expect("a good config");
            assert!(end.last.val_acc > 0.9 && end.test_acc > 0.9, "seed {seed}: {end:?}");
            assert!(losses.len() == 30 && losses[29] < losses[0] / 3.0, "seed {seed}: {losses:?}");
        }
    }

    #[test]
    fn sepals_alone_are_clearly_worse() {
        for seed in 1..=5 {
            let all = train(GOOD, seed, &mut |_, _| ()).expect("a good config");
            let sepal = train(&GOOD.replace("all", "sepal"), seed, &mut |_, _| ()).expect("a good config");
            assert!(sepal.last.val_acc < all.last.val_acc - 0.05, "seed {seed}");
        }
    }

    #[test]
    fn a_seed_decides_everything() {
        assert_eq!(history(GOOD, 1), history(GOOD, 1));
        assert_ne!(history(GOOD, 1).0, history(GOOD, 2).0);
    }

    /// Fails where arithmetic is not IEEE 754's, or where something else than the seed and the config has a say.
    #[test]
    fn every_platform_gets_the_same_bits() {
        let end = train(GOOD, 1, &mut |_, _| ()).expect("a good config");
        assert_eq!(end.last.val_loss, 0.186_227_491_873_669_4);
    }

    #[test]
    fn a_training_that_diverges_ends_all_the_same() {
        let (epochs, _) = history(&GOOD.replace("lr = 1", "lr = 1e308"), 1);
        assert_eq!(epochs.len(), 30);
    }

    #[test]
    fn a_bad_config_calls_nothing() {
        let mut calls = 0;
        assert!(train("lr = 1", 1, &mut |_, _| calls += 1).is_err());
        assert_eq!(calls, 0);
    }
}
