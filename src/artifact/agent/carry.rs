//! Moving one object for git-lfs, as many times as it takes.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crate::artifact::pointer::Pointer;
use crate::artifact::remote::{Operation, Remote, RemoteError};
use crate::artifact::store::Store;
use crate::artifact::transfer::{Progress, transfer};

/// How often git-lfs is told how far it is.
const TICK: Duration = Duration::from_millis(100);

/// Move an object between the store and a remote. Returns where it lies after a download.
///
/// That is its own place in the repository's store. git-lfs moves the file that it is told of to that very place, which does nothing then: no byte is written
/// twice, what was half fetched lies where all of git-xp looks for it, and nothing stays in `lfs/tmp`, which git-lfs empties while others use it.
///
/// # Errors
/// If it cannot be moved.
pub fn carry(
    store: &Store,
    remote: &dyn Remote,
    operation: Operation,
    pointer: &Pointer,
    moved: &mut dyn FnMut(i64),
) -> Result<Option<PathBuf>, RemoteError> {
    let progress = Progress::default();
    let (end, ended) = channel::<()>();
    let outcome = std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let outcome = transfer(store, remote, operation, [pointer.clone()], &progress);
            drop(end);
            outcome
        });
        while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            moved(progress.bytes.load(Ordering::Relaxed));
        }
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    if let Some((_, error)) = outcome.failed.into_iter().next() {
        return Err(error);
    }
    moved(pointer.size.cast_signed());
    match operation {
        Operation::Upload => Ok(None),
        Operation::Download => store
            .find(pointer)
            .map(Some)
            .ok_or_else(|| RemoteError::object("it was fetched, and is gone again: another process cleans here")),
    }
}
