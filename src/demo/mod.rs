//! What `git xp demo` trains: a real, if small, model on real data, so that a first comparison shows real differences.
//!
//! Multinomial logistic regression on Fisher's iris data, by mini-batch gradient descent, in milliseconds and with
//! nothing but this crate. [`train`] takes the text of a config and a seed, and tells its caller the metrics epoch by
//! epoch; [`CONFIG`], [`FILES`] and [`EXPERIMENTS`] are the project around it. Nothing here reads a file, writes one,
//! or prints: the commands do.
//!
//! # Where the data is from
//!
//! `iris.csv`: lengths in centimetres of 150 flowers, 50 of each species. Collected by E. Anderson ("The irises of the
//! Gaspé Peninsula", *Bulletin of the American Iris Society* 59, 1935), published by R. A. Fisher ("The use of multiple
//! measurements in taxonomic problems", *Annals of Eugenics* 7(2), 1936, table I). The rows are those that R and
//! scikit-learn 1.9 (`sklearn/datasets/data/iris.csv`, BSD-3-Clause) ship, in their order, with a header and the names
//! of the species in place of numbers; the widespread copy of the UCI repository has errors in rows 35 and 38.

mod config;
mod iris;
mod math;
mod metrics;
mod model;
mod project;
mod random;
mod trainer;

pub use config::ConfigError;
pub use metrics::{EpochMetrics, FinalMetrics};
pub use project::{COMMAND, CONFIG, DemoExperiment, EXPERIMENTS, FILES, ProjectFile, SEEDS};
pub use trainer::train;
