//! The values of all rows, column by column: whoever shows a table looks at one column after the other, and at most of them never.

use super::comparison::{Estimate, Param};
use super::estimate::estimate;
use crate::records::Num;

/// The values of all rows. A row has its values at its *slot*.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells {
    metrics: Vec<Vec<Cell>>,
    params: Vec<Vec<Option<Param>>>,
    /// Estimates from several values.
    several: Vec<Estimate>,
    slots: usize,
}

/// What the runs of a row say about a metric.
#[derive(Debug, Clone, Copy)]
enum Cell {
    Nothing,
    /// There is one value.
    One(Num),
    /// An estimate, by its place among those from several values.
    Several(u32),
}

impl Cells {
    /// Room for so many columns and rows.
    pub(super) fn new(metrics: usize, params: usize, rows: usize) -> Self {
        Self {
            metrics: (0..metrics).map(|_| Vec::with_capacity(rows)).collect(),
            params: (0..params).map(|_| Vec::with_capacity(rows)).collect(),
            several: Vec::new(),
            slots: 0,
        }
    }

    /// The slot of a new row.
    pub(super) fn add_row(&mut self) -> usize {
        self.slots += 1;
        self.slots - 1
    }

    /// Say what the only value of a metric is.
    pub(super) fn set_one(&mut self, slot: usize, column: u32, value: Num) {
        put(&mut self.metrics[column as usize], slot, Cell::One(value), Cell::Nothing);
    }

    /// Say what the values of a metric are.
    pub(super) fn set(&mut self, slot: usize, column: u32, values: &mut Vec<Num>) {
        let cell = match (values.as_slice(), u32::try_from(self.several.len())) {
            ([], _) => return,
            ([only], _) => Cell::One(*only),
            (_, Ok(at)) => {
                self.several.push(estimate(values));
                Cell::Several(at)
            }
            (_, Err(_)) => unreachable!("memory does not hold 2^32 estimates"),
        };
        put(&mut self.metrics[column as usize], slot, cell, Cell::Nothing);
    }

    /// Say what the runs say of a param.
    pub(super) fn set_param(&mut self, slot: usize, column: u32, param: Param) {
        put(&mut self.params[column as usize], slot, Some(param), None);
    }

    /// The estimate of a metric, without a delta.
    #[inline]
    pub(super) fn estimate(&self, slot: usize, column: usize) -> Option<Estimate> {
        match self.metrics.get(column)?.get(slot)? {
            Cell::Nothing => None,
            Cell::One(value) => Some(Estimate::of_one(*value)),
            Cell::Several(at) => self.several.get(*at as usize).copied(),
        }
    }

    /// What the runs say of a param.
    #[inline]
    pub(super) fn param(&self, slot: usize, column: usize) -> Option<Param> {
        *self.params.get(column)?.get(slot)?
    }
}

fn put<T: Copy>(column: &mut Vec<T>, slot: usize, value: T, nothing: T) {
    // Slots come in order, so nearly always it is the next one.
    if column.len() == slot {
        column.push(value);
        return;
    }
    if column.len() < slot {
        column.resize(slot + 1, nothing);
    }
    column[slot] = value;
}

#[cfg(test)]
mod tests {
    use super::{Cell, Param};

    #[test]
    fn a_million_cells_fit() {
        assert_eq!((size_of::<Cell>(), size_of::<Option<Param>>()), (16, 16));
    }
}
