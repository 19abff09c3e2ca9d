//! Objects that are fetched while git does something else.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use crate::artifact::pointer::Pointer;
use crate::artifact::remote::RemoteError;

/// Fetches objects into the store: tells of each that arrived, and returns those that did not. It runs in a thread of its own, and is called again for what is asked later.
pub type Fetch = Arc<dyn Fn(Vec<Pointer>, Sender<Pointer>) -> Vec<(Pointer, RemoteError)> + Send + Sync>;

type Failed = Vec<(Pointer, RemoteError)>;

/// Paths, by what they are to hold.
pub(super) type Paths = HashMap<Pointer, Vec<Vec<u8>>>;

/// A fetch under way. If the process ends, so does it; what came stays for the next one.
pub(super) struct Background {
    paths: Paths,
    arrivals: Receiver<Pointer>,
    thread: Result<JoinHandle<Failed>, Failed>,
}

/// What came.
pub(super) enum Came {
    /// These files can be had.
    Paths(Vec<Vec<u8>>),
    /// Nothing more will. These files were to be had and did not all arrive; what went wrong is said by object.
    End(Vec<Vec<u8>>, Vec<(Pointer, RemoteError)>),
}

impl Background {
    /// Begin to fetch what the paths are to hold.
    pub(super) fn begin(fetch: &Fetch, paths: Paths) -> Self {
        let (sender, arrivals) = channel();
        let pointers: Vec<Pointer> = paths.keys().cloned().collect();
        let (work, again, spare) = (Arc::clone(fetch), pointers.clone(), sender.clone());
        // Where no thread is to be had, it is done here.
        let thread = thread::Builder::new().spawn(move || work(pointers, sender)).map_err(move |_| fetch(again, spare));
        Self { paths, arrivals, thread }
    }

    /// Wait until something came; then all that came.
    pub(super) fn next(mut self) -> (Came, Option<Self>) {
        while let Ok(first) = self.arrivals.recv() {
            let mut came = self.paths.remove(&first).unwrap_or_default();
            while let Ok(next) = self.arrivals.try_recv() {
                came.extend(self.paths.remove(&next).unwrap_or_default());
            }
            // One that arrived twice has nothing left to name, and no names would mean the end.
            if !came.is_empty() {
                return (Came::Paths(came), Some(self));
            }
        }
        // A thread that panicked took the process with it.
        let failed = match self.thread {
            Ok(thread) => thread.join().unwrap_or_default(),
            Err(failed) => failed,
        };
        (Came::End(self.paths.into_values().flatten().collect(), failed), None)
    }
}
