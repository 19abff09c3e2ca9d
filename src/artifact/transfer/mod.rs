//! Moving many objects: several at once, again after a fault, each checked. What a remote is, it does not know.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::part::{Opened, Part};
use super::pointer::Pointer;
use super::remote::{Fault, Operation, Prepared, Remote, RemoteError};
use super::store::{Store, StoreError};

/// How many objects are on their way at once, as git-lfs does it.
pub const THREADS: usize = 8;

/// How often an object is tried again, as git-lfs does it.
const MOST_ATTEMPTS: u32 = 8;

/// How often an object is prepared anew, or fetched anew because wrong bytes came.
const MOST_ANEW: u32 = 3;

/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest pause that nobody asked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The longest pause that a remote may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// How often another process that fetches the same object is looked at.
const BUSY_PAUSE: Duration = Duration::from_millis(200);

/// How far it has come. One thread may show it while others work.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes that were moved.
    pub bytes: AtomicI64,
    /// Bytes in all.
    pub total_bytes: AtomicU64,
    /// Objects that are done, or failed.
    pub objects: AtomicU64,
    /// Objects in all.
    pub total_objects: AtomicU64,
    /// Is told of each object that was moved, as it arrives.
    pub arrived: Option<Sender<Pointer>>,
}

/// What became of the objects.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Those that were moved.
    pub moved: Vec<Pointer>,
    /// Those that were there already.
    pub there: Vec<Pointer>,
    /// Those that could not be moved, and why.
    pub failed: Vec<(Pointer, RemoteError)>,
}

/// Send or fetch objects.
pub fn transfer(
    store: &Store,
    remote: &dyn Remote,
    operation: Operation,
    pointers: impl IntoIterator<Item = Pointer>,
    progress: &Progress,
) -> Outcome {
    let mut outcome = Outcome::default();
    let all: BTreeSet<Pointer> = pointers.into_iter().collect();
    let (there, mut wanted): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|pointer| operation == Operation::Download && store.find(pointer).is_some());
    outcome.there = there;
    // What takes longest begins first.
    wanted.sort_by_key(|pointer| std::cmp::Reverse(pointer.size));
    let bytes = wanted.iter().map(|pointer| pointer.size).sum();
    progress.total_bytes.store(bytes, Ordering::Relaxed);
    progress.total_objects.store(wanted.len() as u64, Ordering::Relaxed);
    if operation == Operation::Download
        && let Err(error) = check_room(store, &wanted)
    {
        outcome.failed = wanted.into_iter().map(|pointer| (pointer, error.clone())).collect();
        return outcome;
    }
    let threads = THREADS.min(wanted.len()).max(1);
    let mover = Mover {
        store,
        remote,
        operation,
        progress,
        state: Mutex::new(State::new(wanted, remote.batch_size().max(1), outcome)),
        changed: Condvar::new(),
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // Where no thread is to be had, this one does all.
            let _ = std::thread::Builder::new().spawn_scoped(scope, || mover.work());
        }
        mover.work();
    });
    let state = mover.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    state.outcome
}

/// Before anything comes: is there room for all of it?
fn check_room(store: &Store, wanted: &[Pointer]) -> Result<(), RemoteError> {
    let incomplete = store.incomplete();
    let there =
        |pointer: &Pointer| incomplete.join(format!("{}.part", pointer.oid)).metadata().map_or(0, |found| found.len());
    let needed: u64 = wanted.iter().map(|pointer| pointer.size.saturating_sub(there(pointer))).sum();
    match free_space(&incomplete) {
        Some(free) if free < needed => Err(RemoteError::all(format!(
            "{needed} bytes are to be fetched, and the disk of {} has room for {free}",
            incomplete.display()
        ))
        .hint("git xp artifact prune    makes room; or name fewer files: git xp artifact fetch <run> <pattern>")),
        _ => Ok(()),
    }
}

/// Bytes that may still be written where a folder lies, or would.
#[cfg(unix)]
pub fn free_space(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|path| path.exists())?;
    let found = rustix::fs::statvfs(there).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Nobody tells here.
#[cfg(not(unix))]
pub fn free_space(_folder: &Path) -> Option<u64> {
    None
}

struct Mover<'a> {
    store: &'a Store,
    remote: &'a dyn Remote,
    operation: Operation,
    progress: &'a Progress,
    state: Mutex<State>,
    changed: Condvar,
}

/// An object on its way.
#[derive(Debug, Clone)]
struct Job {
    pointer: Pointer,
    attempt: u32,
    anew: u32,
    not_before: Option<Instant>,
}

struct State {
    /// Not prepared yet.
    waiting: VecDeque<Vec<Job>>,
    /// Prepared.
    ready: VecDeque<Job>,
    /// Somebody asks the remote at this moment.
    is_preparing: bool,
    /// In somebody's hands.
    running: usize,
    outcome: Outcome,
    /// Nothing works any more.
    stopped: Option<RemoteError>,
}

/// What a thread does next.
enum Step {
    Prepare(Vec<Job>),
    Move(Job),
    Wait(Duration),
    Done,
}

impl State {
    fn new(wanted: Vec<Pointer>, batch: usize, outcome: Outcome) -> Self {
        let jobs: Vec<Job> =
            wanted.into_iter().map(|pointer| Job { pointer, attempt: 0, anew: 0, not_before: None }).collect();
        let waiting = jobs.chunks(batch).map(<[Job]>::to_vec).collect();
        Self { waiting, ready: VecDeque::new(), is_preparing: false, running: 0, outcome, stopped: None }
    }

    fn next(&mut self) -> Step {
        if let Some(error) = &self.stopped {
            let rest = self.ready.drain(..).chain(self.waiting.drain(..).flatten());
            self.outcome.failed.extend(rest.map(|job| (job.pointer, error.clone())));
            return Step::Done;
        }
        let now = Instant::now();
        let is_due = |job: &Job| job.not_before.is_none_or(|at| at <= now);
        if let Some(at) = self.ready.iter().position(is_due)
            && let Some(job) = self.ready.remove(at)
        {
            self.running += 1;
            return Step::Move(job);
        }
        // Objects are prepared when there is nothing else to do, so that what the remote gave has no time to grow old.
        if !self.is_preparing
            && let Some(at) = self.waiting.iter().position(|jobs| jobs.iter().all(is_due))
            && let Some(jobs) = self.waiting.remove(at)
        {
            self.is_preparing = true;
            return Step::Prepare(jobs);
        }
        let later = self.ready.iter().chain(self.waiting.iter().flatten()).filter_map(|job| job.not_before).min();
        match later {
            Some(at) => Step::Wait(at.saturating_duration_since(now)),
            None if self.running > 0 || self.is_preparing => Step::Wait(Duration::from_secs(60)),
            None => Step::Done,
        }
    }
}

impl Mover<'_> {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            match state.next() {
                Step::Done => break,
                Step::Wait(time) => {
                    let waited = self.changed.wait_timeout(state, time.max(Duration::from_millis(1)));
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                Step::Prepare(jobs) => {
                    drop(state);
                    let answer = self.prepare(&jobs);
                    state = self.lock();
                    state.is_preparing = false;
                    self.sort_in(&mut state, jobs, answer);
                }
                Step::Move(job) => {
                    drop(state);
                    let result = self.move_one(&job.pointer);
                    state = self.lock();
                    state.running -= 1;
                    self.account(&mut state, job, result);
                }
            }
            self.changed.notify_all();
        }
        self.changed.notify_all();
    }

    fn prepare(&self, jobs: &[Job]) -> Result<Vec<Prepared>, RemoteError> {
        let pointers: Vec<Pointer> = jobs.iter().map(|job| job.pointer.clone()).collect();
        let answers = self.remote.prepare(self.operation, &pointers)?;
        if answers.len() == jobs.len() {
            Ok(answers)
        } else {
            Err(RemoteError::all(format!(
                "{} was asked for {} objects and answered about {}",
                self.remote.name(),
                jobs.len(),
                answers.len()
            )))
        }
    }

    fn sort_in(&self, state: &mut State, jobs: Vec<Job>, answer: Result<Vec<Prepared>, RemoteError>) {
        let answers = match answer {
            Ok(answers) => answers,
            Err(error) => return self.sort_out(state, jobs, error),
        };
        for (job, answer) in jobs.into_iter().zip(answers) {
            match answer {
                Prepared::Go => state.ready.push_back(Job { not_before: None, ..job }),
                Prepared::There => {
                    self.arrived(&job.pointer, true);
                    state.outcome.there.push(job.pointer);
                }
                Prepared::Refused(error) => self.account(state, job, Err(error)),
            }
        }
    }

    /// What becomes of objects that could not be asked about.
    fn sort_out(&self, state: &mut State, jobs: Vec<Job>, error: RemoteError) {
        match error.fault {
            Fault::Split if jobs.len() > 1 => {
                let (one, other) = jobs.split_at(jobs.len() / 2);
                state.waiting.push_front(other.to_vec());
                state.waiting.push_front(one.to_vec());
            }
            Fault::Later(asked) if jobs.iter().all(|job| job.attempt < MOST_ATTEMPTS) => {
                let again = |job: Job| Job {
                    not_before: Some(Instant::now() + pause(job.attempt, asked)),
                    attempt: job.attempt + 1,
                    ..job
                };
                state.waiting.push_back(jobs.into_iter().map(again).collect());
            }
            Fault::All | Fault::Unsupported => {
                state.stopped = Some(error.clone());
                state.outcome.failed.extend(jobs.into_iter().map(|job| (job.pointer, error.clone())));
            }
            _ => jobs.into_iter().for_each(|job| self.give_up(state, job, error.clone())),
        }
    }

    fn account(&self, state: &mut State, job: Job, result: Result<(), RemoteError>) {
        let error = match result {
            Ok(()) => {
                self.arrived(&job.pointer, false);
                return state.outcome.moved.push(job.pointer);
            }
            Err(error) => error,
        };
        match error.fault {
            Fault::Later(asked) if job.attempt < MOST_ATTEMPTS => {
                let not_before = Some(Instant::now() + pause(job.attempt, asked));
                state.ready.push_back(Job { attempt: job.attempt + 1, not_before, ..job });
            }
            Fault::Expired if job.anew < MOST_ANEW => {
                state.waiting.push_front(vec![Job { anew: job.anew + 1, not_before: None, ..job }]);
            }
            Fault::All | Fault::Unsupported => {
                state.stopped = Some(error.clone());
                self.give_up(state, job, error);
            }
            _ => self.give_up(state, job, error),
        }
    }

    fn give_up(&self, state: &mut State, job: Job, error: RemoteError) {
        self.progress.objects.fetch_add(1, Ordering::Relaxed);
        state.outcome.failed.push((job.pointer, error));
    }

    fn arrived(&self, pointer: &Pointer, was_there: bool) {
        self.progress.objects.fetch_add(1, Ordering::Relaxed);
        if was_there {
            self.progress.bytes.fetch_add(pointer.size.cast_signed(), Ordering::Relaxed);
        }
        if let Some(arrived) = &self.progress.arrived {
            // Whoever listened may have heard enough.
            let _ = arrived.send(pointer.clone());
        }
    }

    fn move_one(&self, pointer: &Pointer) -> Result<(), RemoteError> {
        let counted = AtomicI64::new(0);
        let count = |bytes: i64| {
            counted.fetch_add(bytes, Ordering::Relaxed);
            self.progress.bytes.fetch_add(bytes, Ordering::Relaxed);
        };
        let result = match self.operation {
            Operation::Upload => self.send(pointer, &count),
            Operation::Download => self.fetch(pointer, &count),
        };
        if result.is_err() {
            // The next attempt counts anew.
            self.progress.bytes.fetch_sub(counted.into_inner(), Ordering::Relaxed);
        }
        result
    }

    fn send(&self, pointer: &Pointer, sent: &dyn Fn(i64)) -> Result<(), RemoteError> {
        let mut file = self.store.open(pointer).map_err(|_| {
            RemoteError::object("it is not here")
                .hint("fetch it from where it is: git xp artifact fetch --from <remote>")
        })?;
        self.remote.upload(pointer, &mut file, sent)
    }

    fn fetch(&self, pointer: &Pointer, received: &dyn Fn(i64)) -> Result<(), RemoteError> {
        let mut wrong = 0;
        loop {
            let opened = Part::open(self.store, pointer, received).map_err(|error| own(&error))?;
            let mut part = match opened {
                Opened::Here => return Ok(()),
                // Another process fetches it: when that ends, it is here, or its part is free.
                Opened::Busy => {
                    std::thread::sleep(BUSY_PAUSE);
                    continue;
                }
                Opened::Part(part) => part,
            };
            if !part.is_whole() {
                match self.remote.download(pointer, &mut part) {
                    Ok(()) if part.is_whole() => {}
                    Ok(()) => {
                        return Err(RemoteError::later(format!("only {} of {} bytes came", part.len(), pointer.size)));
                    }
                    Err(error) => {
                        if part.is_disk_full() {
                            // What was half fetched would keep the disk full.
                            part.abandon();
                        }
                        return Err(error);
                    }
                }
            }
            match part.finish() {
                Ok(()) => return Ok(()),
                Err(StoreError::Wrong { .. }) if wrong + 1 < MOST_ANEW => wrong += 1,
                Err(StoreError::Wrong { found, .. }) => {
                    return Err(RemoteError::object(format!(
                        "{} sent something else under this name, {wrong} times: {} bytes with the digest {}",
                        self.remote.name(),
                        found.size,
                        found.oid
                    ))
                    .hint("who has it can send it again: git xp artifact push"));
                }
                Err(error) => return Err(own(&error)),
            }
        }
    }
}

fn own(error: &StoreError) -> RemoteError {
    let found = RemoteError::all(error.to_string());
    if error.is_full() { found.hint("git xp artifact prune    makes room") } else { found }
}

/// How long to wait before the attempt after this one.
fn pause(attempt: u32, asked: Option<Duration>) -> Duration {
    match asked {
        Some(asked) => asked.min(LONGEST_ASKED),
        None => (FIRST_PAUSE * 2_u32.pow(attempt.min(6))).min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests;
