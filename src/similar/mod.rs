//! How alike configurations are: distances between the params of runs, the nearest ones, and a tree of them all.
//!
//! [`Configurations`] measures, [`nearest()`] sorts by distance to one run and says what differs, [`cluster()`] joins the
//! closest ones step by step, [`dendrogram()`] draws the result as text. Seeds are left out: runs that differ in nothing else
//! are the same configuration. Deliberately absent: metrics. What runs reached says nothing about how they were made.

mod cluster;
mod configurations;
mod dendrogram;
mod nearest;
mod upgma;

pub use cluster::{MAX_ITEMS, Merge, TooMany, Tree, cluster};
pub use configurations::{Configurations, Item};
pub use dendrogram::dendrogram;
pub use nearest::{Difference, Near, nearest};
