//! Average linkage, in time that grows with the square of the number of items.

/// Two clusters joined, each given by one of its items, at a height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Link {
    pub(super) a: usize,
    pub(super) b: usize,
    pub(super) height: f64,
}

/// The distances of all pairs, each once.
#[derive(Debug, Clone)]
pub(super) struct Distances {
    count: usize,
    pairs: Vec<f64>,
}

impl Distances {
    /// Of `count` items, from the distance of each pair; it must not be NaN.
    pub(super) fn new(count: usize, distance: impl Fn(usize, usize) -> f64) -> Self {
        let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
        Self { count, pairs: pairs.map(|(a, b)| distance(a, b)).collect() }
    }

    fn index(&self, a: usize, b: usize) -> usize {
        let (low, high) = (a.min(b), a.max(b));
        // The rows above hold count - 1, count - 2, … pairs.
        low * (2 * self.count - low - 1) / 2 + high - low - 1
    }

    fn of(&self, a: usize, b: usize) -> f64 {
        self.pairs[self.index(a, b)]
    }
}

/// Joins the closest clusters until one is left; the distance of two is the mean over the pairs of their items (UPGMA:
/// Sokal and Michener 1958). Links come by height, lowest first.
///
/// Follows chains of nearest neighbours until two are nearest to each other (Murtagh 1983; D. Müllner, "Modern
/// hierarchical, agglomerative clustering algorithms", 2011, figure 2): joining those two at once is what taking the
/// closest pair of all each time comes to, since joining others never brings anything closer to them.
pub(super) fn upgma(mut distances: Distances) -> Vec<Link> {
    let count = distances.count;
    // How many items the cluster has that this item stands for; 0 once it is part of another.
    let mut sizes = vec![1_u32; count];
    let mut links = Vec::with_capacity(count.saturating_sub(1));
    let mut chain: Vec<usize> = Vec::new();
    while links.len() + 1 < count {
        if chain.is_empty() {
            chain.extend(sizes.iter().position(|size| *size > 0));
        }
        let Some(&last) = chain.last() else { break };
        // Among equally near ones, the one before in the chain: else the chain could turn in circles.
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        let mut nearest = before.map(|before| (distances.of(last, before), before));
        for other in (0..count).filter(|&other| sizes[other] > 0 && other != last) {
            let distance = distances.of(last, other);
            if nearest.is_none_or(|(least, _)| distance < least) {
                nearest = Some((distance, other));
            }
        }
        let Some((height, other)) = nearest else { break };
        if before != Some(other) {
            chain.push(other);
            continue;
        }
        chain.truncate(chain.len() - 2);
        links.push(Link { a: last.min(other), b: last.max(other), height });
        join(&mut distances, &mut sizes, last.min(other), last.max(other));
    }
    links.sort_by(|a, b| a.height.total_cmp(&b.height));
    links
}

/// Makes `b` stand for both.
fn join(distances: &mut Distances, sizes: &mut [u32], a: usize, b: usize) {
    let (of_a, of_b) = (f64::from(sizes[a]), f64::from(sizes[b]));
    sizes[b] += sizes[a];
    sizes[a] = 0;
    for other in (0..sizes.len()).filter(|&other| sizes[other] > 0 && other != b) {
        let mean = (of_a * distances.of(a, other) + of_b * distances.of(b, other)) / (of_a + of_b);
        let index = distances.index(b, other);
        distances.pairs[index] = mean;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::{prop, prop_assert, proptest};

    use super::{Distances, upgma};

    fn heights(distances: Distances) -> Vec<f64> {
        upgma(distances).iter().map(|link| link.height).collect()
    }

    fn are_near(a: &[f64], b: &[f64]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12)
    }

    #[test]
    fn heights_are_scipy_s() {
        // scipy 1.17.1: linkage([k * 37 % 101 / 101 for k in range(1, 37)], method='average')[:, 2]
        let expected = [
            0.0297029702970297,
            0.0891089108910891,
            0.09900990099009901,
            0.2623762376237624,
            0.35973597359735976,
            0.4839108910891089,
            0.570957095709571,
            0.632956152758133,
        ];
        let distances = Distances::new(9, |a, b| {
            let before: usize = (0..a).map(|row| 8 - row).sum();
            ((before + b - a) * 37 % 101) as f64 / 101.0
        });
        let found = heights(distances);
        assert!(are_near(&found, &expected), "{found:?}");
    }

    #[test]
    fn none_and_one_are_joined_with_nothing() {
        assert!(upgma(Distances::new(0, |_, _| 0.0)).is_empty());
        assert!(upgma(Distances::new(1, |_, _| 0.0)).is_empty());
        assert_eq!(heights(Distances::new(3, |_, _| 0.0)), [0.0, 0.0]);
    }

    /// The closest pair of all, again and again.
    fn naive(count: usize, distance: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        let mut clusters: Vec<BTreeSet<usize>> = (0..count).map(|index| [index].into()).collect();
        let mean = |a: &BTreeSet<usize>, b: &BTreeSet<usize>| {
            let sum: f64 = a.iter().flat_map(|x| b.iter().map(|y| distance(*x, *y))).sum();
            sum / (a.len() * b.len()) as f64
        };
        let mut heights = Vec::new();
        while clusters.len() > 1 {
            let pairs = (0..clusters.len()).flat_map(|a| (a + 1..clusters.len()).map(move |b| (a, b)));
            let (height, a, b) = pairs
                .map(|(a, b)| (mean(&clusters[a], &clusters[b]), a, b))
                .min_by(|x, y| x.0.total_cmp(&y.0))
                .expect("two clusters");
            let joined = clusters.remove(b);
            clusters[a].extend(joined);
            heights.push(height);
        }
        heights
    }

    proptest! {
        #[test]
        fn heights_are_those_of_the_definition(count in 0_usize..14, values in prop::collection::vec(0.0_f64..1.0, 91)) {
            let distance = |a: usize, b: usize| {
                let (low, high) = (a.min(b), a.max(b));
                values[high * (high - 1) / 2 + low]
            };
            let (found, expected) = (heights(Distances::new(count, distance)), naive(count, distance));
            prop_assert!(are_near(&found, &expected), "{:?} {:?}", found, expected);
        }
    }
}
