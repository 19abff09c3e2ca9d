//! Fuzzes `git_xp_fuzz::lfs_agent`; without cargo-fuzz, replays the files named on its command line.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| git_xp_fuzz::lfs_agent(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    git_xp_fuzz::replay(git_xp_fuzz::lfs_agent)
}
