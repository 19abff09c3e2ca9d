//! A series in one line of text.

/// Block characters, the lowest first.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What stands where no value is finite.
const GAP: char = '·';

/// The values, in order, as at most `width` block characters: one for each value, or for the mean of those that share a column.
///
/// The lowest column is the lowest block, the highest the highest; where all are the same, all are in the middle.
pub fn sparkline(values: &[f64], width: usize) -> String {
    let columns = values.len().min(width);
    let means: Vec<Option<f64>> =
        (0..columns).map(|at| mean(&values[at * values.len() / columns..(at + 1) * values.len() / columns])).collect();
    let low = means.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let high = means.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    let block = |value: f64| {
        // Halves, because the whole span may be more than the largest number.
        let (place, span) = (value / 2.0 - low / 2.0, high / 2.0 - low / 2.0);
        let share = if span > 0.0 { place / span } else { 0.5 };
        BLOCKS[((share * BLOCKS.len() as f64) as usize).min(BLOCKS.len() - 1)]
    };
    means.into_iter().map(|mean| mean.map_or(GAP, block)).collect()
}

/// The mean of the finite values.
fn mean(values: &[f64]) -> Option<f64> {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let count = finite().count() as f64;
    // Each divided by itself, so that no sum overflows.
    (count > 0.0).then(|| finite().map(|value| value / count).sum())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::num::f64::ANY;
    use proptest::prelude::proptest;

    use super::sparkline;

    #[test]
    fn a_curve_is_seen() {
        assert_eq!(sparkline(&[0.1, 0.5, 0.7, 0.8, 0.81], 20), "▁▅▇██");
        assert_eq!(sparkline(&[0.0, 1.0, f64::NAN, 1.0, 2.0, 2.0], 3), "▁▃█");
        assert_eq!(sparkline(&[1.0, f64::INFINITY, 1.0], 9), "▅·▅");
        assert_eq!(sparkline(&[], 9), "");
        assert_eq!(sparkline(&[f64::MIN, f64::MAX], 9), "▁█");
    }

    proptest! {
        #[test]
        fn it_fits(values in vec(ANY, 0..50), width in 0..20_usize) {
            assert_eq!(sparkline(&values, width).chars().count(), values.len().min(width));
        }
    }
}
