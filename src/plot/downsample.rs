//! As many points as a drawing has columns for, no spike lost.

/// A point of a drawing: both from 0 to 1.
pub(super) type Place = (f64, f64);

/// Lines through at most four points for each column: its first, its smallest, its largest, its last. Drawn, they cover what all the points would.
///
/// `None` is a gap; where one lies between two columns the line is broken. `x` ascends.
pub(super) fn line(points: impl Iterator<Item = Option<Place>>, columns: usize) -> Vec<Vec<Place>> {
    let mut lines = Lines::default();
    let mut column: Option<Column> = None;
    let mut gap = true;
    for point in points {
        let Some(point) = point else {
            gap = true;
            continue;
        };
        let at = column_of(point.0, columns);
        match &mut column {
            Some(column) if column.at == at => column.add(point),
            before => {
                before.take().into_iter().for_each(|column| lines.extend(column.corners()));
                if gap {
                    lines.begin();
                }
                column = Some(Column::new(at, point));
            }
        }
        gap = false;
    }
    column.into_iter().for_each(|column| lines.extend(column.corners()));
    lines.0
}

/// The same for a band: the lowest lower edge and the highest upper edge of each column, with the column's first and last `x`.
pub(super) fn band(points: impl Iterator<Item = Option<(f64, f64, f64)>>, columns: usize) -> Vec<Vec<(f64, f64, f64)>> {
    let mut bands: Vec<Vec<(f64, f64, f64)>> = Vec::new();
    let mut before = None;
    let mut gap = true;
    for point in points {
        let Some((x, low, high)) = point else {
            gap = true;
            continue;
        };
        let at = column_of(x, columns);
        if gap && before != Some(at) {
            bands.push(Vec::new());
        }
        gap = false;
        let Some(band) = bands.last_mut() else { continue };
        if before.replace(at) != Some(at) {
            band.push((x, low, high));
            continue;
        }
        // Two corners are enough for a column.
        let is_corner = |corner: &(f64, f64, f64)| column_of(corner.0, columns) == at;
        let corners = band.iter().rev().take(2).take_while(|corner| is_corner(corner)).count();
        let last = band.len() - 1;
        let first = last + 1 - corners.max(1);
        (band[first].1, band[first].2) = (band[first].1.min(low), band[first].2.max(high));
        let corner = (x, band[first].1, band[first].2);
        if corners > 1 { band[last] = corner } else { band.push(corner) }
    }
    bands
}

fn column_of(x: f64, columns: usize) -> usize {
    // A float that is too large or no number becomes the largest integer, or 0.
    ((x * columns as f64) as usize).min(columns.saturating_sub(1))
}

/// The points of one column.
struct Column {
    at: usize,
    first: Place,
    last: Place,
    /// With how many points came before it.
    smallest: (usize, Place),
    largest: (usize, Place),
    count: usize,
}

impl Column {
    fn new(at: usize, point: Place) -> Self {
        Self { at, first: point, last: point, smallest: (0, point), largest: (0, point), count: 1 }
    }

    fn add(&mut self, point: Place) {
        if point.1 < self.smallest.1.1 {
            self.smallest = (self.count, point);
        }
        if point.1 > self.largest.1.1 {
            self.largest = (self.count, point);
        }
        self.last = point;
        self.count += 1;
    }

    /// Its corners in the order of the points, each once.
    fn corners(self) -> impl Iterator<Item = Place> {
        let mut corners = [(0, self.first), self.smallest, self.largest, (self.count - 1, self.last)].map(Some);
        corners.sort_by_key(|corner| corner.map(|(index, _)| index));
        for at in (1..corners.len()).rev() {
            if corners[at].map(|(index, _)| index) == corners[at - 1].map(|(index, _)| index) {
                corners[at] = None;
            }
        }
        corners.into_iter().flatten().map(|(_, point)| point)
    }
}

#[derive(Default)]
struct Lines(Vec<Vec<Place>>);

impl Lines {
    fn begin(&mut self) {
        self.0.push(Vec::new());
    }

    fn extend(&mut self, points: impl Iterator<Item = Place>) {
        match self.0.last_mut() {
            Some(line) => line.extend(points),
            None => self.0.push(points.collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option::weighted;
    use proptest::prelude::proptest;

    use super::{band, line};

    #[test]
    fn a_spike_among_a_million_points_is_kept() {
        let point = |i: u32| Some((f64::from(i) / 1e6, if i == 123_456 { 1.0 } else { 0.5 }));
        let lines = line((0..1_000_000).map(point), 100);
        assert_eq!((lines.len(), lines[0].len()), (1, 2 * 100 + 1));
        assert!(lines[0].contains(&(0.123_456, 1.0)));
    }

    #[test]
    fn gaps_break_the_line_between_columns_only() {
        let lines = line([Some((0.1, 0.0)), None, Some((0.5, 0.0)), Some((0.9, 0.1))].into_iter(), 10);
        assert_eq!(lines, [vec![(0.1, 0.0)], vec![(0.5, 0.0), (0.9, 0.1)]]);
        let every_other = (0..1000).map(|i| (i % 2 == 0).then_some((f64::from(i) / 1e3, 0.5)));
        assert!(line(every_other, 10).concat().len() <= 40);
        let bands = band([Some((0.1, 0.0, 1.0)), None, Some((0.5, 0.2, 0.3)), Some((0.52, 0.1, 0.2))].into_iter(), 10);
        assert_eq!(bands, [vec![(0.1, 0.0, 1.0)], vec![(0.5, 0.1, 0.3), (0.52, 0.1, 0.3)]]);
    }

    proptest! {
        #[test]
        fn extremes_and_order_are_kept(ys in vec(weighted(0.9, 0.0_f64..1.0), 0..200), columns in 1..20_usize) {
            let count = ys.len() as f64;
            let points = || ys.iter().enumerate().map(|(i, y)| y.map(|y| (i as f64 / count, y)));
            let kept = line(points(), columns).concat();
            assert!(kept.len() <= 4 * columns);
            assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
            let extremes = |ys: Vec<f64>| ys.into_iter().fold((2.0, -1.0), |(a, b): (f64, f64), y| (a.min(y), b.max(y)));
            let all: Vec<f64> = ys.iter().flatten().copied().collect();
            assert_eq!(extremes(all), extremes(kept.iter().map(|(_, y)| *y).collect()));
            let bands = band(points().map(|point| point.map(|(x, y)| (x, y, y))), columns).concat();
            assert!(bands.len() <= 2 * columns);
            assert_eq!(bands.is_empty(), kept.is_empty());
        }
    }
}
