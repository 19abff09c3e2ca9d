//! Params from what teams have anyway: `params.yaml`, Hydra's composed config, the command's options, a notebook that papermill executed. Pure.
//!
//! [`dvc`], [`hydra`], [`argv`] and [`papermill`] read what they are given; [`limit`] keeps what can be a param; [`merge`] says which of several
//! values counts. What is read, and when, is in `record::params`.

pub mod argv;
pub mod dvc;
pub mod hydra;
pub mod limit;
pub mod merge;
pub mod papermill;
