//! What training measures, and the journal lines that say so.

use serde_json::{Value, json};

/// Metrics after one epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochMetrics {
    /// Mean cross-entropy of the training rows, in nats.
    pub train_loss: f64,
    /// Mean cross-entropy of the validation rows, in nats.
    pub val_loss: f64,
    /// Share of the validation rows that are named rightly, 0 to 1.
    pub val_acc: f64,
}

/// Metrics of a training that has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FinalMetrics {
    /// Those of the last epoch.
    pub last: EpochMetrics,
    /// Share of the test rows that are named rightly, 0 to 1; measured once, so that nothing can be chosen by it.
    pub test_acc: f64,
}

impl EpochMetrics {
    /// The line to append to the journal, with its newline.
    pub fn journal_line(&self, epoch: u32) -> String {
        let metrics = json!({
            "train_loss": number(self.train_loss),
            "val_loss": number(self.val_loss),
            "val_acc": number(self.val_acc),
        });
        format!("{}\n", json!({ "metrics": metrics, "step": epoch }))
    }
}

impl FinalMetrics {
    /// The line to append to the journal after the last epoch, with its newline: only what the epochs' lines lack.
    pub fn journal_line(&self) -> String {
        format!("{}\n", json!({ "metric": "test_acc", "value": number(self.test_acc) }))
    }
}

/// JSON has no NaN and no infinities; the journal takes them as strings.
fn number(value: f64) -> Value {
    if value.is_nan() {
        json!("NaN")
    } else if value.is_infinite() {
        json!(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        json!(value)
    }
}

#[cfg(test)]
mod tests {
    use super::{EpochMetrics, FinalMetrics};

    #[test]
    fn lines_are_the_journals() {
        let mut last = EpochMetrics { train_loss: 0.25, val_loss: 0.5, val_acc: 0.9 };
        assert_eq!(
            last.journal_line(10),
            "{\"metrics\":{\"train_loss\":0.25,\"val_loss\":0.5,\"val_acc\":0.9},\"step\":10}\n"
        );
        last.val_loss = f64::NAN;
        last.train_loss = f64::INFINITY;
        assert_eq!(
            last.journal_line(1),
            "{\"metrics\":{\"train_loss\":\"Infinity\",\"val_loss\":\"NaN\",\"val_acc\":0.9},\"step\":1}\n"
        );
        assert_eq!(FinalMetrics { last, test_acc: 1.0 }.journal_line(), "{\"metric\":\"test_acc\",\"value\":1.0}\n");
    }
}
