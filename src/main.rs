//! The `git-xp` binary: hands the command line to the library and returns its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    git_xp::cli::main()
}
