//! What is to be drawn.

use super::axis::{Axis, Scale};
use super::downsample::Place;
use super::mark;
use crate::render::number::plural;

/// A plot: lines over one pair of axes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figure {
    /// What stands above it.
    pub title: String,
    /// What the horizontal axis counts.
    pub x_label: String,
    /// The horizontal axis.
    pub x: Scale,
    /// The vertical axis.
    pub y: Scale,
    /// The lines, the most important first.
    pub lines: Vec<Line>,
    /// Sentences that stand below it.
    pub notes: Vec<String>,
}

/// One line, perhaps with a band around it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Points, `x` ascending. Where one of the two is not finite there is a gap.
    pub points: Vec<(f64, f64)>,
    /// For each point the lower and the upper edge of the band, NaN where there is none; empty if there is none at all.
    pub band: Vec<(f64, f64)>,
}

impl Figure {
    /// The lines for which there are marks; the others are not drawn.
    pub(super) fn drawn(&self) -> &[Line] {
        &self.lines[..self.lines.len().min(mark::COUNT)]
    }

    /// The axes, with about so many ticks; `None` if there is nothing to draw.
    pub(super) fn axes(&self, ticks: (usize, usize)) -> Option<(Axis, Axis)> {
        let (mut x, mut y) = (Extent::default(), Extent::default());
        let is_placed = |point: &(f64, f64)| self.x.has(point.0) && self.y.has(point.1);
        for line in self.drawn() {
            for point in line.points.iter().filter(|point| is_placed(point)) {
                x.include(point.0);
                y.include(point.1);
            }
            let edges = line.points.iter().zip(&line.band).filter(|(point, _)| is_placed(point));
            let edges = edges.flat_map(|(_, (low, high))| [*low, *high]);
            edges.filter(|edge| self.y.has(*edge)).for_each(|edge| y.include(edge));
        }
        Some((Axis::new(self.x, x.0?, ticks.0), Axis::new(self.y, y.0?, ticks.1)))
    }

    /// Everything that the reader should know beside the lines: what has no place on the axes, then the notes.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for line in self.drawn() {
            let gaps = line.points.iter().filter(|(_, y)| !y.is_finite()).count();
            if gaps > 0 {
                remarks.push(format!("{}: {} NaN or infinite, drawn as gaps", line.name, plural(gaps, "point")));
            }
            let off = |(x, y): &&(f64, f64)| x.is_finite() && y.is_finite() && !(self.x.has(*x) && self.y.has(*y));
            let unplaced = line.points.iter().filter(off).count();
            if unplaced > 0 {
                remarks.push(format!(
                    "{}: {} not above 0, which a logarithmic axis cannot show",
                    line.name,
                    plural(unplaced, "point")
                ));
            }
        }
        let more = self.lines.len() - self.drawn().len();
        if more > 0 {
            remarks.push(format!("{} left out: name fewer runs to see them", plural(more, "more line")));
        }
        remarks.extend(self.notes.iter().cloned());
        remarks
    }
}

impl Line {
    /// Its points between the axes, `None` for a gap.
    pub(super) fn places(&self, (x, y): &(Axis, Axis)) -> impl Iterator<Item = Option<Place>> {
        self.points.iter().map(|point| (x.has(point.0) && y.has(point.1)).then(|| (x.place(point.0), y.place(point.1))))
    }

    /// Its band between the axes: `x`, lower edge, upper edge; `None` for a gap.
    pub(super) fn band_places(&self, (x, y): &(Axis, Axis)) -> impl Iterator<Item = Option<(f64, f64, f64)>> {
        // On a logarithmic axis an edge that is not above 0 lies beyond the low end.
        let edge = |edge: f64| if y.has(edge) { y.place(edge).clamp(0.0, 1.0) } else { f64::from(edge > 0.0) };
        self.points.iter().zip(&self.band).map(move |(point, (low, high))| {
            let is_there = x.has(point.0) && y.has(point.1) && !low.is_nan() && !high.is_nan();
            is_there.then(|| (x.place(point.0), edge(*low), edge(*high)))
        })
    }
}

/// Smallest and largest of some numbers.
#[derive(Default)]
struct Extent(Option<(f64, f64)>);

impl Extent {
    fn include(&mut self, value: f64) {
        let (low, high) = self.0.unwrap_or((value, value));
        self.0 = Some((low.min(value), high.max(value)));
    }
}
