//! The one place that makes a sparkline of a series.

use std::collections::HashMap;

use super::series::texts;
use super::view::View;
use crate::cli::context::Context;
use crate::plot::sparkline::sparkline;
use crate::series::{Curve, Series, read};

/// Characters of a sparkline.
const WIDTH: usize = 24;

/// The series of a run as a few characters each, by metric. What cannot be read has none: `--series` says why.
pub(super) fn sparks(cx: &Context, view: &View) -> impl Fn(&str) -> Option<String> {
    let mut series: HashMap<String, Series> = HashMap::new();
    for text in texts(cx, view).unwrap_or_default() {
        for found in read::read(text.as_bytes(), |_| true).series {
            series.entry(found.name.clone()).or_default().points.extend(found.points);
        }
    }
    move |metric| {
        let found = series.get(metric).filter(|found| found.points.len() > 1)?;
        let values: Vec<f64> = Curve::of(found).points.iter().map(|point| point.value).collect();
        Some(sparkline(&values, WIDTH))
    }
}
