//! Multinomial logistic regression: class scores from features, the loss, and its gradient.

use super::iris::CLASSES;
use super::math::{exp, ln};

/// One row as the model sees it: its features (chosen, perhaps standardised) and its class.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) features: Vec<f64>,
    pub(crate) class: usize,
}

/// The weights: for each class one per feature and, last, the bias.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    pub(crate) weights: [Vec<f64>; CLASSES],
}

impl Model {
    /// All weights 0, which gives every class the same probability. The loss is convex, so no random start is needed.
    pub(crate) fn new(features: usize) -> Self {
        Self { weights: std::array::from_fn(|_| vec![0.0; features + 1]) }
    }

    /// The mean cross-entropy over the rows, in nats: without the penalty, so that different `l2` can be compared.
    pub(crate) fn loss(&self, rows: &[Row]) -> f64 {
        let sum: f64 = rows.iter().map(|row| cross_entropy(&self.scores(row), row.class)).sum();
        sum / rows.len() as f64
    }

    /// The share of rows whose class has the highest score (the first of equals).
    pub(crate) fn accuracy(&self, rows: &[Row]) -> f64 {
        let right = rows.iter().filter(|row| best(&self.scores(row)) == row.class).count();
        right as f64 / rows.len() as f64
    }

    /// One step against the gradient of the penalised loss of these rows.
    pub(crate) fn step(&mut self, rows: &[&Row], lr: f64, l2: f64) {
        let gradient = self.gradient(rows, l2);
        for (weights, gradient) in self.weights.iter_mut().zip(gradient) {
            for (weight, slope) in weights.iter_mut().zip(gradient) {
                *weight -= lr * slope;
            }
        }
    }

    /// The gradient of the mean cross-entropy plus `l2 / 2` times the sum of the squared weights (biases excepted).
    fn gradient(&self, rows: &[&Row], l2: f64) -> [Vec<f64>; CLASSES] {
        let mut gradient = self.weights.clone();
        for slopes in &mut gradient {
            slopes.iter_mut().for_each(|slope| *slope *= l2);
            slopes.last_mut().into_iter().for_each(|bias| *bias = 0.0);
        }
        let share = 1.0 / rows.len() as f64;
        for row in rows {
            let probabilities = softmax(&self.scores(row));
            for (class, slopes) in gradient.iter_mut().enumerate() {
                let target = if class == row.class { 1.0 } else { 0.0 };
                let error = (probabilities[class] - target) * share;
                for (slope, input) in slopes.iter_mut().zip(row.features.iter().chain([&1.0])) {
                    *slope += error * input;
                }
            }
        }
        gradient
    }

    fn scores(&self, row: &Row) -> [f64; CLASSES] {
        std::array::from_fn(|class| {
            self.weights[class]
                .iter()
                .zip(row.features.iter().chain([&1.0]))
                .map(|(weight, input)| weight * input)
                .sum()
        })
    }
}

/// Probabilities that sum to 1. The highest score is subtracted first, so that no exponential overflows.
fn softmax(scores: &[f64; CLASSES]) -> [f64; CLASSES] {
    let top = scores[best(scores)];
    let powers = scores.map(|score| exp(score - top));
    let sum: f64 = powers.iter().sum();
    powers.map(|power| power / sum)
}

fn cross_entropy(scores: &[f64; CLASSES], class: usize) -> f64 {
    let top = scores[best(scores)];
    let sum: f64 = scores.iter().map(|score| exp(score - top)).sum();
    ln(sum) - (scores[class] - top)
}

fn best(scores: &[f64; CLASSES]) -> usize {
    (1..CLASSES).fold(0, |best, class| if scores[class] > scores[best] { class } else { best })
}

#[cfg(test)]
mod tests {
    use super::{CLASSES, Model, Row, softmax};
    use crate::demo::random::SplitMix64;

    /// A number in -1..1.
    fn uniform(random: &mut SplitMix64) -> f64 {
        (random.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn penalised_loss(model: &Model, rows: &[Row], l2: f64) -> f64 {
        let squares: f64 =
            model.weights.iter().flat_map(|weights| &weights[..weights.len() - 1]).map(|weight| weight * weight).sum();
        model.loss(rows) + l2 / 2.0 * squares
    }

    #[test]
    fn the_gradient_agrees_with_finite_differences() {
        let mut random = SplitMix64::new(5);
        let mut model = Model::new(4);
        model.weights.iter_mut().flatten().for_each(|weight| *weight = uniform(&mut random));
        let rows: Vec<Row> = (0..20)
            .map(|n| Row { features: (0..4).map(|_| 3.0 * uniform(&mut random)).collect(), class: n % CLASSES })
            .collect();
        let gradient = model.gradient(&rows.iter().collect::<Vec<_>>(), 0.3);
        let h = 1e-5;
        for (class, slopes) in gradient.iter().enumerate() {
            for (place, slope) in slopes.iter().enumerate() {
                let at = |shift: f64| {
                    let mut moved = model.clone();
                    moved.weights[class][place] += shift;
                    penalised_loss(&moved, &rows, 0.3)
                };
                let difference = (at(h) - at(-h)) / (2.0 * h);
                assert!((difference - slope).abs() < 1e-8, "class {class}, weight {place}: {difference} and {slope}");
            }
        }
    }

    #[test]
    fn an_untrained_model_gives_every_class_a_third() {
        let row = Row { features: vec![1.0, -2.0], class: 2 };
        let model = Model::new(2);
        assert!((model.loss(&[row]) - (CLASSES as f64).ln()).abs() < 1e-15);
    }

    #[test]
    fn large_scores_do_not_overflow() {
        assert_eq!(softmax(&[1e6, -1e6, 0.0]), [1.0, 0.0, 0.0]);
        let mut model = Model::new(1);
        model.weights[0][0] = 1e6;
        assert_eq!(model.loss(&[Row { features: vec![1.0], class: 1 }]), 1e6);
    }
}
