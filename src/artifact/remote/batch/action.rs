//! Actions that the server gave, until they are used or too old.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::api::Action;
use super::session::Door;
use crate::artifact::remote::Operation;

/// So many are kept, and more only as long as they are not used.
const MOST_KEPT: usize = 1000;

/// What is this close to its end is too old to begin with.
pub(super) const LEEWAY: Duration = Duration::from_secs(5);

/// What a transfer of one object needs.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// The GET or PUT.
    pub(super) action: Action,
    /// What to ask after an upload.
    pub(super) verify: Option<Action>,
    /// Whether no login is needed beyond the headers.
    pub(super) is_authenticated: bool,
    /// When it ends.
    pub(super) expires: Option<Instant>,
    /// Who gave it.
    pub(super) door: Door,
    /// Whether the object came; it may be wanted again, if it was not what it should be.
    pub(super) is_used: bool,
}

/// All that are kept.
#[derive(Debug, Default)]
pub(super) struct Actions(Mutex<HashMap<(Operation, String), Kept>>);

impl Actions {
    /// Keep what was given for an object.
    pub(super) fn keep(&self, operation: Operation, oid: &str, kept: Kept) {
        let mut all = self.lock();
        if all.len() >= MOST_KEPT {
            all.retain(|_, kept| !kept.is_used);
        }
        all.insert((operation, oid.to_owned()), kept);
    }

    /// It was used.
    pub(super) fn mark(&self, operation: Operation, oid: &str) {
        if let Some(kept) = self.lock().get_mut(&(operation, oid.to_owned())) {
            kept.is_used = true;
        }
    }

    /// What was given for an object, if it is not too old.
    pub(super) fn get(&self, operation: Operation, oid: &str) -> Option<Kept> {
        let key = (operation, oid.to_owned());
        let mut all = self.lock();
        let kept = all.get(&key)?;
        if kept.expires.is_some_and(|at| at <= Instant::now() + LEEWAY) {
            all.remove(&key);
            return None;
        }
        Some(kept.clone())
    }

    /// It is over, or the server does not take it any more.
    pub(super) fn forget(&self, operation: Operation, oid: &str) {
        self.lock().remove(&(operation, oid.to_owned()));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(Operation, String), Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When an action ends that was asked for at `asked`. A time of the server is compared with its own clock, milliseconds since 1970, where that is known: clocks
/// differ.
pub(super) fn expiry(action: &Action, asked: Instant, server_time: Option<i64>) -> Option<Instant> {
    let milliseconds = match (action.expires_in, action.expires_at) {
        (Some(seconds), _) => seconds.saturating_mul(1000),
        (None, Some(at)) => at.saturating_sub(server_time.unwrap_or_else(now)),
        (None, None) => return None,
    };
    let left = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
    // Longer than a year is for ever.
    (left < Duration::from_secs(365 * 24 * 60 * 60)).then(|| asked + left)
}

/// Milliseconds since 1970, by this machine.
#[expect(clippy::disallowed_methods, reason = "the end of an action is a time of the day")]
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Action, Actions, Kept, Operation, expiry};

    #[test]
    fn an_action_is_kept_until_it_ends() {
        let asked = Instant::now();
        let action = |expires_in, expires_at| Action { expires_in, expires_at, ..Action::default() };
        let server = 1_795_252_442_000;
        assert_eq!(expiry(&action(Some(60), Some(server)), asked, None), Some(asked + Duration::from_secs(60)));
        assert_eq!(
            expiry(&action(None, Some(server + 90_000)), asked, Some(server)),
            Some(asked + Duration::from_secs(90))
        );
        assert_eq!(expiry(&action(Some(-5), None), asked, None), Some(asked));
        assert_eq!(expiry(&action(Some(i64::MAX), None), asked, None), None);
        assert_eq!(expiry(&action(None, None), asked, Some(server)), None);
        let actions = Actions::default();
        for (oid, seconds, is_there) in [("a", 1, false), ("b", 60, true)] {
            let kept = Kept {
                action: Action::default(),
                verify: None,
                is_authenticated: false,
                expires: expiry(&action(Some(seconds), None), asked, None),
                door: crate::artifact::remote::batch::session::Door::at("https://h/"),
                is_used: false,
            };
            actions.keep(Operation::Upload, oid, kept);
            assert_eq!(actions.get(Operation::Upload, oid).is_some(), is_there);
            assert!(actions.get(Operation::Download, oid).is_none());
        }
        let kept = actions.get(Operation::Upload, "b").expect("kept");
        for n in 0..10 * super::MOST_KEPT {
            actions.keep(Operation::Download, &n.to_string(), kept.clone());
            actions.mark(Operation::Download, &n.to_string());
        }
        assert!(actions.lock().len() <= super::MOST_KEPT + 1 && actions.get(Operation::Upload, "b").is_some());
    }
}
