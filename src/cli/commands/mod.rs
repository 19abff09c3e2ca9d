//! One file per verb. Each says what can be typed (its help text is the doc comment) and does it in four steps: resolve, load, call, render.

pub mod check;
pub mod compare;
pub mod completions;
pub mod demo;
pub mod demo_train;
pub mod diff;
pub mod discard;
pub mod export;
pub mod finish;
pub mod forget;
pub mod fsck;
pub mod init;
pub mod list;
pub mod log;
pub mod log_metric;
pub mod log_param;
pub mod man;
pub mod plot;
pub mod remark;
pub mod run;
pub mod show;
pub mod start;
pub mod status;
pub mod tag;
