//! A real git-lfs client, with git-xp as its transfer agent.

use std::fs;
use std::path::Path;

use git_xp::artifact::agent::install::{Installed, install, installed, uninstall};
use git_xp::git::Repo;

use super::support::{Output, Part, TestRepo, need};

/// A repository whose `*.bin` are git-lfs's, with a bare repository `origin.git` beside it.
fn scene() -> TestRepo {
    let repo = TestRepo::new();
    repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["lfs", "install", "--local"]);
    repo.git(&["lfs", "track", "*.bin"]);
    for (name, size) in [("a.bin", 10), ("deep/b.bin", 300_000), ("c.bin", 20 << 20)] {
        let path = repo.path.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, vec![name.len() as u8; size]).expect("written");
    }
    repo.commit("Large files");
    repo
}

/// Have git-xp move the objects of a repository.
fn set_up(path: &Path, place: &str) {
    let repo = Repo::open(path).expect("a repository");
    install(&repo, Path::new(env!("CARGO_BIN_EXE_git-xp")), place).expect("written");
}

/// Push; pull in a clone; both have the same files. `variables`: the environment of git-lfs.
#[track_caller]
fn goes_there_and_back(place: &str, variables: &[(&str, &str)]) -> (TestRepo, std::path::PathBuf) {
    let repo = scene();
    set_up(&repo.path, place);
    git(&repo, &repo.path, &["push", "--quiet", "origin", "main"], variables).ok();
    let clone = repo.outside().join("clone");
    repo.output(repo.command("git").env("GIT_LFS_SKIP_SMUDGE", "1").args([
        "clone",
        "--quiet",
        "../origin.git",
        "../clone",
    ]))
    .ok();
    set_up(&clone, place);
    repo.output(repo.command("git").current_dir(&clone).args(["lfs", "install", "--local"])).ok();
    assert!(fs::metadata(clone.join("c.bin")).expect("there").len() < 1000, "a pointer");
    // From a folder inside.
    git(&repo, &clone.join("deep"), &["lfs", "pull"], variables).ok();
    for name in ["a.bin", "deep/b.bin", "c.bin"] {
        assert!(fs::read(repo.path.join(name)).expect("read") == fs::read(clone.join(name)).expect("read"), "{name}");
    }
    git(&repo, &clone, &["lfs", "fsck"], &[]).ok();
    for folder in ["tmp", "incomplete"] {
        let left = fs::read_dir(clone.join(".git/lfs").join(folder)).into_iter().flatten();
        let left = left.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
        // git-lfs leaves numbers in `tmp`.
        let left: Vec<String> = left.filter(|name| !name.bytes().all(|byte| byte.is_ascii_digit())).collect();
        assert!(left.is_empty(), "{left:?}");
    }
    (repo, clone)
}

fn git(repo: &TestRepo, dir: &Path, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = repo.command("git");
    command.current_dir(dir).args(args).envs(variables.iter().copied());
    repo.output(&mut command)
}

#[test]
fn plain_git_lfs_reaches_a_folder() {
    if need(Part::Program("git-lfs")).is_none() {
        return;
    }
    let shared = tempfile::tempdir().expect("a folder");
    let folder = shared.path().join("o'ne folder");
    fs::create_dir(&folder).expect("a folder");
    let place = folder.to_str().expect("text");
    let (repo, clone) = goes_there_and_back(place, &[]);
    // What is not there any more is missed by name, and nothing else is lost.
    fs::write(repo.path.join("a.bin"), "new").expect("written");
    repo.commit("New");
    git(&repo, &repo.path, &["push", "--quiet", "origin", "main"], &[]).ok();
    fs::rename(&folder, shared.path().join("away")).expect("moved");
    let pulled = git(&repo, &clone, &["pull", "--quiet"], &[]);
    let said = git(&repo, &clone, &["lfs", "pull"], &[]);
    // The pull itself may have ended at the file already.
    let all = format!("{}{}", pulled.stderr, said.stderr);
    assert!(all.contains("is not there") && all.contains("mount it"), "{pulled:?} {said:?}");
    fs::rename(shared.path().join("away"), &folder).expect("moved");
    git(&repo, &clone, &["lfs", "pull"], &[]).ok();
    git(&repo, &clone, &["reset", "--quiet", "--hard", "origin/main"], &[]).ok();
    assert_eq!(fs::read_to_string(clone.join("a.bin")).expect("read"), "new");
}

#[test]
#[cfg(feature = "cloud")]
fn plain_git_lfs_reaches_a_bucket() {
    use super::servers::{KEY, seaweed};
    let (Some(_), Some(server)) = (need(Part::Program("git-lfs")), seaweed()) else { return };
    let place = format!("s3://lfs/of~a=team?endpoint=http://127.0.0.1:{}&region=us-east-1", server.port);
    let key = [("AWS_ACCESS_KEY_ID", KEY.0), ("AWS_SECRET_ACCESS_KEY", KEY.1)];
    let (repo, clone) = goes_there_and_back(&place, &key);
    // The same with a profile, as Amazon's own tools have it.
    fs::create_dir(repo.outside().join(".aws")).expect("a folder");
    let profile = format!("[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n", KEY.0, KEY.1);
    fs::write(repo.outside().join(".aws/credentials"), profile).expect("written");
    fs::remove_dir_all(clone.join(".git/lfs/objects")).expect("removed");
    git(&repo, &clone, &["lfs", "fetch"], &[]).ok();
    fs::remove_dir_all(clone.join(".git/lfs/objects")).expect("removed");
    let said = git(&repo, &clone, &["lfs", "fetch"], &[("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "y")]);
    assert_ne!(said.code, 0);
    assert!(said.stderr.contains("refuses the credentials"), "{said:?}");
}

#[test]
fn what_cannot_be_used_is_told_to_git_lfs() {
    if need(Part::Program("git-lfs")).is_none() {
        return;
    }
    let repo = scene();
    set_up(&repo.path, "s3://bucket?secret=x");
    let said = git(&repo, &repo.path, &["push", "--quiet", "origin", "main"], &[]);
    assert_ne!(said.code, 0);
    assert!(said.stderr.contains("the address holds a user name or a key"), "{said:?}");
}

#[test]
fn what_is_installed_is_removed_again() {
    let repo = TestRepo::new();
    let opened = || Repo::open(&repo.path).expect("a repository");
    let before = fs::read_to_string(repo.path.join(".git/config")).expect("read");
    assert_eq!(installed(&opened()), Installed::No);
    set_up(&repo.path, "s3://bucket");
    set_up(&repo.path, "/srv/lfs");
    assert_eq!(installed(&opened()), Installed::Yes);
    assert_eq!(repo.git(&["config", "lfs.customtransfer.git-xp.args"]), "lfs-agent '/srv/lfs'");
    assert!(uninstall(&opened()).expect("removed"));
    assert!(!uninstall(&opened()).expect("nothing"));
    let config = fs::read_to_string(repo.path.join(".git/config")).expect("read");
    assert_eq!(config.replace("[lfs]\n", "").replace("[lfs \"customtransfer.git-xp\"]\n", ""), before);
    repo.git(&["config", "lfs.standalonetransferagent", "other"]);
    assert_eq!(installed(&opened()), Installed::Other("other".to_owned()));
    assert!(!uninstall(&opened()).expect("nothing"));
}
