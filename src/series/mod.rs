//! The history of metrics: `series.tsv` in, learning curves out. Pure.
//!
//! [`read::rows`] gives each line as it was written, for those who need exact values; [`read::read`] gives numbers. A [`Curve`] has one value for
//! each step, a [`mean`] is that of several seeds. A file comes from a stranger: a line that cannot be read is named and skipped.
//!
//! ```
//! use git_xp::series::{Curve, read::read};
//! let reading = read(b"metric\tstep\tseconds\tvalue\nloss\t1\t0.5\t0.25\nloss\t2\t1.0\t0.125\n", |_| true);
//! assert_eq!(Curve::of(&reading.series[0]).value_at(2), Some(0.125));
//! ```

pub mod curve;
pub mod mean;
pub mod read;
pub mod smooth;

pub use curve::{Curve, CurvePoint};
pub use read::{Damage, Fault, Point, Reading, Row, Series};
