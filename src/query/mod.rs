//! The filter language of `list` and `compare`: a text in, a test of rows out.
//!
//! ```text
//! metrics.val_acc > 0.9 and params.lr in (0.1, 0.3) and tags.keep and not status = 'failed' and started > '2026-11-01'
//! ```
//!
//! A [`Query`] decides on rows, an [`Order`] sorts them, [`Columns`] names what is shown of them. All three list the
//! [`Fields`] they use, each with a dense slot, so that a caller looks up a column once and not once a row; [`check()`] holds
//! the names against those that exist. A row is whatever implements [`Row`]. `docs/query.md` has grammar and semantics.
//!
//! Deliberately absent: arithmetic, functions, comparison of two fields, and any knowledge of where rows come from.

mod attribute;
mod calendar;
mod check;
mod columns;
mod cursor;
mod error;
mod evaluate;
mod expression;
mod field;
mod literal;
mod membership;
mod moment;
#[cfg(test)]
mod naive;
mod names;
mod numeric;
mod operand;
mod order;
mod parse;
mod pattern;
#[cfg(test)]
mod samples;
mod suggest;
#[cfg(test)]
mod tests;
mod value;

pub use attribute::{ATTRIBUTES, Attribute, Entry, Kind};
pub use calendar::Calendar;
pub use check::{Known, check};
pub use columns::Columns;
pub use error::QueryError;
pub use expression::Query;
pub use field::{Field, Fields, Metric, Name, Part};
pub use order::Order;
pub use value::{Row, Texts, Value};
