//! Buckets on real servers: SeaweedFS for S3, Azurite for Azure, fake-gcs-server for Google.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use git_xp::artifact::pointer::Pointer;
use git_xp::artifact::remote::bucket::{Bucket, Environment, open_in};
use git_xp::artifact::remote::{Fault, Operation, Presence, Remote, RemoteError};
use git_xp::artifact::store::Store;
use git_xp::artifact::transfer::{Outcome, Progress, transfer};

use super::servers::{AZURE, KEY, Proxy, ROOT, azurite, google, http, seaweed};

/// Two stores, and objects in the first: empty, small, just not and just in parts, large.
struct Stores {
    dir: tempfile::TempDir,
    here: Store,
    there: Store,
    pointers: Vec<Pointer>,
}

impl Stores {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let store = |name: &str| Store::new(dir.path().join(name), Vec::new());
        let (here, there) = (store("here"), store("there"));
        let sizes = [1, 1000, 70_000, 16 << 20, (16 << 20) + 1, (40 << 20) + 12_345];
        let pointers = sizes.iter().map(|size| here.put(&noise(*size)).expect("stored")).collect();
        Self { dir, here, there, pointers }
    }

    fn send(&self, remote: &dyn Remote) -> (Outcome, i64) {
        let progress = Progress::default();
        let outcome = transfer(&self.here, remote, Operation::Upload, self.pointers.clone(), &progress);
        (outcome, progress.bytes.load(Ordering::SeqCst))
    }

    fn fetch(&self, remote: &dyn Remote) -> (Outcome, i64) {
        let progress = Progress::default();
        let outcome = transfer(&self.there, remote, Operation::Download, self.pointers.clone(), &progress);
        (outcome, progress.bytes.load(Ordering::SeqCst))
    }

    fn forget(&self) {
        let _ = fs::remove_dir_all(self.there.objects());
    }

    fn bytes(&self) -> i64 {
        self.pointers.iter().map(|pointer| pointer.size.cast_signed()).sum()
    }
}

/// Bytes without a pattern, different for each size.
fn noise(size: usize) -> Vec<u8> {
    let mut state = size as u64 + 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = std::iter::repeat_with(&mut next).take(size / 8 + 1).flatten().collect();
    bytes.truncate(size);
    bytes
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    // No credentials of whoever runs the tests.
    let mut all: BTreeMap<String, String> = BTreeMap::from([("HOME".to_owned(), "/nonexistent".to_owned())]);
    all.extend(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    all
}

fn s3(port: u16, place: &str, key: (&str, &str)) -> Bucket {
    let environment = environment(&[("AWS_ACCESS_KEY_ID", key.0), ("AWS_SECRET_ACCESS_KEY", key.1)]);
    let url = format!("s3://{place}?endpoint=http://127.0.0.1:{port}");
    open_in("ours", &url, &environment).expect("an address")
}

fn azure(port: u16, place: &str, key: &str) -> Bucket {
    let environment = environment(&[("AZURE_STORAGE_KEY", key)]);
    let account = AZURE.0;
    let url = format!("az://{place}?account={account}&endpoint=http://127.0.0.1:{port}/{account}");
    open_in("ours", &url, &environment).expect("an address")
}

fn gcs(port: u16, place: &str) -> Bucket {
    let environment = environment(&[("GOOGLE_BEARER_TOKEN", "of-the-test")]);
    open_in("ours", &format!("gs://{place}?endpoint=http://127.0.0.1:{port}"), &environment).expect("an address")
}

/// All that every bucket must do.
#[track_caller]
fn works(bucket: &Bucket, beside: &Bucket) {
    let stores = Stores::new();
    let pointers = &stores.pointers;
    assert_eq!(bucket.list().expect("listed"), []);
    let (outcome, bytes) = stores.send(bucket);
    assert_eq!((outcome.moved.len(), outcome.failed.len()), (pointers.len(), 0), "{:?}", outcome.failed);
    assert_eq!(bytes, stores.bytes());
    // What is there is not sent again; if it is all the same, that does no harm.
    assert_eq!(stores.send(bucket).0.there.len(), pointers.len());
    for pointer in &pointers[1..3] {
        let mut file = stores.here.open(pointer).expect("here");
        bucket.upload(pointer, &mut file, &|_| {}).expect("confirmed");
    }
    let listed: BTreeMap<String, u64> =
        bucket.list().expect("listed").into_iter().map(|found| (found.oid, found.size)).collect();
    assert_eq!(listed, pointers.iter().map(|pointer| (pointer.oid.clone(), pointer.size)).collect());
    assert!(bucket.list().expect("listed").iter().all(|found| found.modified.is_some()));
    let there = bucket.look(pointers).expect("asked");
    assert!(there.iter().all(|found| matches!(found, Presence::Has)), "{there:?}");
    let (outcome, bytes) = stores.fetch(bucket);
    assert_eq!((outcome.moved.len(), outcome.failed.len()), (pointers.len(), 0), "{:?}", outcome.failed);
    assert_eq!(bytes, stores.bytes());
    assert_eq!(fs::read_dir(stores.there.incomplete()).expect("listed").count(), 0);
    // Another prefix is another place.
    assert_eq!(beside.list().expect("listed"), []);
    assert!(beside.look(pointers).expect("asked").iter().all(|found| matches!(found, Presence::Lacks)));
    for pointer in pointers {
        bucket.delete(&pointer.oid).expect("deleted");
        bucket.delete(&pointer.oid).expect("gone already");
    }
    assert_eq!(bucket.list().expect("listed"), []);
    stores.forget();
    let (outcome, _) = stores.fetch(bucket);
    assert_eq!(outcome.failed.len(), pointers.len());
    assert!(outcome.failed.iter().all(|(_, error)| error.fault == Fault::Object), "{:?}", outcome.failed);
}

/// Everything fails at once and says why.
#[track_caller]
fn fails(bucket: &Bucket, why: &str) {
    let stores = Stores::new();
    let outcome = stores.send(bucket).0;
    assert_eq!(outcome.failed.len(), stores.pointers.len());
    outcome.failed.iter().for_each(|(_, error)| is_why(error, why));
    gives_nothing(bucket, why);
}

#[track_caller]
fn is_why(error: &RemoteError, why: &str) {
    assert!(error.message.contains(why), "{error:?}");
    assert_eq!(error.fault, Fault::All);
    assert!(error.hint.is_some());
    assert!(!error.message.contains(KEY.1) && !error.message.contains("127.0.0.1"), "{error:?}");
}

#[track_caller]
fn gives_nothing(bucket: &Bucket, why: &str) {
    let stores = Stores::new();
    let outcome = stores.fetch(bucket).0;
    assert_eq!(outcome.failed.len(), stores.pointers.len());
    outcome.failed.iter().for_each(|(_, error)| is_why(error, why));
    is_why(&bucket.list().expect_err("an error"), why);
    is_why(&bucket.look(&stores.pointers).expect_err("an error"), why);
}

/// A download whose connection breaks again and again fetches no byte twice.
#[track_caller]
fn resumes(proxy: &Proxy, through: &Bucket) {
    let stores = Stores::new();
    let (outcome, _) = stores.send(through);
    assert_eq!(outcome.failed.len(), 0, "{:?}", outcome.failed);
    let large = stores.pointers.last().expect("one").clone();
    let begun = proxy.received.load(Ordering::SeqCst);
    proxy.most.store(5 << 20, Ordering::SeqCst);
    let outcome = transfer(&stores.there, through, Operation::Download, [large.clone()], &Progress::default());
    proxy.most.store(0, Ordering::SeqCst);
    assert_eq!(outcome.moved.len(), 1, "{:?}", outcome.failed);
    let received = proxy.received.load(Ordering::SeqCst) - begun;
    // What was on its way when the connection broke is lost.
    assert!(received < large.size * 13 / 10, "{received} for {}", large.size);
    let heads = proxy.heads.lock().expect("one at a time");
    let ranges = heads.iter().filter(|head| head.to_ascii_lowercase().contains("\r\nrange: bytes=")).count();
    assert!(ranges > 2, "{ranges}");
}

/// What the process before this one left is taken up.
#[track_caller]
fn takes_up(proxy: &Proxy, through: &Bucket) {
    let stores = Stores::new();
    stores.send(through);
    let large = stores.pointers.last().expect("one").clone();
    let bytes = fs::read(stores.here.find(&large).expect("here")).expect("read");
    fs::create_dir_all(stores.there.incomplete()).expect("a folder");
    let part = stores.there.incomplete().join(format!("{}.part", large.oid));
    fs::write(&part, &bytes[..30 << 20]).expect("written");
    let begun = proxy.received.load(Ordering::SeqCst);
    let fetch = || transfer(&stores.there, through, Operation::Download, [large.clone()], &Progress::default());
    let outcome = fetch();
    assert_eq!(outcome.moved.len(), 1, "{:?}", outcome.failed);
    assert!(proxy.received.load(Ordering::SeqCst) - begun < 12 << 20);
    // If what it left is wrong, all is fetched again.
    stores.forget();
    fs::write(&part, vec![7; 30 << 20]).expect("written");
    let outcome = fetch();
    assert_eq!(outcome.moved.len(), 1, "{:?}", outcome.failed);
}

/// An object that is damaged here gets no name there, and leaves nothing.
#[track_caller]
fn damage_stays_here(bucket: &Bucket) {
    let stores = Stores::new();
    for pointer in [&stores.pointers[2], stores.pointers.last().expect("one")] {
        let path: PathBuf = stores.dir.path().join(&pointer.oid);
        let mut bytes = fs::read(stores.here.find(pointer).expect("here")).expect("read");
        bytes[50_000] ^= 1;
        fs::write(&path, &bytes).expect("written");
        let mut file = fs::File::open(&path).expect("here");
        let sent = std::cell::Cell::new(0);
        let error = bucket.upload(pointer, &mut file, &|n| sent.set(sent.get() + n)).expect_err("damaged");
        assert_eq!((error.fault, error.message.contains("damaged")), (Fault::Object, true), "{error:?}");
        fs::write(&path, &bytes[..60_000]).expect("written");
        let error = bucket.upload(pointer, &mut fs::File::open(&path).expect("here"), &|_| {}).expect_err("short");
        assert_eq!(error.fault, Fault::Object, "{error:?}");
    }
    assert_eq!(bucket.list().expect("listed"), []);
}

#[test]
fn s3_stores_and_gives_back() {
    let Some(server) = seaweed() else { return };
    works(&s3(server.port, "lfs/team/a", KEY), &s3(server.port, "lfs/team/ab", KEY));
    damage_stays_here(&s3(server.port, "lfs/damaged", KEY));
    let left = http(server.other, "GET", "/buckets/lfs/.uploads/", "").expect("an answer");
    assert!(
        left.starts_with("HTTP/1.1 404") || left.contains("\"Entries\":null") || left.contains("\"Entries\":[]"),
        "{left}"
    );
    fails(&s3(server.port, "lfs", (KEY.0, "wrong")), "refuses the credentials");
    fails(&s3(server.port, "lfs", ("NOBODY", KEY.1)), "refuses the credentials");
    gives_nothing(&s3(server.port, "none", ROOT), "there is no bucket none");
    // An object of another size under the name, as a tool that was cut off leaves it, is replaced.
    let stores = Stores::new();
    let bucket = s3(server.port, "lfs/half", KEY);
    let pointer = &stores.pointers[2];
    let (aa, bb, oid) = (&pointer.oid[..2], &pointer.oid[2..4], &pointer.oid);
    http(server.other, "PUT", &format!("/buckets/lfs/half/{aa}/{bb}/{oid}"), "half").expect("an answer");
    assert!(matches!(bucket.look(&stores.pointers[2..3]).expect("asked")[..], [Presence::Unknown(_)]));
    let (outcome, _) = stores.send(&bucket);
    assert_eq!(outcome.moved.len(), stores.pointers.len(), "{:?}", outcome.failed);
    assert!(matches!(bucket.look(&stores.pointers[2..3]).expect("asked")[..], [Presence::Has]));
}

#[test]
fn s3_goes_on_after_a_broken_connection() {
    let Some(server) = seaweed() else { return };
    let proxy = Proxy::before(server.port);
    resumes(&proxy, &s3(proxy.port, "lfs", KEY));
    takes_up(&proxy, &s3(proxy.port, "lfs", KEY));
}

#[test]
fn azure_stores_and_gives_back() {
    let Some(server) = azurite() else { return };
    works(&azure(server.port, "lfs/team/a", AZURE.1), &azure(server.port, "lfs/team/ab", AZURE.1));
    damage_stays_here(&azure(server.port, "lfs/damaged", AZURE.1));
    fails(&azure(server.port, "lfs", "d3Jvbmc="), "refuses the credentials");
    fails(&azure(server.port, "none", AZURE.1), "there is no bucket none");
    let proxy = Proxy::before(server.port);
    resumes(&proxy, &azure(proxy.port, "lfs", AZURE.1));
    takes_up(&proxy, &azure(proxy.port, "lfs", AZURE.1));
}

#[test]
fn google_stores_and_gives_back() {
    let Some(server) = google() else { return };
    works(&gcs(server.port, "lfs/team/a"), &gcs(server.port, "lfs/team/ab"));
    damage_stays_here(&gcs(server.port, "lfs/damaged"));
    // This server does not say what is missing, as Google does.
    assert!(gcs(server.port, "none").list().is_err());
    let proxy = Proxy::before(server.port);
    resumes(&proxy, &gcs(proxy.port, "lfs"));
    takes_up(&proxy, &gcs(proxy.port, "lfs"));
}

#[test]
fn a_bucket_that_cannot_be_used_says_why() {
    for (url, why) in [
        ("s3://b?secret_key=x", "ours: the address holds"),
        ("az://b", "ours: the storage account"),
        ("gs://b?endpoint=https://evil.example.org", "ours: the address has an endpoint of somebody else"),
    ] {
        let error = open_in("ours", url, &environment(&[])).err().expect("refused");
        assert!(error.message.starts_with(why) && error.hint.is_some(), "{error:?}");
    }
    // One that speaks no TLS.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("s3://b?endpoint=https://127.0.0.1:{}", listener.local_addr().expect("an address").port());
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let key = environment(&[("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")]);
    let error = open_in("ours", &url, &key).expect("an address").list().expect_err("no TLS");
    assert_eq!(error.fault, Fault::Later(None), "{error:?}");
    // Half of a key.
    let half = open_in("ours", "s3://b", &environment(&[("AWS_ACCESS_KEY_ID", "x")])).err().expect("refused");
    assert!(half.message.contains("what the environment says"), "{half:?}");
}
