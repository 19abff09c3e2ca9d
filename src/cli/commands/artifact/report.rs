//! A transfer as its user sees it: how far it has come, and what became of it.

use std::io::IsTerminal;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::artifact::pointer::Pointer;
use crate::artifact::remote::{Operation, Remote};
use crate::artifact::store::Store;
use crate::artifact::transfer::{Outcome, Progress, transfer};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::render::number::{bytes, duration, plural};

/// How many objects that failed are named.
const NAMED: usize = 5;

/// Work that takes less shows no progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often progress is shown.
const TICK: Duration = Duration::from_millis(200);

#[derive(Debug, Serialize)]
struct Report<'a> {
    version: u32,
    remote: &'a str,
    place: String,
    /// Objects that were moved, and their bytes.
    moved: usize,
    bytes: u64,
    /// Objects that were there already.
    there: usize,
    failed: Vec<Failed<'a>>,
}

#[derive(Debug, Serialize)]
struct Failed<'a> {
    oid: &'a str,
    size: u64,
    error: &'a str,
}

/// Move objects, and say what became of them.
///
/// # Errors
/// If any could not be moved.
pub fn move_all(
    cx: &Context,
    remote: &dyn Remote,
    operation: Operation,
    pointers: Vec<Pointer>,
    json: bool,
) -> Result<(), CliError> {
    let store = Store::of(&cx.repo);
    let outcome = watch(cx, &store, remote, operation, pointers);
    let moved: u64 = outcome.moved.iter().map(|pointer| pointer.size).sum();
    if json {
        let failed = |(pointer, error): &'_ (Pointer, _)| -> (String, u64, String) {
            let error: &crate::artifact::remote::RemoteError = error;
            (pointer.oid.clone(), pointer.size, error.message.clone())
        };
        let failures: Vec<_> = outcome.failed.iter().map(failed).collect();
        cx.ui.print_json(&Report {
            version: 1,
            remote: remote.name(),
            place: remote.place(),
            moved: outcome.moved.len(),
            bytes: moved,
            there: outcome.there.len(),
            failed: failures.iter().map(|(oid, size, error)| Failed { oid, size: *size, error }).collect(),
        });
    } else {
        let way = match operation {
            Operation::Upload => "pushed to",
            Operation::Download => "fetched from",
        };
        let there = match outcome.there.len() {
            0 => String::new(),
            n => format!("; {} there already", plural(n, "object")),
        };
        cx.ui.status(&format!(
            "{way} {}: {} ({}){there}",
            remote.name(),
            plural(outcome.moved.len(), "object"),
            bytes(moved)
        ));
    }
    fail(&outcome, remote)
}

fn fail(outcome: &Outcome, remote: &dyn Remote) -> Result<(), CliError> {
    let Some((_, first)) = outcome.failed.first() else { return Ok(()) };
    let all_alike = outcome.failed.iter().all(|(_, error)| error == first);
    let what = plural(outcome.failed.len(), "object");
    let mut message = format!("{what} could not be moved ({})", remote.name());
    if all_alike {
        message += &format!(": {}", first.message);
    } else {
        for (pointer, error) in outcome.failed.iter().take(NAMED) {
            message += &format!("\n  {}… ({}): {}", &pointer.oid[..12], bytes(pointer.size), error.message);
        }
        if outcome.failed.len() > NAMED {
            message += &format!("\n  and {} more", outcome.failed.len() - NAMED);
        }
    }
    let error = CliError::new(message);
    Err(match &first.hint {
        Some(hint) => error.hint(hint.clone()),
        None => error.hint("the same command goes on where this one ended"),
    })
}

/// Do it, and show bytes, rate and time left on a terminal.
fn watch(cx: &Context, store: &Store, remote: &dyn Remote, operation: Operation, pointers: Vec<Pointer>) -> Outcome {
    let progress = Progress::default();
    if !(cx.ui.shows_progress() && std::io::stderr().is_terminal()) {
        return transfer(store, remote, operation, pointers, &progress);
    }
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let work = scope.spawn(|| transfer(store, remote, operation, pointers, &progress));
        let mut has_shown = false;
        while !work.is_finished() {
            std::thread::sleep(TICK);
            if begin.elapsed() > PATIENCE {
                cx.ui.stderr(&format!("\r{}\u{1b}[K", line(&progress, begin.elapsed())));
                has_shown = true;
            }
        }
        if has_shown {
            cx.ui.stderr("\r\u{1b}[K");
        }
        work.join().unwrap_or_default()
    })
}

/// `3 of 10 objects, 1.2 of 4.0 GiB, 310 MiB/s, 9 s left`.
fn line(progress: &Progress, elapsed: Duration) -> String {
    let done = u64::try_from(progress.bytes.load(Ordering::Relaxed)).unwrap_or_default();
    let total = progress.total_bytes.load(Ordering::Relaxed);
    let rate = done as f64 / elapsed.as_secs_f64().max(0.001);
    let left = if rate > 0.0 && total > done {
        format!(", {} left", duration((total - done) as f64 / rate))
    } else {
        String::new()
    };
    format!(
        "{} of {}, {} of {}, {}/s{left}",
        progress.objects.load(Ordering::Relaxed),
        plural(usize::try_from(progress.total_objects.load(Ordering::Relaxed)).unwrap_or(usize::MAX), "object"),
        bytes(done),
        bytes(total),
        bytes(rate as u64)
    )
}
