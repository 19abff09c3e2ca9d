//! Our axes as plotters takes them: it counts from 0 to 1 and asks us for the numbers beside that.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::plot::axis::{Axis, Tick};

/// The share of an axis that is left free at each end, so that no line runs along the edge.
const FREE: f64 = 0.02;

/// The ticks of an axis.
pub(super) struct Places(Vec<Tick>);

impl Places {
    pub(super) fn new(axis: &Axis) -> Self {
        Self(axis.ticks.clone())
    }
}

impl Ranged for Places {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, place: &f64, (start, end): (i32, i32)) -> i32 {
        start + (f64::from(end - start) * (FREE + place * (1.0 - 2.0 * FREE))).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.0.iter().map(|tick| tick.place).collect()
    }

    fn range(&self) -> Range<f64> {
        0.0..1.0
    }
}

impl ValueFormatter<f64> for Places {
    fn format_ext(&self, place: &f64) -> String {
        self.0.iter().find(|tick| tick.place == *place).map(|tick| tick.label.clone()).unwrap_or_default()
    }
}
