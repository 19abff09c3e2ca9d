//! `env.toml`: what a command runs in, readable; the same text for the same environment.
//!
//! Python and everything else is described from its files: no interpreter is started, and no program is run because a file names it. The only
//! programs started are `git`, to look at the sources of editable packages, and the GPU's own tool, once per boot.
//!
//! [`Surroundings`] says what is looked at, [`describe`] puts the parts together: `locate` finds the environment that a command uses, `site`
//! its folders of packages, `packages` what is installed there, and from where (`origin`).

pub mod command;
mod conda;
mod container;
mod describe;
mod hardware;
mod installed;
mod interpreter;
mod kernel;
mod locate;
mod origin;
mod packages;
mod program;
mod project;
mod pyenv;
mod pyvenv;
mod script;
mod site;
mod surroundings;
mod system;
mod tool;
mod variables;
mod version;

pub use container::layers;
pub use describe::{describe, tool};
pub use hardware::{GpuTool, nvidia, nvidia_smi, rocm};
pub use installed::{Installed, metadata, normal_name};
pub use origin::Origin;
pub use program::is_program;
pub use pyvenv::PyVenv;
pub use surroundings::Surroundings;
pub use variables::{VARIABLES, variables};
