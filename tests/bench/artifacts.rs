//! CPU seconds and peak memory of storing, sending and fetching artifacts, each beside a floor and peers measured in the same run:
//! `cargo bench --bench artifacts [-- NAME…]`. `XP_BENCH_MIB=N` takes a file of N MiB instead of 2048.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    dead_code,
    reason = "a bench starts programs and prints, and takes what it needs of what the benches share"
)]

mod support;

use std::path::Path;

use support::{Cost, XP, call_chosen, measure, median, report, repository};

fn main() {
    call_chosen(&mut [("large", &mut large), ("many", &mut many)]);
}

fn mib() -> u64 {
    std::env::var("XP_BENCH_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(2048)
}

/// A line of bash, measured whole.
fn sh(dir: &Path, line: &str) -> Cost {
    measure(dir, "bash", &["-c", line], &[])
}

/// The same, with something to be done before each of three times.
fn thrice(dir: &Path, before: &str, line: &str) -> Cost {
    median(3, || {
        if !before.is_empty() {
            sh(dir, before);
        }
        sh(dir, line)
    })
}

fn large() {
    let repo = repository(10);
    let dir = repo.path();
    let mib = mib();
    sh(
        dir,
        &format!(
            "head -c {}M /dev/urandom > large.bin; printf 'large.bin\\nmany/\\nto*/\\n*.lfsbin\\nnone\\n' > .git/info/exclude; {XP} run --seed 1 -- true; sleep 1",
            mib
        ),
    );
    println!("a random file of {mib} MiB");
    report("openssl dgst -sha256 (floor)", thrice(dir, "", "openssl dgst -sha256 large.bin"));
    report("cp (floor)", thrice(dir, "rm -f none", "cp --reflink=never large.bin none"));
    sh(dir, "rm -f none");
    let log = format!("{XP} log-artifact large.bin --run last");
    report("log-artifact", thrice(dir, "rm -rf .git/lfs .git/xp/data", &log));
    report("log-artifact, again", median(9, || sh(dir, &log)));
    if sh_ok(dir, "git lfs version") {
        let add = "git -c filter.lfs.clean='git-lfs clean -- %f' -c filter.lfs.process='git-lfs filter-process' -c filter.lfs.required=true add -f large.lfsbin";
        let before = "rm -rf .git/lfs/objects; git rm -q --cached --ignore-unmatch large.lfsbin; ln -f large.bin large.lfsbin; touch large.lfsbin; echo '*.lfsbin filter=lfs -text' > .git/info/attributes";
        report("git add through git-lfs (peer)", thrice(dir, before, add));
        sh(
            dir,
            &format!(
                "git rm -q --cached --ignore-unmatch large.lfsbin; rm -f large.lfsbin .git/info/attributes; {log}"
            ),
        );
    }
    let checkout = format!("{XP} artifact checkout last --to to");
    report("artifact checkout", thrice(dir, "rm -rf to", &checkout));
    report(
        "artifact checkout --link",
        median(5, || {
            sh(dir, "rm -rf to");
            sh(dir, &format!("{checkout} --link"))
        }),
    );
    sh(dir, "rm -rf to; mkdir ../xp-bench-shared");
    report(
        "artifact push to a folder",
        thrice(dir, "rm -rf ../xp-bench-shared/*", &format!("{XP} artifact push --to ../xp-bench-shared")),
    );
    report(
        "artifact fetch from it",
        thrice(dir, "rm -rf .git/lfs", &format!("{XP} artifact fetch last --from ../xp-bench-shared")),
    );
    sh(dir, "rm -rf ../xp-bench-shared");
}

fn many() {
    let repo = repository(10);
    let dir = repo.path();
    sh(
        dir,
        &format!(
            "mkdir many; head -c 102400000 /dev/urandom | split -b 10240 -a 4 - many/f; printf 'many/\\nto*/\\n' > .git/info/exclude; {XP} run --seed 1 -- true; sleep 1"
        ),
    );
    println!("10,000 random files of 10 KiB");
    report(
        "git add of them (floor)",
        thrice(dir, "git rm -q -r --cached --ignore-unmatch many; git gc -q --prune=now", "git add -f many"),
    );
    report("git status, added (floor)", thrice(dir, "", "git status --porcelain -uno >/dev/null"));
    report("git checkout of them (floor)", thrice(dir, "rm -rf to; mkdir to", "git checkout-index -a --prefix=to/"));
    sh(dir, "git rm -q -r --cached many; git gc -q --prune=now; rm -rf to");
    let log = format!("{XP} log-artifact many --run last");
    report("log-artifact", thrice(dir, "rm -rf .git/lfs .git/xp/data", &log));
    report("log-artifact, again", thrice(dir, "", &log));
    report("artifact checkout", thrice(dir, "rm -rf to", &format!("{XP} artifact checkout last --to to")));
}

fn sh_ok(dir: &Path, line: &str) -> bool {
    std::process::Command::new("bash")
        .args(["-c", line])
        .current_dir(dir)
        .output()
        .is_ok_and(|output| output.status.success())
}
