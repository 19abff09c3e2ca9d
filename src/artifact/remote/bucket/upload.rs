//! Sending an object: a small one at once and only if it is not there, a large one in parts, of which few are in memory at any time.
//!
//! Parts of an upload that was killed cannot be taken up: object_store has no request that lists them, and where one would note its parts here, a bucket that
//! was changed meanwhile would not be seen. Objects that are whole are not sent again; a rule of the bucket can take such parts away (docs/artifacts.md).

use std::fs::File;
use std::io::{self, Read};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use object_store::multipart::PartId;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutPayload, PutPayloadMut};
use sha2::{Digest, Sha256};
use tokio::sync::SemaphorePermit;

use super::super::{Fault, RemoteError};
use super::open::Bucket;
use super::wire::Wire;
use crate::artifact::pointer::Pointer;
use crate::artifact::store::hex;

/// What is larger is sent in parts, in bytes.
const SINGLE: u64 = 16 << 20;

/// A part has so many bytes, unless there would be too many parts.
const PART: u64 = 8 << 20;

/// S3 takes 10,000 parts, the others more.
const MOST_PARTS: u64 = 9_000;

/// What is sent lies in memory meanwhile: so many KiB for all objects of a bucket together.
pub(super) const BUDGET: u32 = 32 << 10;

/// Bytes that are read, and handed on, at once.
const BLOCK: usize = 256 << 10;

/// So many parts of one object are on their way at once.
const PARALLEL: usize = 4;

/// How often a part is sent again, after what the client tried itself.
const ATTEMPTS: u32 = 4;

/// How often somebody is told how far it is.
const TICK: Duration = Duration::from_millis(200);

/// What is on its way of one object.
pub(super) struct Upload<'a> {
    bucket: &'a Bucket,
    pointer: &'a Pointer,
    key: Path,
    total: Arc<AtomicI64>,
    told: AtomicI64,
    sent: &'a dyn Fn(i64),
}

/// Bytes of the object, and the right to have them in memory.
struct Piece<'a> {
    payload: PutPayload,
    _permit: SemaphorePermit<'a>,
}

impl<'a> Upload<'a> {
    pub(super) fn new(bucket: &'a Bucket, pointer: &'a Pointer, sent: &'a dyn Fn(i64)) -> Self {
        let key = bucket.key(&pointer.oid);
        Self { bucket, pointer, key, total: Arc::default(), told: AtomicI64::new(0), sent }
    }

    /// Send it, and have it confirmed.
    pub(super) async fn run(&self, file: &mut File) -> Result<(), RemoteError> {
        let is_proven =
            if self.pointer.size > SINGLE { self.in_parts(file).await? } else { self.at_once(file).await? };
        self.confirm(is_proven).await?;
        self.total.store(self.pointer.size.cast_signed(), Ordering::Relaxed);
        self.tell();
        Ok(())
    }

    /// Returns whether the server has said that it got the right bytes.
    async fn at_once(&self, file: &mut File) -> Result<bool, RemoteError> {
        let mut hasher = Sha256::new();
        let piece = self.read(file, self.pointer.size, &mut hasher, self.permit(self.pointer.size).await).await?;
        self.check(hasher)?;
        match self.put(&piece.payload, PutMode::Create).await {
            Ok(is_proven) => Ok(is_proven),
            // Somebody was faster, or something else has that name.
            Err((object_store::Error::AlreadyExists { .. }, _)) => match self.bucket.size(&self.key).await? {
                Some(size) if size == self.pointer.size => Ok(false),
                _ => self.overwrite(&piece.payload).await,
            },
            // This server does not know how to do that.
            Err((object_store::Error::NotImplemented { .. } | object_store::Error::NotSupported { .. }, _)) => {
                self.overwrite(&piece.payload).await
            }
            Err((_, wire)) if matches!(wire.answer().status, Some(405 | 501)) => self.overwrite(&piece.payload).await,
            Err((error, wire)) => Err(self.bucket.fault(&error, &wire)),
        }
    }

    async fn overwrite(&self, payload: &PutPayload) -> Result<bool, RemoteError> {
        let put = self.put(payload, PutMode::Overwrite).await;
        put.map_err(|(error, wire)| self.bucket.fault(&error, &wire))
    }

    async fn put(&self, payload: &PutPayload, mode: PutMode) -> Result<bool, (object_store::Error, Arc<Wire>)> {
        let wire = Wire::new(Arc::clone(&self.total));
        let put = self.bucket.store.put_opts(&self.key, payload.clone(), mode.into());
        match self.told_while(wire.watch(put)).await {
            Ok(_) => Ok(wire.answer().sha256.is_some_and(|found| Some(found) == base64(&self.pointer.oid))),
            Err(error) => {
                wire.take_back();
                Err((error, wire))
            }
        }
    }

    async fn in_parts(&self, file: &mut File) -> Result<bool, RemoteError> {
        let wire = Wire::new(Arc::default());
        let begun = self.bucket.patient(&wire, self.bucket.parts.create_multipart(&self.key)).await;
        let id = begun.map_err(|error| self.bucket.fault(&error, &wire))?;
        let sent = match self.all_parts(file, &id).await {
            Ok(parts) => self.complete(&id, parts).await,
            Err(error) => Err(error),
        };
        if sent.is_err() {
            // What came is of no use to anybody, and costs.
            let wire = Wire::new(Arc::default());
            let _ = self.bucket.patient(&wire, self.bucket.parts.abort_multipart(&self.key, &id)).await;
        }
        // Each part was compared on its arrival, where the server has checksums; all are as large as they were sent.
        sent.map(|()| true)
    }

    async fn all_parts(&self, file: &mut File, id: &String) -> Result<Vec<PartId>, RemoteError> {
        let size = PART.max(self.pointer.size.div_ceil(MOST_PARTS).next_multiple_of(1 << 20));
        let count = self.pointer.size.div_ceil(size);
        let (mut hasher, mut under_way, mut parts) = (Sha256::new(), FuturesUnordered::new(), Vec::new());
        for index in 0..count {
            let length = size.min(self.pointer.size - index * size);
            // Whoever has nothing under way may wait for others; else its own parts make room.
            let permit = loop {
                if under_way.is_empty() {
                    break self.permit(length).await;
                }
                let permit = if under_way.len() < PARALLEL { self.bucket.try_permit(kib(length)) } else { None };
                match permit {
                    Some(permit) => break permit,
                    None => parts.extend(self.told_while(under_way.next()).await.transpose()?),
                }
            };
            let piece = self.read(file, length, &mut hasher, permit).await?;
            under_way.push(self.part(id, usize::try_from(index).unwrap_or(usize::MAX), piece));
            // A look at it begins it, so that it is sent while the next is read.
            if let Some(Some(part)) = under_way.next().now_or_never() {
                parts.push(part?);
            }
        }
        // Before anything gets a name.
        self.check(hasher)?;
        while let Some(part) = self.told_while(under_way.next()).await {
            parts.push(part?);
        }
        parts.sort_by_key(|(index, _)| *index);
        Ok(parts.into_iter().map(|(_, part)| part).collect())
    }

    async fn part(&self, id: &String, index: usize, piece: Piece<'_>) -> Result<(usize, PartId), RemoteError> {
        let mut attempt = 0;
        loop {
            let wire = Wire::new(Arc::clone(&self.total));
            let put = self.bucket.parts.put_part(&self.key, id, index, piece.payload.clone());
            let error = match wire.watch(put).await {
                Ok(part) => return Ok((index, part)),
                Err(error) => self.bucket.fault(&error, &wire),
            };
            wire.take_back();
            attempt += 1;
            match error.fault {
                Fault::Later(asked) if attempt < ATTEMPTS => tokio::time::sleep(pause(attempt, asked)).await,
                _ => return Err(error),
            }
        }
    }

    async fn complete(&self, id: &String, parts: Vec<PartId>) -> Result<(), RemoteError> {
        let mut attempt = 0;
        loop {
            let wire = Wire::new(Arc::default());
            let done = self.bucket.parts.complete_multipart(&self.key, id, parts.clone());
            let error = match self.bucket.patient(&wire, done).await {
                Ok(_) => return Ok(()),
                Err(error) => self.bucket.fault(&error, &wire),
            };
            // It may have been done, and only the answer was lost.
            if attempt > 0 && self.bucket.size(&self.key).await? == Some(self.pointer.size) {
                return Ok(());
            }
            attempt += 1;
            match error.fault {
                Fault::Later(asked) if attempt < ATTEMPTS => tokio::time::sleep(pause(attempt, asked)).await,
                _ => return Err(error),
            }
        }
    }

    /// Ask for the size; where nothing said that the bytes are right, read a small object again.
    async fn confirm(&self, is_proven: bool) -> Result<(), RemoteError> {
        let name = &self.bucket.name;
        match self.bucket.size(&self.key).await? {
            Some(size) if size == self.pointer.size => {}
            Some(size) => return Err(RemoteError::later(format!("{name} has {size} bytes of it after all were sent"))),
            None => return Err(RemoteError::later(format!("{name} does not have it after it was sent"))),
        }
        if is_proven {
            return Ok(());
        }
        let found = self.bucket.read_again(&self.key).await?;
        if found == *self.pointer {
            return Ok(());
        }
        // Under this name it would mislead everybody.
        let wire = Wire::new(Arc::default());
        let _ = self.bucket.patient(&wire, self.bucket.store.delete(&self.key)).await;
        Err(RemoteError::later(format!("what arrived at {name} is not the object: it has the digest {}", found.oid)))
    }

    /// Read bytes of the file.
    async fn read<'p>(
        &self,
        file: &mut File,
        length: u64,
        hasher: &mut Sha256,
        permit: SemaphorePermit<'p>,
    ) -> Result<Piece<'p>, RemoteError> {
        let mut payload = PutPayloadMut::new();
        let mut rest = length;
        while rest > 0 {
            let wanted = usize::try_from(rest).unwrap_or(BLOCK).min(BLOCK);
            let mut block = vec![0; wanted];
            file.read_exact(&mut block).map_err(|error| self.here(&error))?;
            hasher.update(&block);
            payload.push(block.into());
            rest -= wanted as u64;
            // Others of this object go on meanwhile.
            tokio::task::yield_now().await;
        }
        Ok(Piece { payload: payload.freeze(), _permit: permit })
    }

    /// The file was read to its end: is it the object?
    fn check(&self, hasher: Sha256) -> Result<(), RemoteError> {
        if hex(&hasher.finalize()) == self.pointer.oid {
            return Ok(());
        }
        Err(RemoteError::object("the object here is damaged: its bytes are not what its name says")
            .hint("git xp artifact fsck    looks for more, and fetches them again"))
    }

    fn here(&self, error: &io::Error) -> RemoteError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => RemoteError::object("the object here is shorter than it should be")
                .hint("git xp artifact fsck    looks for more, and fetches them again"),
            _ => RemoteError::object(format!("the object here cannot be read: {error}")),
        }
    }

    async fn permit(&self, bytes: u64) -> SemaphorePermit<'a> {
        self.bucket.permit(kib(bytes)).await
    }

    /// Wait for something, and tell meanwhile how far it is.
    async fn told_while<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        loop {
            let done = tokio::time::timeout(TICK, future.as_mut()).await;
            self.tell();
            if let Ok(result) = done {
                return result;
            }
        }
    }

    fn tell(&self) {
        let total = self.total.load(Ordering::Relaxed);
        let told = self.told.swap(total, Ordering::Relaxed);
        if total != told {
            (self.sent)(total - told);
        }
    }
}

/// The part of the budget that bytes need, all of it at most.
fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(BUDGET).clamp(1, BUDGET)
}

fn pause(attempt: u32, asked: Option<Duration>) -> Duration {
    asked.unwrap_or_else(|| Duration::from_millis(250) * 2_u32.pow(attempt)).min(Duration::from_secs(60))
}

/// A digest as S3 writes it.
fn base64(oid: &str) -> Option<String> {
    use base64::Engine as _;
    let digit = |at: usize| u8::from_str_radix(oid.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..oid.len()).step_by(2).map(digit).collect();
    Some(base64::engine::general_purpose::STANDARD.encode(bytes?))
}
