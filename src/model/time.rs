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
        parse_plain(text).or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| Self(time.timestamp_millis())))
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
    /// The text in formats that people read; milliseconds in others.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Time;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Time, E> {
                Time::parse(text).ok_or_else(|| E::custom(format_args!("'{text}' is no RFC 3339 time")))
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Visitor)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

/// The form that facts have, `2026-11-21T09:14:02.118Z`, without the detour over a general parser.
fn parse_plain(text: &str) -> Option<Time> {
    let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
    if marks.iter().any(|(at, mark)| bytes[*at] != *mark) {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to]
            .iter()
            .try_fold(0_i64, |n, byte| Some(n * 10 + i64::from(byte.checked_sub(b'0').filter(|d| *d < 10)?)))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second, milli) = (number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    // A leap second is left to the general parser.
    if !(1..=longest).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Days since 1970-03-01 by years that begin in March: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468;
    Some(Time((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + milli))
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
    proptest::proptest! {
        #[test]
        fn both_parsers_agree(millis in -62_000_000_000_000_i64..253_000_000_000_000, noise in 0..24_usize, byte in 0..128_u8) {
            let text = Time(millis).to_string();
            assert_eq!(super::parse_plain(&text), Some(Time(millis)));
            let mut changed = text.into_bytes();
            changed[noise] = byte;
            let changed = String::from_utf8(changed).expect("ASCII");
            if let Some(time) = super::parse_plain(&changed) {
                assert_eq!(chrono::DateTime::parse_from_rfc3339(&changed).expect("a time").timestamp_millis(), time.0);
            }
        }
    }
}
