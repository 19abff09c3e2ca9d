//! Times of facts: UTC, RFC 3339, milliseconds.

use std::fmt;

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment, in milliseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

impl Time {
    /// Now, by the system's clock.
    pub fn now() -> Self {
        Self(Utc::now().timestamp_millis())
    }

    /// From seconds since 1970.
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * 1000.0).round() as i64)
    }

    /// Whole seconds since 1970, as git's signatures have them.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The UTC month, `YYYY-MM`: the name of the ledger that holds the facts of this time.
    pub fn month(self) -> String {
        self.utc().format("%Y-%m").to_string()
    }

    /// Seconds from `earlier` to `self`.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0.saturating_sub(earlier.0)) as f64 / 1000.0
    }

    /// Read RFC 3339.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|time| Self(time.timestamp_millis()))
    }

    /// In the reader's time zone, to the minute: `2026-11-21 09:14`.
    pub fn local_minute(self) -> String {
        self.utc().with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M").to_string()
    }

    fn utc(self) -> DateTime<Utc> {
        // Outside chrono's range (some 260,000 years) there is no month to name; the epoch stands in.
        Utc.timestamp_millis_opt(self.0).single().unwrap_or_default()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format_args!("'{text}' is no RFC 3339 time")))
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn text_round_trips() {
        let time = Time::parse("2026-11-30T23:59:59.999Z").expect("a time");
        assert_eq!(time.to_string(), "2026-11-30T23:59:59.999Z");
        assert_eq!(time.month(), "2026-11");
        assert_eq!(Time::parse("2026-12-01T01:00:00+02:00").expect("a time").month(), "2026-11");
        let _ = (Time(i64::MAX).to_string(), Time(i64::MIN).month());
    }
}
