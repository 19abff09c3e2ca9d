//! Every seed is run through its target, so that a finding that was fixed stays fixed.

use std::fs;
use std::path::Path;

use git_xp_fuzz::{TARGETS, Target};

fn replay(name: &str, target: Target) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("every target has seeds") {
        let path = entry.expect("readable").path();
        let bytes = fs::read(&path).expect("readable");
        eprintln!("{}", path.display());
        target(&bytes);
        // Cut short anywhere, and with each byte changed, a seed is still no reason to panic.
        for at in (0..bytes.len()).step_by(bytes.len() / 256 + 1) {
            target(&bytes[..at]);
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            target(&changed);
        }
        count += 1;
    }
    assert!(count > 0, "{} holds no seed", folder.display());
}

#[test]
fn all_seeds_of_all_targets_pass() {
    for (name, target) in TARGETS {
        replay(name, target);
    }
}

#[test]
fn every_folder_of_seeds_has_a_target() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for entry in fs::read_dir(seeds).expect("the seeds are there") {
        let name = entry.expect("readable").file_name();
        assert!(TARGETS.iter().any(|(target, _)| name == *target), "{name:?} is no target");
    }
}
