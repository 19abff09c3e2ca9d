//! Which way a metric is better, guessed from its name.

use crate::model::direction::Direction;

/// Words of names whose metrics are better when low. They win over the others: `accuracy_error` is an error.
const LOW: [&str; 30] = [
    "loss",
    "losses",
    "err",
    "error",
    "errors",
    "mse",
    "rmse",
    "mae",
    "mape",
    "smape",
    "rmsle",
    "logloss",
    "nll",
    "bce",
    "ce",
    "kl",
    "perplexity",
    "ppl",
    "wer",
    "cer",
    "ter",
    "fid",
    "brier",
    "ece",
    "regret",
    "latency",
    "lpips",
    "eer",
    "deviance",
    "bpb",
];

/// Words of names whose metrics are better when high.
const HIGH: [&str; 31] = [
    "acc",
    "accuracy",
    "auc",
    "auroc",
    "auprc",
    "roc",
    "f1",
    "f2",
    "fbeta",
    "precision",
    "recall",
    "sensitivity",
    "specificity",
    "ap",
    "map",
    "iou",
    "miou",
    "dice",
    "bleu",
    "rouge",
    "rougel",
    "meteor",
    "r2",
    "score",
    "reward",
    "return",
    "ndcg",
    "mrr",
    "psnr",
    "ssim",
    "kappa",
];

/// Which way a metric of this name is better; `None` where the name does not tell.
///
/// The words of the name are looked at: `val/topK_acc`, `testLoss` and `eval-f1` have one that tells. A name with words of both kinds is
/// taken for one that is better when low, if that word is the last (`score_loss`), else for none.
#[must_use]
pub fn guess(name: &str) -> Option<Direction> {
    let words = words(name);
    let is = |list: &[&str], word: &String| {
        list.contains(&word.as_str()) || list.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit()))
    };
    let (low, high) = (words.iter().any(|word| is(&LOW, word)), words.iter().any(|word| is(&HIGH, word)));
    match (low, high, words.last()) {
        (true, false, _) => Some(Direction::Minimize),
        (false, true, _) => Some(Direction::Maximize),
        (true, true, Some(last)) if is(&LOW, last) => Some(Direction::Minimize),
        _ => None,
    }
}

/// The words of a name, lower-case: split at what is no letter or digit, and where a capital begins a word.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let begins = c.is_uppercase() && (before.is_lowercase() || rest.peek().is_some_and(|next| next.is_lowercase()));
        // `mAP` is one word, as people write it.
        let is_lone = words.last().is_some_and(|word| word.len() == 1) && before.is_lowercase();
        if !c.is_alphanumeric() || (begins && !is_lone) {
            words.push(String::new());
        }
        before = c;
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::{Direction, guess};
    use proptest::prelude::{any, proptest};

    #[test]
    fn names_tell() {
        for name in
            ["acc", "val_acc", "test/Accuracy", "topKAcc", "eval-f1", "ROC_AUC", "mAP", "acc5", "precision@10", "R2"]
        {
            assert_eq!(guess(name), Some(Direction::Maximize), "{name}");
        }
        for name in
            ["loss", "valLoss", "test.rmse", "WER", "train/cross_entropy_loss", "score_loss", "MAE", "latency_ms"]
        {
            assert_eq!(guess(name), Some(Direction::Minimize), "{name}");
        }
        for name in ["epoch", "lr", "n", "steps", "losses_per_score", "", "_", "time", "account", "glossary"] {
            assert_eq!(guess(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_name_panics(name in any::<String>()) {
            let _ = guess(&name);
        }
    }
}
