//! A tree of configurations: the closest ones joined first.

use super::configurations::{Configurations, Item};
use super::upgma::{Distances, upgma};

/// The most items that are joined: the distances of all their pairs take 64 MB.
pub const MAX_ITEMS: usize = 4000;

/// All items in one tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// How many items there are.
    pub items: usize,
    /// One less, lowest first.
    pub merges: Vec<Merge>,
}

/// Two clusters joined. A number below that of the items is an item, `items + i` is the cluster of merge `i`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Merge {
    /// The cluster that is drawn above.
    pub upper: usize,
    /// The one below.
    pub lower: usize,
    /// The mean distance of their items, from 0 to 1; never less than that of an earlier merge.
    pub height: f64,
}

/// More items than [`MAX_ITEMS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{count} configurations are too many to compare all with all, {MAX_ITEMS} are possible: choose fewer")]
pub struct TooMany {
    /// How many there are.
    pub count: usize,
}

/// Join the closest clusters until one is left, by mean distance of their items (UPGMA).
///
/// The outcome does not depend on the order of the items.
///
/// # Errors
/// If there are more than [`MAX_ITEMS`].
pub fn cluster(items: &[Item<'_>]) -> Result<Tree, TooMany> {
    let count = items.len();
    if count > MAX_ITEMS {
        return Err(TooMany { count });
    }
    let space = Configurations::new(items);
    // Which of several equally close pairs is joined first decides what follows: it must not be the order of the items.
    let order = space.by_content();
    let links = upgma(Distances::new(count, |a, b| space.distance(order[a], order[b])));

    // The cluster that each item is in now: followed from item to cluster to larger cluster. Beside it, its first item.
    let mut above: Vec<usize> = (0..2 * count).collect();
    let mut first: Vec<usize> = (0..count).collect();
    let mut merges = Vec::with_capacity(links.len());
    for link in links {
        let (a, b) = (root(&mut above, link.a), root(&mut above, link.b));
        let (upper, lower) = if first[a] < first[b] { (a, b) } else { (b, a) };
        let cluster = count + merges.len();
        (above[a], above[b]) = (cluster, cluster);
        first.push(first[upper]);
        let item = |cluster: usize| if cluster < count { order[cluster] } else { cluster };
        merges.push(Merge { upper: item(upper), lower: item(lower), height: link.height });
    }
    Ok(Tree { items: count, merges })
}

/// The largest cluster that holds this one; shortens the path to it.
fn root(above: &mut [usize], mut cluster: usize) -> usize {
    while above[cluster] != cluster {
        above[cluster] = above[above[cluster]];
        cluster = above[cluster];
    }
    cluster
}

impl Tree {
    /// The items from top to bottom as they are drawn: those of a cluster stand together.
    #[must_use]
    pub fn leaves(&self) -> Vec<usize> {
        let mut leaves = Vec::with_capacity(self.items);
        // The last merge holds all; without a merge there is one item or none.
        let mut open: Vec<usize> = (self.items + self.merges.len()).checked_sub(1).into_iter().collect();
        while let Some(cluster) = open.pop() {
            match cluster.checked_sub(self.items).map(|index| self.merges[index]) {
                None => leaves.push(cluster),
                Some(merge) => open.extend([merge.lower, merge.upper]),
            }
        }
        leaves
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use serde_json::json;

    use super::{Configurations, Item, MAX_ITEMS, Merge, TooMany, cluster};
    use crate::similar::configurations::tests::{Params, configurations, items, params};

    #[test]
    fn the_closest_are_joined_first() {
        // By hand: the distances are 1/6, 1 and 5/6, and (1 + 5/6) / 2 = 11/12.
        let params = [
            params(json!({"lr": 0.4, "model": "b"})),
            params(json!({"lr": 0.2, "model": "a"})),
            params(json!({"lr": 0.1, "model": "a"})),
        ];
        let tree = cluster(&items(&params)).expect("few");
        let heights: Vec<f64> = tree.merges.iter().map(|merge| (merge.height * 12.0 * 1e9).round() / 1e9).collect();
        assert_eq!(heights, [2.0, 11.0]);
        assert_eq!((tree.merges[0].upper, tree.merges[0].lower), (2, 1));
        assert_eq!((tree.merges[1].upper, tree.merges[1].lower), (3, 0));
        assert_eq!(tree.leaves(), [2, 1, 0]);
    }

    #[test]
    fn none_one_and_too_many() {
        assert!(cluster(&[]).expect("none").leaves().is_empty());
        let params = Params::new();
        let item = Item { name: "x", params: &params, seed: None };
        assert_eq!(cluster(&[item]).expect("one").leaves(), [0]);
        assert_eq!(cluster(&[item; 2]).expect("two").merges, [Merge { upper: 0, lower: 1, height: 0.0 }]);
        assert_eq!(cluster(&vec![item; MAX_ITEMS + 1]), Err(TooMany { count: MAX_ITEMS + 1 }));
    }

    proptest! {
        #[test]
        fn the_order_of_the_items_does_not_matter(params in configurations(), turn in 0_usize..12, reverse: bool) {
            let items = items(&params);
            let mut others = items.clone();
            others.rotate_left(turn % items.len().max(1));
            if reverse {
                others.reverse();
            }
            let (tree, other) = (cluster(&items).expect("few"), cluster(&others).expect("few"));
            let heights = |tree: &super::Tree| tree.merges.iter().map(|merge| merge.height).collect::<Vec<_>>();
            prop_assert_eq!(heights(&tree), heights(&other));
            let steps = |tree: &super::Tree, items: &[Item<'_>]| {
                let space = Configurations::new(items);
                tree.leaves().windows(2).map(|pair| space.distance(pair[0], pair[1])).collect::<Vec<_>>()
            };
            prop_assert_eq!(steps(&tree, &items), steps(&other, &others));
        }

        #[test]
        fn every_item_is_a_leaf_and_heights_rise(params in configurations()) {
            let items = items(&params);
            let tree = cluster(&items).expect("few");
            let mut leaves = tree.leaves();
            leaves.sort_unstable();
            prop_assert_eq!(leaves, (0..items.len()).collect::<Vec<_>>());
            prop_assert_eq!(tree.merges.len(), items.len().saturating_sub(1));
            prop_assert!(tree.merges.windows(2).all(|pair| pair[0].height <= pair[1].height));
            prop_assert!(tree.merges.iter().all(|merge| (0.0..=1.0).contains(&merge.height)));
        }
    }
}
