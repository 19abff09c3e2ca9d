//! What "now" is, and in which time zone days begin.

use chrono::{DateTime, Local, NaiveDateTime, TimeDelta, TimeZone, Utc};

use crate::model::time::Time;

/// The moment and the time zone that the times in a query refer to.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    now: Time,
    zone: Zone,
}

#[derive(Debug, Clone, Copy)]
enum Zone {
    Local,
    Utc,
}

impl Calendar {
    /// Now, in the reader's time zone: the one that times are shown in.
    #[must_use]
    pub fn local() -> Self {
        Self { now: Time::now(), zone: Zone::Local }
    }

    /// Another moment, in UTC.
    #[must_use]
    pub fn utc(now: Time) -> Self {
        Self { now, zone: Zone::Utc }
    }

    pub(super) fn now(&self) -> Time {
        self.now
    }

    /// What the wall clock shows now.
    pub(super) fn wall_clock(&self) -> Option<NaiveDateTime> {
        let now = DateTime::<Utc>::from_timestamp_millis(self.now.0)?;
        Some(match self.zone {
            Zone::Local => now.with_timezone(&Local).naive_local(),
            Zone::Utc => now.naive_utc(),
        })
    }

    /// When the wall clock shows this: the first time, where it does so twice.
    pub(super) fn moment(&self, clock: NaiveDateTime) -> Option<Time> {
        let millis = |clock: &NaiveDateTime| match self.zone {
            Zone::Local => Local.from_local_datetime(clock).earliest().map(|time| time.timestamp_millis()),
            Zone::Utc => Some(clock.and_utc().timestamp_millis()),
        };
        // Where clocks are put forward, an hour is never shown: what follows it is meant.
        millis(&clock).or_else(|| millis(&clock.checked_add_signed(TimeDelta::hours(1))?)).map(Time)
    }
}
