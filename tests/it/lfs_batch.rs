//! LFS hosts as remotes, against a server in this process with every fault.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use git_xp::artifact::pointer::Pointer;
use git_xp::artifact::remote::batch::{Batch, Environment, Options, Timeouts};
use git_xp::artifact::remote::{Fault, Operation, Presence, Remote, RemoteError};
use git_xp::artifact::store::Store;
use git_xp::artifact::transfer::{Outcome, Progress, transfer};
use git_xp::git::Repo;

use crate::lfs_server::{Faults, LfsServer, start_proxy};
use crate::support::TestRepo;

/// A repository with a store, another store, and a server.
struct Scene {
    repo: TestRepo,
    here: Store,
    there: Store,
    server: LfsServer,
}

/// `Basic` for `ada:hunter22`.
const LOGIN: &str = "Basic YWRhOmh1bnRlcjIy";

impl Scene {
    fn new() -> Self {
        let (repo, server) = (TestRepo::empty(), LfsServer::start());
        let store = |name: &str| Store::new(repo.outside().join(name), Vec::new());
        let (here, there) = (store("here"), store("there"));
        repo.git(&["config", "lfs.url", &server.url()]);
        // Only what the test says: no helper of the user who runs it.
        repo.git(&["config", "credential.helper", ""]);
        Self { repo, here, there, server }
    }

    fn options() -> Options {
        let timeouts = Timeouts {
            dial: Duration::from_secs(5),
            activity: Duration::from_secs(3),
            digestion: Duration::from_secs(2),
            least_bytes: 1024,
            pause: Duration::from_millis(5),
        };
        Options { timeouts, environment: Environment::default(), may_ask: false }
    }

    fn batch(&self) -> Batch {
        self.batch_of("origin", Self::options())
    }

    fn batch_of(&self, remote: &str, options: Options) -> Batch {
        if self.repo.try_git(&["config", "remote.origin.url"]).code != 0 {
            self.repo.git(&["config", "remote.origin.url", "https://example.invalid/a.git"]);
        }
        let repo = Repo::open(&self.repo.path).expect("a repository");
        Batch::new(&repo, remote, options).expect("a remote")
    }

    fn put(&self, sizes: &[usize]) -> Vec<Pointer> {
        let bytes = |size: usize| (0..size).map(|n| (n * 31 + size) as u8).collect::<Vec<u8>>();
        sizes.iter().map(|size| self.here.put(&bytes(*size)).expect("stored")).collect()
    }

    /// An object that the server has already.
    fn give(&self, size: usize) -> Pointer {
        let pointer = self.put(&[size]).remove(0);
        let bytes = fs::read(self.here.find(&pointer).expect("here")).expect("read");
        self.server.put(&pointer.oid, &bytes);
        pointer
    }

    fn push(&self, batch: &Batch, pointers: &[Pointer]) -> Outcome {
        moved(&self.here, batch, Operation::Upload, pointers)
    }

    fn pull(&self, batch: &Batch, pointers: &[Pointer]) -> Outcome {
        moved(&self.there, batch, Operation::Download, pointers)
    }

    fn part(&self, pointer: &Pointer) -> PathBuf {
        self.there.incomplete().join(format!("{}.part", pointer.oid))
    }

    /// What a download alone does, without the patience of a transfer.
    #[track_caller]
    fn pull_once(&self, batch: &Batch, pointer: &Pointer) -> Result<(), RemoteError> {
        use git_xp::artifact::part::{Opened, Part};
        use git_xp::artifact::remote::Prepared;
        let pointers = std::slice::from_ref(pointer);
        if let Prepared::Refused(error) = batch.prepare(Operation::Download, pointers)?.remove(0) {
            return Err(error);
        }
        let Opened::Part(mut part) = Part::open(&self.there, pointer, &|_| {}).expect("opened") else {
            panic!("it is here");
        };
        batch.download(pointer, &mut part)
    }

    /// What an upload alone does.
    fn push_once(&self, batch: &Batch, pointer: &Pointer) -> (Result<(), RemoteError>, i64) {
        let sent = std::sync::atomic::AtomicI64::new(0);
        let mut file = self.here.open(pointer).expect("here");
        let asked = batch.prepare(Operation::Upload, std::slice::from_ref(pointer));
        let result = asked.and_then(|_| {
            batch.upload(pointer, &mut file, &|n| {
                sent.fetch_add(n, Ordering::SeqCst);
            })
        });
        (result, sent.into_inner())
    }
}

fn moved(store: &Store, batch: &Batch, operation: Operation, pointers: &[Pointer]) -> Outcome {
    let progress = Progress::default();
    let outcome = transfer(store, batch, operation, pointers.to_vec(), &progress);
    let done: u64 = outcome.moved.iter().map(|pointer| pointer.size).sum();
    if outcome.failed.is_empty() && outcome.there.is_empty() {
        assert_eq!(progress.bytes.load(Ordering::SeqCst), done as i64, "what is shown is what was moved");
    }
    outcome
}

#[track_caller]
fn all_moved(outcome: &Outcome, count: usize) {
    assert_eq!((outcome.moved.len(), outcome.failed.len()), (count, 0), "{:?}", outcome.failed);
}

/// The error of the only object.
#[track_caller]
fn only_error(outcome: Outcome) -> RemoteError {
    assert_eq!((outcome.moved.len(), outcome.failed.len()), (0, 1), "{outcome:?}");
    let error = outcome.failed.into_iter().next().expect("one").1;
    let text = format!("{error:?}");
    for secret in ["hunter22", "YWRhOmh1bnRlcjIy", "sig-nature", "\u{1b}"] {
        assert!(!text.contains(secret), "{text}");
    }
    error
}

#[test]
fn objects_go_there_and_back() {
    let scene = Scene::new();
    let batch = scene.batch();
    let pointers = scene.put(&[1, 100, 5_000, 3 << 20, 250_000]);
    all_moved(&scene.push(&batch, &pointers), 5);
    for pointer in &pointers {
        assert_eq!(scene.server.object(&pointer.oid).expect("there").len() as u64, pointer.size);
    }
    assert_eq!(scene.server.count("POST", "/verify/"), 5);
    let put = scene.server.seen().into_iter().find(|seen| seen.method == "PUT").expect("a PUT");
    assert_eq!(put.headers["content-type"], "application/octet-stream");
    assert_eq!(scene.push(&batch, &pointers).there.len(), 5);
    assert!(batch.look(&pointers).expect("asked").iter().all(|found| matches!(found, Presence::Has)));
    all_moved(&scene.pull(&batch, &pointers), 5);
    assert!(pointers.iter().all(|pointer| scene.there.find(pointer).is_some()));
    let get = scene.server.seen().into_iter().find(|seen| seen.method == "GET").expect("a GET");
    assert_eq!((get.headers["accept-encoding"].as_str(), get.headers.get("range")), ("identity", None));
    assert_eq!(batch.place(), scene.server.url());
    let unknown = Pointer { oid: "0".repeat(64), size: 1 };
    assert!(matches!(batch.look(std::slice::from_ref(&unknown)).expect("asked")[0], Presence::Lacks));
    assert_eq!(only_error(scene.pull(&batch, &[unknown])).fault, Fault::Object);
    assert_eq!(batch.list().expect_err("LFS lists nothing").fault, Fault::Unsupported);
}

#[test]
fn faults_of_the_api_have_their_consequence() {
    let scene = Scene::new();
    let pointer = scene.give(100);
    let batch = scene.batch();
    let seconds = |n| Fault::Later(Some(Duration::from_secs(n)));
    for (status, headers, fault) in [
        (403, "", Fault::All),
        (404, "", Fault::All),
        (410, "", Fault::All),
        (413, "", Fault::Object),
        (422, "", Fault::Object),
        (429, "Retry-After: 7\r\n", seconds(7)),
        (429, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:46 GMT\r\n", seconds(9)),
        (500, "", Fault::Later(None)),
        (503, "Retry-After: x\r\n", Fault::Later(None)),
        (501, "", Fault::All),
        (507, "", Fault::All),
        (509, "", Fault::All),
    ] {
        scene.server.behave(Faults { batch: Some((status, 1, headers)), ..Faults::default() });
        let error = batch.prepare(Operation::Download, std::slice::from_ref(&pointer)).expect_err("a fault");
        assert_eq!(error.fault, fault, "{status}");
        assert!(error.message.contains(&scene.server.place()) && error.message.ends_with("as [31mplanned"), "{error}");
    }
    for status in [413, 422] {
        scene.server.behave(Faults { batch: Some((status, 1, "")), ..Faults::default() });
        let two = [pointer.clone(), scene.give(50)];
        assert_eq!(batch.prepare(Operation::Download, &two).expect_err("a fault").fault, Fault::Split);
    }
    for (code, fault) in [
        (404, Fault::Object),
        (410, Fault::Object),
        (422, Fault::Object),
        (403, Fault::Object),
        (503, Fault::Later(None)),
    ] {
        scene.server.behave(Faults { object: Some(code), ..Faults::default() });
        assert_eq!(scene.pull_once(&batch, &pointer).expect_err("a fault").fault, fault, "{code}");
        let found = batch.look(std::slice::from_ref(&pointer)).expect("asked").remove(0);
        assert_eq!(matches!(found, Presence::Lacks), code == 404 || code == 410, "{found:?}");
    }
}

#[test]
fn faults_that_pass_are_outlasted() {
    let scene = Scene::new();
    let batch = scene.batch();
    let pointers = scene.put(&[10, 20, 30, 40, 50, 60, 70]);
    scene.server.behave(Faults {
        batch: Some((503, 2, "Retry-After: 0\r\n")),
        storage: Some((429, 3, "Retry-After: 0\r\n")),
        verify: Some((500, 2)),
        most_at_once: Some(2),
        ..Faults::default()
    });
    all_moved(&scene.push(&batch, &pointers), 7);
    assert!(scene.server.count("POST", "/objects/batch") >= 6, "batches were split");
    scene.server.behave(Faults { storage: Some((500, 3, "Retry-After: 0\r\n")), ..Faults::default() });
    all_moved(&scene.pull(&batch, &pointers), 7);
    // A look is patient too.
    scene.server.behave(Faults { batch: Some((503, 2, "")), most_at_once: Some(2), ..Faults::default() });
    assert!(batch.look(&pointers).expect("asked").iter().all(|found| matches!(found, Presence::Has)));
}

#[test]
fn faults_of_the_storage_have_their_consequence() {
    let scene = Scene::new();
    let batch = scene.batch();
    let (there, here) = (scene.give(100), scene.put(&[101]).remove(0));
    for (status, fault) in [
        (401, Fault::Expired),
        (403, Fault::Expired),
        (404, Fault::Object),
        (410, Fault::Object),
        (413, Fault::Object),
        (422, Fault::Object),
        (429, Fault::Later(None)),
        (500, Fault::Later(None)),
        (503, Fault::Later(None)),
        (507, Fault::All),
    ] {
        scene.server.behave(Faults { storage: Some((status, 9, "")), ..Faults::default() });
        assert_eq!(scene.pull_once(&batch, &there).expect_err("a fault").fault, fault, "{status}");
        let (result, sent) = scene.push_once(&batch, &here);
        assert_eq!((result.expect_err("a fault").fault, sent), (fault, 0), "{status}");
    }
    assert_eq!(scene.server.object(&here.oid), None);
}

#[test]
fn an_upload_counts_once_it_is_confirmed() {
    let scene = Scene::new();
    let batch = scene.batch();
    let pointers = scene.put(&[100, 200]);
    // The server takes it and says so, and has it not.
    for is_unverified in [false, true] {
        scene.server.behave(Faults { is_forgetful: true, is_unverified, ..Faults::default() });
        let (result, sent) = scene.push_once(&batch, &pointers[0]);
        let error = result.expect_err("it is not there");
        assert_eq!(sent, 0, "{error}");
        let asked = if is_unverified { ("POST", "/objects/batch", 4) } else { ("POST", "/verify/", 3) };
        assert_eq!(scene.server.count(asked.0, asked.1), asked.2, "{error}");
    }
    // Without a verify action the API is asked whether it has the object.
    scene.server.behave(Faults { is_unverified: true, ..Faults::default() });
    all_moved(&scene.push(&batch, &pointers), 2);
    assert_eq!(scene.server.count("POST", "/objects/batch"), 3);
    scene.server.behave(Faults { is_unverified: true, size: Some(7), ..Faults::default() });
    let (other, _) = scene.push_once(&batch, &scene.put(&[300])[0]);
    assert!(other.expect_err("another size").message.contains("7 bytes of the upload instead of 300"));
}

#[test]
fn permissions_that_end_are_asked_for_again() {
    let scene = Scene::new();
    let batch = scene.batch();
    let pointers = scene.put(&[100, 200, 300]);
    // Each batch makes those before it worthless, as a token of half an hour does in a long transfer.
    scene.server.behave(Faults { is_short_lived: true, most_at_once: Some(1), ..Faults::default() });
    let outcome = scene.push(&batch, &pointers[..1]);
    all_moved(&outcome, 1);
    let asked = batch.prepare(Operation::Upload, &pointers[1..2]).expect("asked");
    assert_eq!(asked.len(), 1);
    batch.prepare(Operation::Upload, &pointers[2..]).expect("asked");
    let mut file = scene.here.open(&pointers[1]).expect("here");
    assert_eq!(batch.upload(&pointers[1], &mut file, &|_| {}).expect_err("it ended").fault, Fault::Expired);
    // What is over, or nearly, is not even tried.
    for (expires_in, expires_at) in [
        (Some(-5), None),
        (Some(2), None),
        (None, Some("2020-01-01T00:00:00Z")),
        (Some(1), Some("2999-01-01T00:00:00Z")),
    ] {
        scene.server.behave(Faults { expires_in, expires_at, ..Faults::default() });
        let (result, _) = scene.push_once(&batch, &pointers[1]);
        assert_eq!(result.expect_err("it ended").fault, Fault::Expired);
        assert_eq!(scene.server.count("PUT", ""), 0);
        let error = only_error(scene.push(&batch, &pointers[1..2]));
        assert_eq!((error.fault, scene.server.count("PUT", "")), (Fault::Expired, 0));
    }
    scene.server.behave(Faults {
        expires_in: Some(3600),
        expires_at: Some("0001-01-01T00:00:00Z"),
        ..Faults::default()
    });
    all_moved(&scene.push(&batch, &pointers[1..]), 2);
}

#[test]
fn a_refusal_before_the_bytes_is_heard() {
    let scene = Scene::new();
    let batch = scene.batch();
    let pointer = scene.put(&[20 << 20]).remove(0);
    scene.server.behave(Faults { closes_early: true, ..Faults::default() });
    let (result, sent) = scene.push_once(&batch, &pointer);
    assert_eq!((result.expect_err("refused").fault, sent), (Fault::Expired, 0));
}

#[test]
fn wrong_bytes_and_too_few_get_no_name() {
    let scene = Scene::new();
    let batch = scene.batch();
    let pointer = scene.give(200_000);
    scene.server.behave(Faults { is_lying: true, ..Faults::default() });
    let error = only_error(scene.pull(&batch, std::slice::from_ref(&pointer)));
    assert_eq!(error.fault, Fault::Object);
    assert!(scene.there.find(&pointer).is_none() && !scene.part(&pointer).exists());
    // Each answer breaks off; what came is kept, and the next begins there.
    scene.server.behave(Faults { cut: Some(90_000), ..Faults::default() });
    assert_eq!(scene.pull_once(&batch, &pointer).expect_err("too few").fault, Fault::Later(None));
    assert_eq!(fs::metadata(scene.part(&pointer)).expect("kept").len(), 90_000);
    all_moved(&scene.pull(&batch, std::slice::from_ref(&pointer)), 1);
    let ranges: Vec<String> =
        scene.server.seen().into_iter().filter_map(|seen| seen.headers.get("range").cloned()).collect();
    assert_eq!(ranges, ["bytes=90000-199999", "bytes=180000-199999"]);
    // The server has an object of another size under this name.
    let other = scene.put(&[77]).remove(0);
    scene.server.put(&other.oid, b"short");
    scene.server.behave(Faults::default());
    let error = only_error(scene.pull(&batch, std::slice::from_ref(&other)));
    assert!(error.message.contains("5 bytes under this name instead of 77"), "{error}");
    scene.server.behave(Faults { size: Some(5), ..Faults::default() });
    assert_eq!(only_error(scene.pull(&batch, std::slice::from_ref(&other))).fault, Fault::Object);
    assert!(matches!(batch.look(&[other]).expect("asked")[0], Presence::Unknown(_)));
    scene.server.behave(Faults { encoding: Some("gzip"), ..Faults::default() });
    let error = only_error(scene.pull(&batch, &[scene.give(99)]));
    assert!(error.message.contains("packs what it sends as gzip"), "{error}");
}

#[test]
fn a_download_begins_anew_where_it_must() {
    let scene = Scene::new();
    let batch = scene.batch();
    let begin = |pointer: &Pointer| {
        let bytes = fs::read(scene.here.find(pointer).expect("here")).expect("read");
        fs::create_dir_all(scene.there.incomplete()).expect("made");
        fs::write(scene.part(pointer), &bytes[..1000]).expect("written");
    };
    let faults = [
        (Faults { is_rangeless: true, ..Faults::default() }, 1),
        (Faults { odd_range: Some((416, "")), ..Faults::default() }, 2),
        (Faults { odd_range: Some((206, "")), ..Faults::default() }, 2),
        (Faults { odd_range: Some((206, "Content-Range: bytes 999-4000/5000\r\n")), ..Faults::default() }, 2),
        (Faults { odd_range: Some((206, "Content-Range: bytes 1000-4000/9999\r\n")), ..Faults::default() }, 2),
        (Faults::default(), 1),
    ];
    for (n, (faults, requests)) in faults.into_iter().enumerate() {
        let pointer = scene.give(5000 + n);
        begin(&pointer);
        scene.server.behave(faults);
        all_moved(&scene.pull(&batch, &[pointer]), 1);
        assert_eq!(scene.server.count("GET", "/store/"), requests);
    }
}

#[test]
fn who_is_too_slow_is_given_up() {
    let scene = Scene::new();
    let batch = scene.batch();
    let pointer = scene.give(5000);
    let slow = Some(Duration::from_millis(20));
    for faults in [
        Faults { drip_api: slow, ..Faults::default() },
        Faults { drip_storage: slow, ..Faults::default() },
        Faults { is_silent: true, ..Faults::default() },
    ] {
        scene.server.behave(faults.clone());
        let begun = Instant::now();
        let error = scene.pull_once(&batch, &pointer).expect_err("too slow");
        assert_eq!(error.fault, Fault::Later(None), "{faults:?} {error}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{faults:?} {:?}", begun.elapsed());
    }
    // Nobody listens.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = listener.local_addr().expect("an address");
    drop(listener);
    let other = scene.batch_of(&format!("http://{place}/lfs"), Scene::options());
    let error = other.prepare(Operation::Download, &[pointer]).expect_err("nobody");
    assert_eq!((error.fault, error.message.contains("takes no connections")), (Fault::Later(None), true), "{error}");
}

#[test]
fn too_much_json_is_not_read() {
    let scene = Scene::new();
    let mut options = Scene::options();
    options.timeouts.activity = Duration::from_secs(20);
    let batch = scene.batch_of("origin", options);
    let pointer = scene.give(10);
    scene.server.behave(Faults { flood: Some(100 << 20), ..Faults::default() });
    let error = batch.prepare(Operation::Download, std::slice::from_ref(&pointer)).expect_err("too much");
    assert_eq!((error.fault, error.message.contains("more than 16 MiB of JSON")), (Fault::All, true), "{error}");
    for page in ["<html>Log in</html>", "{}", "[1]", r#"{"objects":[],"transfer":"ssh"}"#] {
        scene.server.behave(Faults { page: Some(page), ..Faults::default() });
        assert_eq!(
            batch.prepare(Operation::Download, std::slice::from_ref(&pointer)).expect_err("no batch").fault,
            Fault::All
        );
    }
    scene.server.behave(Faults { page: Some(r#"{"objects":[]}"#), ..Faults::default() });
    assert!(only_error(scene.pull(&batch, &[pointer])).message.ends_with("said nothing of it"));
}

#[test]
fn nothing_private_goes_to_another_host() {
    let scene = Scene::new();
    let other = LfsServer::start();
    let pointer = scene.give(1000);
    let here = scene.put(&[2000]).remove(0);
    other.put(&pointer.oid, &fs::read(scene.here.find(&pointer).expect("here")).expect("read"));
    let batch = scene.batch();
    scene.repo.git(&["config", "http.extraHeader", "X-Own: hunter22"]);
    for status in [301, 302, 303, 307, 308] {
        for token in [("Authorization", LOGIN), ("X-Token", "hunter22")] {
            let redirect = Some((status, format!("http://{}", other.place())));
            scene.server.behave(Faults { redirect, action_header: Some(token), ..Faults::default() });
            other.behave(Faults::default());
            scene.pull_once(&batch, &pointer).expect("it came");
            let (sent, got) = (scene.server.seen(), other.seen());
            assert_eq!(sent.last().expect("asked").headers[&token.0.to_lowercase()], token.1);
            assert_eq!(got.len(), 1);
            assert!(!format!("{:?}", got[0].headers).contains(token.1), "{got:?}");
            fs::remove_file(scene.part(&pointer)).expect("removed");
        }
    }
    // An upload follows too, with its bytes.
    let redirect = Some((307, format!("http://{}", other.place())));
    scene.server.behave(Faults { redirect, action_header: Some(("Authorization", LOGIN)), ..Faults::default() });
    other.behave(Faults::default());
    let (result, _) = scene.push_once(&batch, &here);
    assert!(result.expect_err("the first server does not have it").message.contains("does not confirm"));
    assert_eq!(other.object(&here.oid).expect("it came").len(), 2000);
    assert!(other.seen().iter().all(|seen| !seen.headers.contains_key("authorization")));
    // In a circle.
    let redirect = Some((302, format!("http://{}", scene.server.place())));
    scene.server.behave(Faults { redirect, ..Faults::default() });
    assert!(scene.pull_once(&batch, &pointer).expect_err("a circle").message.contains("in a circle"));
}

#[test]
fn places_that_no_server_may_name_are_refused() {
    let scene = Scene::new();
    let batch = scene.batch();
    let pointer = scene.give(100);
    let here = scene.put(&[101]).remove(0);
    for place in [
        "file:///etc/passwd?",
        "ftp://127.0.0.1",
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]:80",
        "http://[::ffff:169.254.169.254]",
        "http://metadata.google.internal",
        "javascript:x",
        "http://a b",
        "",
    ] {
        scene.server.behave(Faults { href: Some(place.to_owned()), ..Faults::default() });
        if !place.is_empty() {
            let error = only_error(scene.pull(&batch, std::slice::from_ref(&pointer)));
            assert_eq!((error.fault, error.message.contains("refused")), (Fault::Object, true), "{place}: {error}");
            assert!(scene.push_once(&batch, &here).0.is_err());
        }
        let redirect = Some((302, place.to_owned()));
        scene.server.behave(Faults { redirect, ..Faults::default() });
        let error = scene.pull_once(&batch, &pointer).expect_err("refused");
        assert_eq!(error.fault, Fault::Object, "{place}: {error}");
    }
    // A place on the same host may be named without the host.
    scene.server.behave(Faults { href: Some(String::new()), ..Faults::default() });
    all_moved(&scene.pull(&batch, &[pointer]), 1);
}

#[test]
fn a_login_is_got_from_git_and_told_whether_it_was_right() {
    let scene = Scene::new();
    let pointer = scene.give(100);
    let log = scene.repo.outside().join("helper.log");
    let helper = scene.repo.outside().join("helper.sh");
    // The first login it gives is old, the second is right.
    let script = format!(
        "#!/bin/sh\necho \"== $1\" >> '{log}'; cat >> '{log}'\n\
         if [ \"$1\" = get ]; then\n  if grep -q '== erase' '{log}'; then echo username=ada; echo password=hunter22;\n\
         else echo username=ada; echo password=old-one; fi\nfi\n",
        log = log.display()
    );
    fs::write(&helper, script).expect("written");
    scene.repo.git(&["config", "credential.helper", &format!("!sh '{}'", helper.display())]);
    scene.repo.git(&["config", "credential.useHttpPath", "true"]);
    let batch = scene.batch();
    scene.server.behave(Faults { login: Some(LOGIN.to_owned()), ..Faults::default() });
    all_moved(&scene.pull(&batch, std::slice::from_ref(&pointer)), 1);
    assert!(matches!(batch.look(std::slice::from_ref(&pointer)).expect("asked")[0], Presence::Has));
    let log = fs::read_to_string(log).expect("the helper was asked");
    let verbs: Vec<&str> = log.lines().filter(|line| line.starts_with("==")).collect();
    assert_eq!(verbs, ["== get", "== erase", "== get", "== store"], "{log}");
    assert!(log.contains("path=lfs\n") && log.contains(&format!("host={}\n", scene.server.place())), "{log}");
    let tried: Vec<Option<String>> = scene
        .server
        .seen()
        .iter()
        .filter(|seen| seen.method == "POST")
        .map(|seen| seen.headers.get("authorization").cloned())
        .collect();
    assert_eq!(tried.len(), 4);
    assert_eq!((tried[0].as_deref(), tried[2].as_deref(), tried[3].as_deref()), (None, Some(LOGIN), Some(LOGIN)));
    // The storage of the same host takes it too; no action brings it.
    scene.server.behave(Faults {
        login: Some(LOGIN.to_owned()),
        storage_login: Some(LOGIN.to_owned()),
        ..Faults::default()
    });
    let more = scene.give(200);
    all_moved(&scene.pull(&batch, &[more]), 1);
    // What the server does not take in the end is told, without the login.
    scene.server.behave(Faults { login: Some("Basic other".to_owned()), ..Faults::default() });
    let fresh = scene.batch();
    let error = fresh.prepare(Operation::Upload, &[pointer]).expect_err("no login");
    assert_eq!(error.fault, Fault::All);
    assert!(!format!("{error:?}").contains("hunter22") && error.hint.is_some(), "{error:?}");
}

#[test]
fn a_login_may_stand_in_the_url_the_settings_or_netrc() {
    let scene = Scene::new();
    let pointer = scene.give(100);
    let login = || Faults { login: Some(LOGIN.to_owned()), ..Faults::default() };
    let is_in = |batch: &Batch| {
        scene.server.behave(login());
        batch.prepare(Operation::Download, std::slice::from_ref(&pointer)).map(|_| scene.server.seen().len())
    };
    let error = is_in(&scene.batch()).expect_err("no login");
    assert!(error.message.contains("git has no login for it"), "{error}");
    let with = format!("http://ada:hunter22@{}/lfs", scene.server.place());
    let batch = scene.batch_of(&with, Scene::options());
    assert_eq!(is_in(&batch), Ok(1));
    assert_eq!((batch.place(), batch.name()), (scene.server.url(), scene.server.url().as_str()));
    let home = scene.repo.outside().join("home");
    fs::create_dir(&home).expect("made");
    fs::write(home.join(".netrc"), "machine 127.0.0.1 login ada password hunter22\n").expect("written");
    let mut options = Scene::options();
    options.environment.home = Some(home);
    assert_eq!(is_in(&scene.batch_of("origin", options)), Ok(2));
    let key = format!("http.http://{}.extraHeader", scene.server.place());
    scene.repo.git(&["config", &key, &format!("Authorization: {LOGIN}")]);
    assert_eq!(is_in(&scene.batch()), Ok(1));
}

#[test]
fn a_server_is_found_by_ssh() {
    let scene = Scene::new();
    let pointer = scene.give(100);
    scene.repo.git(&["config", "--unset", "lfs.url"]);
    scene.repo.git(&["config", "remote.origin.url", "git@example.invalid:some/a.git"]);
    let log = scene.repo.outside().join("ssh.log");
    let ssh = scene.repo.outside().join("ssh.sh");
    let answer = |expires: &str| {
        let text = format!(
            "#!/bin/sh\necho \"$*\" >> '{}'\necho '{{\"href\":\"{}\",\"header\":{{\"Authorization\":\"{LOGIN}\"}}{expires}}}'\n",
            log.display(),
            scene.server.url()
        );
        fs::write(&ssh, text).expect("written");
    };
    let mut options = Scene::options();
    options.environment.ssh_command = Some(format!("sh '{}' -v", ssh.display()));
    let asked = || fs::read_to_string(&log).unwrap_or_default().lines().count();
    answer(",\"expires_in\":3600");
    let batch = scene.batch_of("origin", options.clone());
    scene.server.behave(Faults { login: Some(LOGIN.to_owned()), ..Faults::default() });
    all_moved(&scene.pull(&batch, std::slice::from_ref(&pointer)), 1);
    batch.look(std::slice::from_ref(&pointer)).expect("asked");
    let said = fs::read_to_string(&log).expect("asked");
    assert_eq!(said, "-v git@example.invalid git-lfs-authenticate some/a.git download\n", "asked once");
    batch.prepare(Operation::Upload, std::slice::from_ref(&pointer)).expect("asked");
    assert!(fs::read_to_string(&log).expect("asked").ends_with("some/a.git upload\n"));
    // What the server does not take any more is asked for once more.
    scene.server.behave(Faults { batch: Some((401, 1, "")), login: Some(LOGIN.to_owned()), ..Faults::default() });
    batch.look(std::slice::from_ref(&pointer)).expect("asked");
    assert_eq!(asked(), 3);
    // An answer that is old at once is asked for each time.
    answer(",\"expires_in\":1");
    let batch = scene.batch_of("origin", options.clone());
    scene.server.behave(Faults { login: Some(LOGIN.to_owned()), ..Faults::default() });
    for _ in 0..2 {
        batch.prepare(Operation::Download, std::slice::from_ref(&pointer)).expect("asked");
    }
    assert_eq!(asked(), 5);
    // No such command there: the URL is guessed, and cannot be found here.
    fs::write(&ssh, "#!/bin/sh\necho 'git-lfs-authenticate: not found' >&2\nexit 127\n").expect("written");
    let batch = scene.batch_of("origin", options.clone());
    let error = batch.prepare(Operation::Download, std::slice::from_ref(&pointer)).expect_err("no such host");
    assert!(error.message.contains("example.invalid is not found"), "{error}");
    assert_eq!(batch.place(), "https://example.invalid/some/a.git/info/lfs");
    fs::write(&ssh, "#!/bin/sh\nprintf 'Permission denied \\033[31m(publickey)' >&2\nexit 255\n").expect("written");
    let error = scene.batch_of("origin", options).prepare(Operation::Download, &[pointer]).expect_err("refused");
    assert_eq!(error.fault, Fault::All);
    assert!(error.message.contains("Permission denied [31m(publickey)"), "{error}");
}

#[test]
fn lfsconfig_counts_where_it_is_safe() {
    let scene = Scene::new();
    scene.repo.git(&["config", "--unset", "lfs.url"]);
    let at =
        |url: &str| format!("[lfs]\n\turl = {url}\n[http]\n\textraHeader = X-Evil: 1\n[core]\n\tsshCommand = evil\n");
    scene.repo.write(".lfsconfig", &at("https://committed/lfs"));
    scene.repo.commit("Settings");
    scene.repo.write(".lfsconfig", &at("https://staged/lfs"));
    scene.repo.git(&["add", ".lfsconfig"]);
    scene.repo.write(".lfsconfig", &at(&scene.server.url()));
    assert_eq!(scene.batch().place(), scene.server.url());
    scene.server.behave(Faults::default());
    scene.batch().look(&[Pointer { oid: "0".repeat(64), size: 1 }]).expect("asked");
    assert!(scene.server.seen().iter().all(|seen| !seen.headers.contains_key("x-evil")));
    fs::remove_file(scene.repo.path.join(".lfsconfig")).expect("removed");
    assert_eq!(scene.batch().place(), "https://staged/lfs");
    scene.repo.git(&["rm", "--quiet", "--cached", "-f", ".lfsconfig"]);
    assert_eq!(scene.batch().place(), "https://committed/lfs");
    scene.repo.git(&["config", "lfs.url", "https://own/lfs"]);
    assert_eq!(scene.batch().place(), "https://own/lfs");
}

#[test]
fn a_proxy_is_used_where_the_settings_say_so() {
    let scene = Scene::new();
    let pointer = scene.give(100);
    let (proxy, seen) = start_proxy();
    let mut options = Scene::options();
    options.environment.http_proxy = Some(format!("http://{proxy}"));
    let came = |options: Options| {
        scene.batch_of("origin", options).look(std::slice::from_ref(&pointer)).expect("asked");
        std::mem::take(&mut *seen.lock().expect("ours")).len()
    };
    assert_eq!(came(Scene::options()), 0);
    assert_eq!(came(options.clone()), 1);
    options.environment.no_proxy = Some("127.0.0.1".to_owned());
    assert_eq!(came(options), 0);
    scene.repo.git(&["config", "http.proxy", &format!("http://{proxy}")]);
    assert_eq!(came(Scene::options()), 1);
    scene.repo.git(&["config", "http.proxy", "http://user:hunter22@"]);
    let error = scene.batch().prepare(Operation::Download, &[pointer]).expect_err("no proxy");
    assert_eq!(error.fault, Fault::All);
    assert!(!format!("{error:?}").contains("hunter22"), "{error:?}");
}
