//! The one place that makes a sparkline of a series.

use super::series::texts;
use super::view::View;
use crate::cli::context::Context;
use crate::plot::sparkline::sparkline;
use crate::series::{Curve, read};

/// Characters of a sparkline.
const WIDTH: usize = 24;

/// The series of a run as a few characters each, by metric. What cannot be read has none: `--series` says why.
pub(super) fn sparks(cx: &Context, view: &View) -> impl Fn(&str) -> Option<String> {
    let mut series: Vec<crate::series::Series> = Vec::new();
    for text in texts(cx, view).unwrap_or_default() {
        for found in read::read(text.as_bytes(), |_| true).series {
            match series.iter_mut().find(|known| known.name == found.name) {
                Some(known) => known.points.extend(found.points),
                None => series.push(found),
            }
        }
    }
    move |metric| {
        let found = series.iter().find(|found| found.name == metric && found.points.len() > 1)?;
        let values: Vec<f64> = Curve::of(found).points.iter().map(|point| point.value).collect();
        Some(sparkline(&values, WIDTH))
    }
}
