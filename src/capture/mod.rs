//! Facts about a run as it happens: its command, code, configuration and environment.

pub mod code;
pub mod config;
pub mod environment;
pub mod file;
pub mod params;
pub mod process;
pub mod secrets;
pub mod system;
