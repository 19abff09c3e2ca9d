//! Every kind of repository that git knows × what is done in one: `rows.rs` is the table, `steps.rs` what is done in each row.
//!
//! A row that fails names itself and the step. To run one: `cargo test --test it matrix::rows::reftable`.

mod make;
mod rows;
mod scene;
mod steps;
mod table;
mod untouched;

pub use table::table;
