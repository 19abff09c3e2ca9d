//! A real LFS server and a real client of git-lfs: what one sends, the other gets.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use git_xp::artifact::pointer::Pointer;
use git_xp::artifact::remote::batch::{Batch, Options};
use git_xp::artifact::remote::{Fault, Operation, Presence, Remote};
use git_xp::artifact::store::Store;
use git_xp::artifact::transfer::{Outcome, Progress, transfer};
use git_xp::git::Repo;

use crate::support::{Part, TestRepo, need};

/// giftless, until the test ends. It hashes nothing, and writes under final names.
struct Giftless {
    child: Child,
    folder: tempfile::TempDir,
    url: String,
}

impl Giftless {
    fn start(python: &str) -> Self {
        Self::start_as(python, &[], "http://127.0.0.1")
    }

    /// Over TLS, with a certificate that nobody has signed.
    fn start_with_tls(python: &str) -> Self {
        Self::start_as(python, &["tls"], "https://localhost")
    }

    fn start_as(python: &str, args: &[&str], host: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/giftless_server.py");
        let mut command = Command::new(python);
        command.arg(script).arg(folder.path()).args(args).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let mut port = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut port).expect("a port");
        let url = format!("{host}:{}/org/repo", port.trim());
        assert!(!port.trim().is_empty(), "giftless does not start");
        Self { child, folder, url }
    }

    /// Where it keeps an object.
    fn path(&self, pointer: &Pointer) -> PathBuf {
        self.folder.path().join("objects/org/repo").join(&pointer.oid)
    }
}

impl Drop for Giftless {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A repository whose LFS server is this one.
fn repo(server: &Giftless) -> (TestRepo, Store, Batch) {
    let repo = TestRepo::empty();
    repo.git(&["config", "lfs.url", &server.url]);
    repo.git(&["config", "remote.origin.url", "https://example.invalid/org/repo"]);
    repo.git(&["config", "credential.helper", ""]);
    let opened = Repo::open(&repo.path).expect("a repository");
    let store = Store::of(&opened);
    let mut options = Options::default();
    options.timeouts.pause = Duration::from_millis(10);
    let batch = Batch::new(&opened, "origin", options).expect("a remote");
    (repo, store, batch)
}

fn moved(store: &Store, batch: &Batch, operation: Operation, pointers: &[Pointer]) -> Outcome {
    transfer(store, batch, operation, pointers.to_vec(), &Progress::default())
}

#[track_caller]
fn all_moved(outcome: &Outcome, count: usize) {
    assert_eq!((outcome.moved.len(), outcome.failed.len()), (count, 0), "{:?}", outcome.failed);
}

#[test]
fn a_real_client_gets_what_we_sent_and_we_what_it_sent() {
    let (Some(python), Some(_)) = (need(Part::Python), need(Part::Program("git-lfs"))) else { return };
    let server = Giftless::start(&python);
    let (ours, store, batch) = repo(&server);
    let contents: Vec<Vec<u8>> = [1, 1000, 3 << 20].iter().map(|size| vec![7; *size]).collect();
    let pointers: Vec<Pointer> = contents.iter().map(|bytes| store.put(bytes).expect("stored")).collect();
    all_moved(&moved(&store, &batch, Operation::Upload, &pointers), 3);
    assert_eq!(moved(&store, &batch, Operation::Upload, &pointers).there.len(), 3);
    assert!(batch.look(&pointers).expect("asked").iter().all(|found| matches!(found, Presence::Has)));
    // A clone that knows nothing of git-xp.
    ours.git(&["lfs", "install", "--local", "--skip-repo"]);
    ours.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    for (n, pointer) in pointers.iter().enumerate() {
        ours.write(&format!("{n}.bin"), &pointer.to_string());
    }
    ours.commit("Models");
    let theirs = ours.outside().join("theirs");
    let path = theirs.display().to_string();
    ours.output(ours.command("git").args(["clone", "--quiet", ".", &path]).env("GIT_LFS_SKIP_SMUDGE", "1")).ok();
    let git = |args: &[&str]| ours.output(ours.command("git").current_dir(&theirs).args(args)).ok();
    git(&["lfs", "install", "--local"]);
    git(&["config", "lfs.url", &server.url]);
    git(&["lfs", "pull"]);
    for (n, bytes) in contents.iter().enumerate() {
        assert!(fs::read(theirs.join(format!("{n}.bin"))).expect("read") == *bytes, "{n}");
    }
    git(&["lfs", "fsck"]);
    // And back.
    fs::write(theirs.join("more.bin"), vec![9; 500_000]).expect("written");
    git(&["add", "more.bin"]);
    git(&["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "--quiet", "-m", "More"]);
    let text = git(&["cat-file", "blob", "HEAD:more.bin"]);
    let pointer = Pointer::parse(text.as_bytes()).expect("a pointer");
    assert!(matches!(batch.look(std::slice::from_ref(&pointer)).expect("asked")[0], Presence::Lacks));
    git(&["lfs", "push", "origin", "HEAD"]);
    all_moved(&moved(&store, &batch, Operation::Download, std::slice::from_ref(&pointer)), 1);
    assert_eq!(fs::read(store.find(&pointer).expect("here")).expect("read"), vec![9; 500_000]);
    // A part of it is there: the rest is asked for.
    let other = Store::new(ours.outside().join("other"), Vec::new());
    fs::create_dir_all(other.incomplete()).expect("made");
    fs::write(other.incomplete().join(format!("{}.part", pointer.oid)), vec![9; 100_000]).expect("written");
    all_moved(&moved(&other, &batch, Operation::Download, &[pointer]), 1);
}

#[test]
fn a_server_that_looks_at_nothing_damages_nothing() {
    let Some(python) = need(Part::Python) else { return };
    let server = Giftless::start(&python);
    let (_ours, store, batch) = repo(&server);
    let other = Store::new(server.folder.path().join("other"), Vec::new());
    let good = store.put(&[1; 5000]).expect("stored");
    let bad = store.put(&[2; 5000]).expect("stored");
    let half = store.put(&[3; 5000]).expect("stored");
    all_moved(&moved(&store, &batch, Operation::Upload, &[good.clone(), bad.clone(), half.clone()]), 3);
    // Wrong bytes of the right size, and what an upload that was cut off leaves there under the final name.
    fs::write(server.path(&bad), [0; 5000]).expect("written");
    fs::write(server.path(&half), [3; 2000]).expect("written");
    let all = [good.clone(), bad.clone(), half.clone()];
    let outcome = moved(&other, &batch, Operation::Download, &all);
    assert_eq!(outcome.moved, [good], "{:?}", outcome.failed);
    assert!(outcome.failed.iter().all(|(_, error)| error.fault == Fault::Object), "{:?}", outcome.failed);
    assert!(other.find(&bad).is_none() && other.find(&half).is_none());
    assert!(!matches!(batch.look(std::slice::from_ref(&half)).expect("asked")[0], Presence::Has));
    assert_eq!(
        moved(&other, &batch, Operation::Download, std::slice::from_ref(&half)).failed[0].1.fault,
        Fault::Object
    );
    // Sent again, the half one is whole; the wrong one the server takes for the right one, and nobody can tell without fetching it.
    all_moved(&moved(&store, &batch, Operation::Upload, std::slice::from_ref(&half)), 1);
    all_moved(&moved(&other, &batch, Operation::Download, &[half]), 1);
}

#[test]
fn certificates_are_checked_as_the_settings_say() {
    let Some(python) = need(Part::Python) else { return };
    let server = Giftless::start_with_tls(&python);
    let (ours, store, batch) = repo(&server);
    let pointers = [store.put(&[1; 2 << 20]).expect("stored"), store.put(&[2; 5000]).expect("stored")];
    let outcome = moved(&store, &batch, Operation::Upload, &pointers);
    let error = &outcome.failed[0].1;
    assert_eq!((error.fault, outcome.failed.len()), (Fault::All, 2), "{error}");
    assert!(error.message.contains("no safe connection to localhost"), "{error}");
    let again =
        || Batch::new(&Repo::open(&ours.path).expect("a repository"), "origin", Options::default()).expect("a remote");
    let host = server.url.strip_suffix("/org/repo").expect("a host");
    let certificate = server.folder.path().join("cert.pem").display().to_string();
    ours.git(&["config", &format!("http.{host}.sslCAInfo"), &certificate]);
    all_moved(&moved(&store, &again(), Operation::Upload, &pointers), 2);
    ours.git(&["config", "--unset", &format!("http.{host}.sslCAInfo")]);
    assert_eq!(again().prepare(Operation::Download, &pointers).expect_err("not trusted").fault, Fault::All);
    ours.git(&["config", "http.sslVerify", "false"]);
    let other = Store::new(server.folder.path().join("other"), Vec::new());
    all_moved(&moved(&other, &again(), Operation::Download, &pointers), 2);
}
