//! `git-xp filter-process`, as git calls it.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use git_xp::artifact::filter::pktline::{Reader, Writer};
use git_xp::artifact::pointer::Pointer;
use git_xp::artifact::store::hash;

use crate::support::TestRepo;

/// A repository whose `*.pt` are LFS objects, by git-xp's own filter.
pub fn tracked() -> TestRepo {
    let repo = TestRepo::empty();
    repo.xp(&["artifact", "track", "*.pt"]).ok();
    repo.commit("Track");
    repo
}

/// Move all objects to a folder outside, as if they had been pushed there and cleaned here.
pub fn push_away(repo: &TestRepo) -> String {
    let remote = repo.outside().join("remote");
    std::fs::rename(repo.path.join(".git/lfs/objects"), &remote).expect("moved");
    remote.display().to_string()
}

/// A clone that has git-xp's filter, and perhaps a remote for objects. Returns its path and what was said.
pub fn clone(repo: &TestRepo, name: &str, remote: Option<&str>, env: &[(&str, &str)]) -> (std::path::PathBuf, String) {
    let place = remote.map(|place| format!("xp.artifacts.main={place}"));
    let mut command = repo.command("git");
    command.current_dir(repo.outside()).args(["clone", "--quiet"]);
    command.args(["-c", "filter.lfs.process=git-xp filter-process", "-c", "filter.lfs.required=true"]);
    // Without it `git lfs pull` leaves the files alone.
    command.args(["-c", "filter.lfs.clean=git-xp filter-process --clean -- %f"]);
    command.args(place.iter().flat_map(|place| ["-c", place])).args([repo.path.to_str().expect("text"), name]);
    command.envs(env.iter().copied());
    let output = repo.output(&mut command);
    assert_eq!(output.code, 0, "{output:?}");
    (repo.outside().join(name), output.stderr)
}

fn git_in(repo: &TestRepo, dir: &Path, args: &[&str]) -> String {
    repo.output(repo.command("git").current_dir(dir).args(args)).ok()
}

/// Every object is what its name says, and nothing is half made.
fn is_whole(lfs: &Path) {
    for entry in walk(&lfs.join("objects")) {
        let found = hash(&mut std::fs::File::open(&entry).expect("readable")).expect("read");
        assert_eq!(entry.file_name().and_then(|name| name.to_str()), Some(found.oid.as_str()));
    }
}

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn files_go_in_as_pointers_and_come_out_as_they_were() {
    let repo = tracked();
    let big: String = "0123456789".repeat(300_000);
    repo.write("a.pt", &big);
    repo.write("deep/dir with space/\u{e9}\n.pt", "small");
    repo.write("empty.pt", "");
    repo.write("other.txt", "text");
    repo.commit("Files");
    let pointer = Pointer::parse(repo.git(&["show", "HEAD:a.pt"]).as_bytes().to_vec().as_slice());
    assert_eq!(pointer, None, "git() cuts the newline");
    let text = repo.output(repo.command("git").args(["show", "HEAD:a.pt"])).ok();
    let pointer = Pointer::parse(text.as_bytes()).expect("a pointer");
    assert_eq!(pointer.size, big.len() as u64);
    assert_eq!(repo.git(&["show", "HEAD:other.txt"]), "text");
    assert_eq!(repo.git(&["cat-file", "-s", "HEAD:empty.pt"]), "0");
    assert_eq!(walk(&repo.path.join(".git/lfs/objects")).len(), 2);
    repo.git(&["rm", "-q", "-r", "a.pt", "deep"]);
    repo.git(&["checkout", "-q", "HEAD", "--", "."]);
    assert_eq!(std::fs::read_to_string(repo.path.join("a.pt")).expect("read"), big);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    // Programs that know no long-running filters, and git where it asks for one file.
    repo.git(&["config", "--unset", "filter.lfs.process"]);
    std::fs::write(repo.path.join("a.pt"), "changed").expect("written");
    repo.git(&["add", "a.pt"]);
    assert!(repo.git(&["show", ":a.pt"]).ends_with("size 7"));
    repo.git(&["reset", "-q", "--hard"]);
    assert_eq!(std::fs::read_to_string(repo.path.join("a.pt")).expect("read"), big);
    assert_eq!(repo.git(&["cat-file", "--filters", "HEAD:a.pt"]), big);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    is_whole(&repo.path.join(".git/lfs"));
}

#[test]
fn what_cannot_be_had_stays_a_pointer_with_one_warning() {
    let repo = tracked();
    for n in 0..8 {
        repo.write(&format!("{n}.pt"), &format!("content {n}"));
    }
    repo.commit("Files");
    let remote = push_away(&repo);
    let (alone, said) = clone(&repo, "alone", None, &[]);
    insta::assert_snapshot!(said, @"
    warning: 8 files stay pointers, for what 0.pt, 1.pt, 2.pt, 3.pt, 4.pt and 3 more should hold could not be had: no remote to fetch from is set up
    hint: when it can be had: rm <file> && git checkout -- <file>
    ");
    assert_eq!(git_in(&repo, &alone, &["status", "--porcelain"]), "");
    assert!(std::fs::read_to_string(alone.join("7.pt")).expect("read").starts_with("version https://git-lfs"));
    // One is missing, the others come.
    let gone = Pointer::parse(git_in(&repo, &alone, &["show", "HEAD:3.pt"]).as_bytes()).expect("a pointer");
    std::fs::remove_file(Path::new(&remote).join(&gone.oid[..2]).join(&gone.oid[2..4]).join(&gone.oid)).expect("gone");
    let (some, said) = clone(&repo, "some", Some(&remote), &[]);
    insta::assert_snapshot!(said, @"
    warning: 1 file stays a pointer, for what 3.pt should hold could not be had: main does not have it
    hint: when it can be had: rm <file> && git checkout -- <file>
    ");
    assert_eq!(std::fs::read_to_string(some.join("7.pt")).expect("read"), "content 7");
    assert_eq!(git_in(&repo, &some, &["status", "--porcelain"]), "");
    // A folder that is not there is asked once, not eight times.
    let (_, said) = clone(&repo, "nowhere", Some("/no/such/folder"), &[]);
    assert!(
        said.contains("8 files stay pointers") && said.contains("the folder /no/such/folder of main is not there"),
        "{said}"
    );
    // What the warning says to type.
    repo.git(&["-C", alone.to_str().expect("text"), "config", "xp.artifacts.main", &remote]);
    std::fs::remove_file(alone.join("7.pt")).expect("removed");
    git_in(&repo, &alone, &["checkout", "--", "7.pt"]);
    assert_eq!(std::fs::read_to_string(alone.join("7.pt")).expect("read"), "content 7");
    // Without a delay.
    assert_eq!(git_in(&repo, &alone, &["cat-file", "--filters", "HEAD:6.pt"]), "content 6");
}

#[test]
fn what_nobody_wants_stays_a_pointer_without_a_word() {
    let repo = tracked();
    for path in ["a.pt", "data/b.pt", "data/old/c.pt"] {
        repo.write(path, path);
    }
    repo.commit("Files");
    let remote = push_away(&repo);
    let is_pointer =
        |dir: &Path, path| std::fs::read_to_string(dir.join(path)).expect("read").starts_with("version https");
    let (dir, said) = clone(&repo, "skip", Some(&remote), &[("GIT_LFS_SKIP_SMUDGE", "1")]);
    assert!(said.is_empty() && is_pointer(&dir, "a.pt") && is_pointer(&dir, "data/b.pt"), "{said}");
    let parameters = "'lfs.fetchinclude'='data' 'lfs.fetchexclude'='/x,old'";
    let (dir, said) = clone(&repo, "some", Some(&remote), &[("GIT_CONFIG_PARAMETERS", parameters)]);
    assert_eq!(said, "");
    assert!(is_pointer(&dir, "a.pt") && !is_pointer(&dir, "data/b.pt") && is_pointer(&dir, "data/old/c.pt"));
    assert_eq!(git_in(&repo, &dir, &["status", "--porcelain"]), "");
}

#[test]
fn files_that_should_be_pointers_are_named() {
    let repo = TestRepo::empty();
    repo.write("raw.pt", &"raw".repeat(100_000));
    repo.commit("As it is");
    let said = repo.xp(&["artifact", "track", "*.pt"]).stderr;
    insta::assert_snapshot!(said, @"
    git-xp is the filter for Git LFS in this repository now: git config --local filter.lfs.process
    hint: git xp artifact push    sends the objects; git push alone sends pointers to them
    *.pt is tracked now: git adds such files as Git LFS objects
    hint: git add .gitattributes
    1 file that git has already is no Git LFS object yet: raw.pt
    hint: git add --renormalize -- '*.pt'    makes objects of what is tracked
    ");
    repo.git(&["add", ".gitattributes"]);
    repo.git(&["commit", "-q", "-m", "Track"]);
    std::fs::remove_file(repo.path.join("raw.pt")).expect("removed");
    let said = repo.try_git(&["checkout", "--", "raw.pt"]);
    assert_eq!(said.code, 0);
    insta::assert_snapshot!(said.stderr, @"
    warning: 1 file is no Git LFS pointer, as .gitattributes has it: raw.pt
    hint: git add --renormalize -- <file>    makes pointers of them; or git xp artifact untrack <pattern>
    ");
    assert_eq!(std::fs::read(repo.path.join("raw.pt")).expect("read").len(), 300_000);
    repo.git(&["add", "--renormalize", "--", "*.pt"]);
    repo.git(&["commit", "-q", "-m", "Pointers"]);
    assert!(repo.git(&["show", "HEAD:raw.pt"]).ends_with("size 300000"));
}

#[test]
fn two_thousand_files_come_together() {
    let repo = tracked();
    for n in 0..2000 {
        repo.write(&format!("{}/{n}.pt", n % 10), &format!("content {}", n / 2));
    }
    repo.commit("Files");
    let remote = push_away(&repo);
    let trace = repo.outside().join("trace");
    let (dir, said) = clone(&repo, "clone", Some(&remote), &[("GIT_TRACE_PACKET", trace.to_str().expect("text"))]);
    assert_eq!(said, "");
    for n in 0..2000 {
        let text = std::fs::read_to_string(dir.join(format!("{}/{n}.pt", n % 10))).expect("read");
        assert_eq!(text, format!("content {}", n / 2));
    }
    let trace = String::from_utf8_lossy(&std::fs::read(trace).expect("a trace")).into_owned();
    assert_eq!(trace.matches("status=delayed").count(), 2000);
    assert_eq!(git_in(&repo, &dir, &["status", "--porcelain"]), "");
    is_whole(&dir.join(".git/lfs"));
}

#[test]
fn worktrees_folders_and_archives_have_the_content() {
    let repo = tracked();
    repo.write("sub/a.pt", "content");
    repo.git(&["-C", "sub", "add", "a.pt"]);
    repo.commit("File");
    let tree = repo.outside().join("tree");
    repo.git(&["worktree", "add", "-q", tree.to_str().expect("text")]);
    assert_eq!(std::fs::read_to_string(tree.join("sub/a.pt")).expect("read"), "content");
    std::fs::write(tree.join("sub/b.pt"), "of the worktree").expect("written");
    git_in(&repo, &tree, &["add", "sub/b.pt"]);
    assert_eq!(walk(&repo.path.join(".git/lfs/objects")).len(), 2);
    assert!(!tree.join("lfs").exists() && !repo.path.join(".git/worktrees/tree/lfs").exists());
    assert_eq!(repo.sh("git archive HEAD sub | tar -xO sub/a.pt").ok(), "content");
    // git borrows objects from a repository; git-xp then does too.
    let shared = repo.outside().join("shared");
    repo.git(&[
        "-c",
        "filter.lfs.process=git-xp filter-process",
        "clone",
        "-q",
        "--shared",
        ".",
        shared.to_str().expect("text"),
    ]);
    assert_eq!(std::fs::read_to_string(shared.join("sub/a.pt")).expect("read"), "content");
    assert!(!shared.join(".git/lfs").exists());
    // A run's snapshot has the pointer too.
    repo.write("sub/c.pt", "not committed");
    repo.xp(&["run", "--rule", "clean=snapshot", "--seed", "1", "--", "true"]).ok();
    let commit = repo.facts("run")[0]["snapshot"].as_str().expect("a snapshot").to_owned();
    assert!(repo.git(&["show", &format!("{commit}:sub/c.pt")]).ends_with("size 13"));
}

/// The program itself, git's side of the protocol played here.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_file() {
    const SIZE: u64 = 300 << 20;
    let repo = tracked();
    let mut child = repo
        .command(env!("CARGO_BIN_EXE_git-xp"))
        .arg("filter-process")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut to = Writer::new(child.stdin.take().expect("a pipe"));
    let mut from = Reader::new(child.stdout.take().expect("a pipe"));
    to.lines(["git-filter-client", "version=2"]).expect("written");
    to.lines(["capability=clean", "capability=smudge"]).expect("written");
    from.lines().expect("a greeting");
    from.lines().expect("capabilities");
    to.lines(["command=clean", "pathname=a.pt"]).expect("written");
    to.content(&mut std::io::repeat(b'x').take(SIZE)).expect("written").expect("read");
    assert_eq!(from.lines().expect("a status"), Some(vec![b"status=success".to_vec()]));
    let mut pointer = String::new();
    from.content().read_to_string(&mut pointer).expect("a pointer");
    assert_eq!(from.lines().expect("a status"), Some(Vec::new()));
    assert_eq!(Pointer::parse(pointer.as_bytes()).expect("a pointer").size, SIZE);
    to.lines(["command=smudge", "pathname=a.pt"]).expect("written");
    to.content(&mut pointer.as_bytes()).expect("written").expect("read");
    assert_eq!(from.lines().expect("a status"), Some(vec![b"status=success".to_vec()]));
    let size = std::io::copy(&mut from.content(), &mut std::io::sink()).expect("a content");
    assert_eq!((size, from.lines().expect("a status")), (SIZE, Some(Vec::new())));
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    let kib: u64 = peak.trim().trim_end_matches(" kB").trim().parse().expect("a number");
    assert!(kib < 50 << 10, "{kib} KiB");
    drop(to);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn kill_9_leaves_nothing_half_named() {
    let repo = tracked();
    let pid = repo.outside().join("pid");
    let script = repo.outside().join("filter.sh");
    let line = format!("#!/bin/sh\necho $$ >'{}'\nexec git-xp filter-process\n", pid.display());
    std::fs::write(&script, line).expect("written");
    repo.git(&["config", "filter.lfs.process", &format!("sh '{}'", script.display())]);
    let content: Vec<u8> = (0..20_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut killed = 0;
    let mut run = |args: &[&str], after: u64| {
        let _ = std::fs::remove_file(&pid);
        let mut child = repo.command("git").args(args).stderr(Stdio::null()).spawn().expect("it starts");
        let begun = std::time::Instant::now();
        while begun.elapsed().as_secs() < 10 && std::fs::read_to_string(&pid).is_ok_and(|text| !text.ends_with('\n')) {
            std::thread::yield_now();
        }
        std::thread::sleep(std::time::Duration::from_millis(after));
        if let Some(pid) = std::fs::read_to_string(&pid).ok().filter(|text| !text.trim().is_empty()) {
            let _ = repo.output(repo.command("kill").args(["-9", pid.trim()]));
        }
        let status = child.wait().expect("it ends");
        killed += usize::from(!status.success());
        let _ = std::fs::remove_file(repo.path.join(".git/index.lock"));
    };
    for n in 0..12 {
        let mut file = std::fs::File::create(repo.path.join("big.pt")).expect("a file");
        file.write_all(&content).and_then(|()| file.write_all(&[n])).expect("written");
        run(&["add", "big.pt"], u64::from(n) * 8);
        is_whole(&repo.path.join(".git/lfs"));
    }
    repo.git(&["config", "filter.lfs.process", "git-xp filter-process"]);
    repo.commit("Big");
    let remote = push_away(&repo);
    repo.git(&["config", "xp.artifacts.main", &remote]);
    repo.git(&["config", "filter.lfs.process", &format!("sh '{}'", script.display())]);
    for n in 0..12 {
        let _ = std::fs::remove_file(repo.path.join("big.pt"));
        let _ = std::fs::remove_dir_all(repo.path.join(".git/lfs/objects"));
        run(&["checkout", "--", "big.pt"], n * 8);
        is_whole(&repo.path.join(".git/lfs"));
    }
    assert!(killed > 0, "none was killed in time");
    let _ = std::fs::remove_file(repo.path.join("big.pt"));
    repo.git(&["checkout", "--", "big.pt"]);
    assert_eq!(std::fs::read(repo.path.join("big.pt")).expect("read").len(), content.len() + 1);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[test]
fn who_is_not_git_is_told_so() {
    let repo = tracked();
    insta::assert_snapshot!(repo.xp(&["filter-process"]).fails(128), @"
    error: git-xp filter-process: unexpected end of file
    hint: git calls it, people do not: git xp artifact track '*.pt'
    ");
    // What is wrong with git-xp's own settings is nothing to git.
    repo.write(".xp.toml", "<<<<<<< HEAD");
    repo.write("a.pt", "content");
    repo.git(&["add", "a.pt"]);
    assert!(repo.git(&["show", ":a.pt"]).ends_with("size 7"));
    // Nor are objects that git keeps elsewhere at that moment.
    let mut command = repo.command("git");
    let quarantine = repo.outside().join("quarantine");
    std::fs::create_dir(&quarantine).expect("a folder");
    command.args(["add", "b.pt"]).env("GIT_OBJECT_DIRECTORY", quarantine);
    command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", repo.path.join(".git/objects"));
    repo.write("b.pt", "content of b");
    repo.output(&mut command).ok();
    assert_eq!(walk(&repo.path.join(".git/lfs/objects")).len(), 2);
}
