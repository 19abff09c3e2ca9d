//! Runs in, differences out: what is recorded of one run and not of another.
//!
//! A run becomes [`Keys`]: by [`Section`], a map from key to value. [`difference`] compares two such maps, [`several`] finds the keys in which any
//! number of them disagree. A key that this version does not know is compared like the others. Everything is a value: whoever calls has read the run.

mod difference;
mod keys;
mod metrics;
mod recorded;
mod section;
mod several;

#[cfg(test)]
mod tests;

pub use difference::{Change, CodeChanges, Difference, difference};
pub use keys::Keys;
pub use metrics::{MetricChange, Values, Which, series_that_differ};
pub use recorded::{Document, Recorded, Source, Subject};
pub use section::Section;
pub use several::{Column, Several, several};
