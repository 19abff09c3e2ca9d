//! A bucket as a remote: objects lie in it under `<prefix>/<aa>/<bb>/<oid>`, as in a repository's own store.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::super::{Fault, Listed, Operation, Prepared, Presence, Remote, RemoteError, here};
use super::connect::{Environment, connect};
use super::fault::Asked;
use super::upload::{BUDGET, Upload};
use super::url::Location;
use super::wire::{IDLE, Silent, Wire};
use crate::artifact::part::Part;
use crate::artifact::pointer::Pointer;
use crate::artifact::store::hex;

/// So many objects are asked about at once.
const QUESTIONS: usize = 16;

/// What is neither an upload nor a download ends after so long. Putting a large object together takes S3 minutes.
const PATIENCE: Duration = Duration::from_secs(300);

/// The size of an object, if it is there, and the status of the answer.
type Told = (Result<Option<u64>, RemoteError>, Option<u16>);

/// A bucket.
pub struct Bucket {
    pub(super) name: String,
    location: Location,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) parts: Arc<dyn MultipartStore>,
    /// What object_store needs. Nobody else here knows of it.
    runtime: Runtime,
    /// KiB that may lie in memory.
    budget: Semaphore,
}

/// Open the bucket that people call `name`. Nothing is asked of it yet.
///
/// # Errors
/// If the address is wrong, or the environment does not say enough.
pub fn open(name: &str, url: &str) -> Result<Bucket, RemoteError> {
    let environment =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    open_in(name, url, &environment.collect())
}

/// As [`open`], in an environment that is not this process's own.
///
/// # Errors
/// As [`open`].
pub fn open_in(name: &str, url: &str, environment: &Environment) -> Result<Bucket, RemoteError> {
    let about = |error: RemoteError| RemoteError { message: format!("{name}: {}", error.message), ..error };
    let location = Location::parse(url).map_err(about)?;
    // Connections are served by few threads; whoever waits for something does its work itself.
    let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("bucket").enable_all().build();
    let runtime = runtime.map_err(|error| RemoteError::all(format!("{name}: no thread can be started: {error}")))?;
    let connected = {
        let _entered = runtime.enter();
        connect(&location, environment).map_err(about)?
    };
    Ok(Bucket {
        name: name.to_owned(),
        location,
        store: connected.store,
        parts: connected.parts,
        runtime,
        budget: Semaphore::new(BUDGET as usize),
    })
}

impl Bucket {
    pub(super) fn key(&self, oid: &str) -> Path {
        path(&self.location.key(oid))
    }

    pub(super) fn fault(&self, error: &object_store::Error, wire: &Wire) -> RemoteError {
        let asked = Asked { name: &self.name, service: self.location.service, bucket: &self.location.bucket };
        asked.fault(error, &wire.answer())
    }

    /// Wait for a request, but not for ever.
    pub(super) async fn patient<T>(
        &self,
        wire: &Arc<Wire>,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> object_store::Result<T> {
        limited(PATIENCE, wire.watch(request)).await
    }

    pub(super) async fn permit(&self, kib: u32) -> SemaphorePermit<'_> {
        self.budget.acquire_many(kib).await.expect("nobody closes it")
    }

    pub(super) fn try_permit(&self, kib: u32) -> Option<SemaphorePermit<'_>> {
        self.budget.try_acquire_many(kib).ok()
    }

    /// The size of an object; `None`: it is not there.
    pub(super) async fn size(&self, key: &Path) -> Result<Option<u64>, RemoteError> {
        self.size_by(key, &Wire::new(Arc::default())).await
    }

    async fn size_by(&self, key: &Path, wire: &Arc<Wire>) -> Result<Option<u64>, RemoteError> {
        match self.patient(wire, self.store.head(key)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(error @ object_store::Error::NotFound { .. }) => match self.fault(&error, wire) {
                error if error.fault == Fault::All => Err(error),
                _ => Ok(None),
            },
            Err(error) => Err(self.fault(&error, wire)),
        }
    }

    /// What an object is that lies there.
    pub(super) async fn read_again(&self, key: &Path) -> Result<Pointer, RemoteError> {
        let wire = Wire::new(Arc::default());
        let read = async {
            let mut hasher = Sha256::new();
            let mut size = 0;
            let mut bytes = self.store.get(key).await?.into_stream();
            while let Some(bytes) = bytes.try_next().await? {
                hasher.update(&bytes);
                size += bytes.len() as u64;
            }
            Ok(Pointer { oid: hex(&hasher.finalize()), size })
        };
        self.patient(&wire, read).await.map_err(|error| self.fault(&error, &wire))
    }

    /// The sizes of objects, and with which status each was told.
    async fn sizes(&self, pointers: &[Pointer]) -> Vec<Told> {
        let ask = |key: Path| async move {
            let wire = Wire::new(Arc::default());
            (self.size_by(&key, &wire).await, wire.answer().status)
        };
        let keys = pointers.iter().map(|pointer| self.key(&pointer.oid));
        stream::iter(keys).map(ask).buffered(QUESTIONS).collect().await
    }

    /// Write what a part lacks, from where it ends.
    async fn get(&self, pointer: &Pointer, part: &mut Part<'_>, wire: &Arc<Wire>) -> Result<(), RemoteError> {
        let range = (!part.is_empty()).then(|| GetRange::Bounded(part.len()..pointer.size));
        let options = GetOptions { range, ..GetOptions::default() };
        let key = self.key(&pointer.oid);
        let found = limited(PATIENCE, wire.watch(self.store.get_opts(&key, options))).await;
        let found = found.map_err(|error| self.fault(&error, wire))?;
        if found.meta.size != pointer.size {
            return Err(RemoteError::object(format!(
                "{} has {} bytes under its name instead of {}",
                self.name, found.meta.size, pointer.size
            ))
            .hint("who has it can send it again: git xp artifact push"));
        }
        let mut bytes = found.into_stream();
        while let Some(bytes) =
            limited(IDLE, wire.watch(bytes.try_next())).await.map_err(|error| self.fault(&error, wire))?
        {
            part.write_all(&bytes).map_err(|error| here(&error))?;
        }
        Ok(())
    }
}

/// A key as it is; what could not be one is encoded.
fn path(key: &str) -> Path {
    Path::parse(key).unwrap_or_else(|_| Path::from(key))
}

/// A result, or an error that nothing came.
async fn limited<T>(time: Duration, future: impl Future<Output = object_store::Result<T>>) -> object_store::Result<T> {
    let silent = |_| Err(object_store::Error::Generic { store: "HTTP", source: Box::new(Silent) });
    tokio::time::timeout(time, future).await.unwrap_or_else(silent)
}

impl Remote for Bucket {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> String {
        self.location.to_string()
    }

    fn prepare(&self, operation: Operation, pointers: &[Pointer]) -> Result<Vec<Prepared>, RemoteError> {
        if operation == Operation::Download {
            // A download says as much.
            return Ok(pointers.iter().map(|_| Prepared::Go).collect());
        }
        let sizes = self.runtime.block_on(self.sizes(pointers));
        let one = |(pointer, (size, status)): (&Pointer, Told)| match size {
            Ok(Some(size)) if size == pointer.size => Ok(Prepared::There),
            Ok(_) => Ok(Prepared::Go),
            // S3 says so of an object that is not there to whom may write but not list. The upload shows what is true.
            Err(_) if status == Some(403) => Ok(Prepared::Go),
            Err(error) => Err(error),
        };
        pointers.iter().zip(sizes).map(one).collect()
    }

    fn upload(&self, pointer: &Pointer, file: &mut File, sent: &dyn Fn(i64)) -> Result<(), RemoteError> {
        self.runtime.block_on(Upload::new(self, pointer, sent).run(file))
    }

    fn download(&self, pointer: &Pointer, part: &mut Part<'_>) -> Result<(), RemoteError> {
        self.runtime.block_on(async {
            let (wire, begin) = (Wire::new(Arc::default()), part.len());
            let result = self.get(pointer, part, &wire).await;
            // A server that knows no ranges sends all, or refuses.
            let is_refused = matches!(wire.answer().status, Some(200 | 416));
            if result.is_err() && is_refused && begin > 0 && part.len() == begin {
                part.restart().map_err(|error| here(&error))?;
                return self.get(pointer, part, &Wire::new(Arc::default())).await;
            }
            result
        })
    }

    fn look(&self, pointers: &[Pointer]) -> Result<Vec<Presence>, RemoteError> {
        let sizes = self.runtime.block_on(self.sizes(pointers));
        if !sizes.is_empty() && sizes.iter().all(|(size, _)| matches!(size, Ok(None))) {
            // Is there a bucket at all? The answer to these questions has no room to say so.
            self.runtime.block_on(self.first())?;
        }
        let one = |(pointer, (size, _)): (&Pointer, Told)| match size {
            Ok(Some(size)) if size == pointer.size => Ok(Presence::Has),
            Ok(Some(size)) => Ok(Presence::Unknown(RemoteError::object(format!(
                "{} has {size} bytes under its name instead of {}",
                self.name, pointer.size
            )))),
            Ok(None) => Ok(Presence::Lacks),
            Err(error) if error.fault == Fault::All => Err(error),
            Err(error) => Ok(Presence::Unknown(error)),
        };
        pointers.iter().zip(sizes).map(one).collect()
    }

    fn list(&self) -> Result<Vec<Listed>, RemoteError> {
        let mut all = self.runtime.block_on(self.all())?;
        all.sort_by(|a, b| a.oid.cmp(&b.oid));
        Ok(all)
    }

    fn delete(&self, oid: &str) -> Result<(), RemoteError> {
        self.runtime.block_on(async {
            let (key, wire) = (self.key(oid), Wire::new(Arc::default()));
            match self.patient(&wire, self.store.delete(&key)).await {
                Ok(()) => Ok(()),
                // Some say that what is gone cannot be deleted.
                Err(_) if self.size(&key).await?.is_none() => Ok(()),
                Err(error) => Err(self.fault(&error, &wire)),
            }
        })
    }
}

impl Bucket {
    async fn all(&self) -> Result<Vec<Listed>, RemoteError> {
        let wire = Wire::new(Arc::default());
        let prefix = (!self.location.prefix.is_empty()).then(|| path(&self.location.prefix));
        let (mut all, mut keys) = (Vec::new(), self.store.list(prefix.as_ref()));
        loop {
            let next = self.patient(&wire, keys.try_next()).await;
            let Some(found) = next.map_err(|error| self.fault(&error, &wire))? else { return Ok(all) };
            if let Some(oid) = self.location.oid(found.location.as_ref()) {
                all.push(Listed { oid: oid.to_owned(), size: found.size, modified: Some(found.last_modified.into()) });
            }
        }
    }

    /// Ask for any key: an error says what is wrong with the bucket.
    async fn first(&self) -> Result<(), RemoteError> {
        let wire = Wire::new(Arc::default());
        let prefix = path(format!("{}/00", self.location.prefix).trim_start_matches('/'));
        let mut keys = self.store.list(Some(&prefix));
        match self.patient(&wire, keys.try_next()).await {
            Ok(_) => Ok(()),
            Err(error) => match self.fault(&error, &wire) {
                // Who may read need not be allowed to list.
                _ if wire.answer().status == Some(403) => Ok(()),
                error => Err(error),
            },
        }
    }
}
