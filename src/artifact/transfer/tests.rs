//! Transfers with a remote that does as it is told.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{Outcome, Progress, transfer};
use crate::artifact::part::Part;
use crate::artifact::pointer::Pointer;
use crate::artifact::remote::directory::Directory;
use crate::artifact::remote::{Fault, Operation, Prepared, Presence, Remote, RemoteError};
use crate::artifact::store::Store;

/// A remote in memory, with faults.
#[derive(Default)]
struct Memory {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    /// How often each object fails before it works.
    failures: usize,
    fault: Option<Fault>,
    /// Downloads end after so many bytes.
    most_bytes: Option<usize>,
    most_at_once: Option<usize>,
    tries: Mutex<BTreeMap<String, usize>>,
    asked: AtomicUsize,
    is_lying: bool,
}

impl Memory {
    fn fail(&self, pointer: &Pointer) -> Result<(), RemoteError> {
        let mut tries = self.tries.lock().expect("one thread at a time");
        let tries = tries.entry(pointer.oid.clone()).or_default();
        *tries += 1;
        match self.fault {
            Some(fault) if *tries <= self.failures => Err(RemoteError::new(fault, "a fault")),
            _ => Ok(()),
        }
    }
}

impl Remote for Memory {
    fn name(&self) -> &str {
        "memory"
    }

    fn place(&self) -> String {
        "here".to_owned()
    }

    fn prepare(&self, operation: Operation, pointers: &[Pointer]) -> Result<Vec<Prepared>, RemoteError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.most_at_once.is_some_and(|most| pointers.len() > most) {
            return Err(RemoteError::new(Fault::Split, "too many"));
        }
        let objects = self.objects.lock().expect("one thread at a time");
        let is_there = |pointer: &Pointer| operation == Operation::Upload && objects.contains_key(&pointer.oid);
        Ok(pointers.iter().map(|pointer| if is_there(pointer) { Prepared::There } else { Prepared::Go }).collect())
    }

    fn upload(&self, pointer: &Pointer, file: &mut File, sent: &dyn Fn(i64)) -> Result<(), RemoteError> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("read");
        sent(bytes.len() as i64);
        self.fail(pointer)?;
        self.objects.lock().expect("one thread at a time").insert(pointer.oid.clone(), bytes);
        Ok(())
    }

    fn download(&self, pointer: &Pointer, part: &mut Part<'_>) -> Result<(), RemoteError> {
        self.fail(pointer)?;
        let objects = self.objects.lock().expect("one thread at a time");
        let bytes = objects.get(&pointer.oid).ok_or_else(|| RemoteError::object("gone"))?;
        let mut bytes = bytes[usize::try_from(part.len()).expect("small")..].to_vec();
        bytes.truncate(self.most_bytes.unwrap_or(usize::MAX));
        if self.is_lying {
            bytes.iter_mut().for_each(|byte| *byte ^= 1);
        }
        part.write_all(&bytes).map_err(|error| RemoteError::all(error.to_string()))
    }

    fn look(&self, _pointers: &[Pointer]) -> Result<Vec<Presence>, RemoteError> {
        Err(RemoteError::unsupported("not asked"))
    }
}

fn stores() -> (tempfile::TempDir, Store, Store, Vec<Pointer>) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = |name: &str| Store::new(dir.path().join(name), Vec::new());
    let (here, there) = (store("here"), store("there"));
    let pointers = (0..30).map(|n| here.put(format!("object {n}").repeat(n).as_bytes()).expect("stored")).collect();
    (dir, here, there, pointers)
}

fn send(store: &Store, remote: &dyn Remote, pointers: &[Pointer]) -> Outcome {
    transfer(store, remote, Operation::Upload, pointers.to_vec(), &Progress::default())
}

fn fetch(store: &Store, remote: &dyn Remote, pointers: &[Pointer]) -> (Outcome, i64) {
    let progress = Progress::default();
    let outcome = transfer(store, remote, Operation::Download, pointers.to_vec(), &progress);
    (outcome, progress.bytes.load(Ordering::SeqCst))
}

#[test]
fn all_arrive_and_nothing_is_sent_twice() {
    let (_dir, here, there, pointers) = stores();
    let remote = Memory { most_at_once: Some(7), ..Memory::default() };
    let twice: Vec<Pointer> = pointers.iter().chain(&pointers).cloned().collect();
    let outcome = send(&here, &remote, &twice);
    assert_eq!((outcome.moved.len(), outcome.failed.len()), (30, 0), "{:?}", outcome.failed);
    assert_eq!(send(&here, &remote, &pointers).there.len(), 30);
    let (outcome, bytes) = fetch(&there, &remote, &pointers);
    assert_eq!((outcome.moved.len(), outcome.failed.len()), (30, 0), "{:?}", outcome.failed);
    assert_eq!(bytes, pointers.iter().map(|pointer| pointer.size as i64).sum::<i64>());
    assert!(pointers.iter().all(|pointer| there.find(pointer).is_some()));
    assert_eq!(fetch(&there, &remote, &pointers).0.there.len(), 30);
    assert_eq!(std::fs::read_dir(there.incomplete()).expect("listed").count(), 0);
}

#[test]
fn faults_that_pass_are_outlasted() {
    for fault in [Fault::Later(Some(Duration::ZERO)), Fault::Expired] {
        let (_dir, here, there, pointers) = stores();
        let remote = Memory { failures: 2, fault: Some(fault), ..Memory::default() };
        let outcome = send(&here, &remote, &pointers);
        assert_eq!(outcome.moved.len(), 30, "{:?}", outcome.failed);
        remote.tries.lock().expect("ours").clear();
        let (outcome, _) = fetch(&there, &remote, &pointers);
        assert_eq!(outcome.moved.len(), 30, "{:?}", outcome.failed);
    }
}

#[test]
fn faults_that_stay_are_told() {
    for fault in [Fault::Object, Fault::All, Fault::Expired, Fault::Later(Some(Duration::ZERO))] {
        let (_dir, here, _, pointers) = stores();
        let remote = Memory { failures: 100, fault: Some(fault), ..Memory::default() };
        let outcome = send(&here, &remote, &pointers);
        assert_eq!((outcome.moved.len(), outcome.failed.len()), (0, 30));
    }
}

#[test]
fn a_download_goes_on_where_it_ended() {
    let (_dir, here, there, pointers) = stores();
    let remote = Memory::default();
    send(&here, &remote, &pointers);
    // Each answer ends in the middle; the next asks for the rest.
    let short = Memory { objects: remote.objects, most_bytes: Some(40), ..Memory::default() };
    let few = &pointers[10..14];
    let (outcome, bytes) = fetch(&there, &short, few);
    assert_eq!(outcome.moved.len(), few.len(), "{:?}", outcome.failed);
    assert_eq!(bytes, few.iter().map(|pointer| pointer.size as i64).sum::<i64>());
}

#[test]
fn wrong_bytes_get_no_name() {
    let (_dir, here, there, pointers) = stores();
    let remote = Memory::default();
    send(&here, &remote, &pointers);
    let liar = Memory { objects: remote.objects, is_lying: true, ..Memory::default() };
    let (outcome, bytes) = fetch(&there, &liar, &pointers[5..6]);
    assert_eq!((outcome.failed.len(), bytes), (1, 0));
    assert!(there.find(&pointers[5]).is_none());
    assert_eq!(std::fs::read_dir(there.incomplete()).expect("listed").count(), 0);
}

#[test]
fn a_folder_is_a_remote() {
    let (dir, here, there, pointers) = stores();
    let root = dir.path().join("shared");
    let remote = Directory::new("shared".to_owned(), root.clone());
    let outcome = send(&here, &remote, &pointers);
    assert_eq!((outcome.moved.len(), outcome.failed[0].1.fault), (0, Fault::All), "nothing is mounted there");
    std::fs::create_dir(&root).expect("made");
    assert_eq!(send(&here, &remote, &pointers).moved.len(), 30);
    assert_eq!(remote.list().expect("listed").len(), 30);
    assert!(remote.look(&pointers).expect("asked").iter().all(|found| matches!(found, Presence::Has)));
    // One that is damaged here does not get there under its name.
    let path = there.path(&pointers[3].oid);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(&path, vec![0; usize::try_from(pointers[3].size).expect("small")]).expect("written");
    remote.delete(&pointers[3].oid).expect("deleted");
    let outcome = send(&there, &remote, &pointers[3..4]);
    assert!(outcome.failed[0].1.message.contains("is not the object"), "{:?}", outcome.failed);
    assert_eq!(remote.list().expect("listed").len(), 29);
    std::fs::remove_file(&path).expect("removed");
    let (outcome, _) = fetch(&there, &remote, &pointers);
    assert_eq!((outcome.moved.len(), outcome.failed.len()), (29, 1));
}
