//! Times as people write them. A time stands for all it covers: a day for the whole day, a minute for the whole minute.

use std::cmp::Ordering;

use chrono::{DateTime, Days, Months, NaiveDate, NaiveDateTime, NaiveTime};

use super::calendar::Calendar;
use crate::model::duration;
use crate::model::time::Time;

/// What a query's time covers: milliseconds since 1970, the last one excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    from: i64,
    until: i64,
}

impl Span {
    /// Where a moment lies: before, in or after it.
    pub(super) fn place(self, moment: Time) -> Ordering {
        if moment.0 < self.from {
            Ordering::Less
        } else if moment.0 < self.until {
            Ordering::Equal
        } else {
            Ordering::Greater
        }
    }

    fn moment(time: Time) -> Option<Self> {
        Self::of_length(time, 1)
    }

    fn of_length(from: Time, millis: i64) -> Option<Self> {
        Some(Self { from: from.0, until: from.0.checked_add(millis)? })
    }
}

/// Reads `2026-11-01`, `2026-11-01 12:00`, `2026-11`, `2026`, RFC 3339, `now`, `today`, `yesterday`, `2 days ago`.
pub(super) fn parse(text: &str, calendar: &Calendar) -> Option<Span> {
    let text = text.trim();
    let (digits, behind) = duration::split(text, |c| c.is_ascii_digit());
    if digits.len() == 4 && (behind.is_empty() || behind.starts_with('-')) {
        absolute(&text.replacen([' ', 't'], "T", 1), calendar)
    } else {
        relative(&text.to_lowercase(), calendar)
    }
}

fn absolute(text: &str, calendar: &Calendar) -> Option<Span> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Span::of_length(Time(time.timestamp_millis()), precision(text));
    }
    if let Ok(clock) = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f") {
        return Span::of_length(calendar.moment(clock)?, precision(text));
    }
    if let Ok(clock) = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M") {
        return Span::of_length(calendar.moment(clock)?, 60_000);
    }
    let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let first = date(text).or_else(|| date(&format!("{text}-01"))).or_else(|| date(&format!("{text}-01-01")))?;
    let last = match text.matches('-').count() {
        2 => first.checked_add_days(Days::new(1)),
        1 => first.checked_add_months(Months::new(1)),
        _ => first.checked_add_months(Months::new(12)),
    };
    days(first, last?, calendar)
}

/// The milliseconds that a time covers which is given in seconds, or in fractions of them.
fn precision(text: &str) -> i64 {
    if text.contains('.') { 1 } else { 1000 }
}

fn relative(text: &str, calendar: &Calendar) -> Option<Span> {
    let today = || Some(calendar.wall_clock()?.date());
    match text {
        "now" => return Span::moment(calendar.now()),
        "today" => return days(today()?, today()?.succ_opt()?, calendar),
        "yesterday" => return days(today()?.pred_opt()?, today()?, calendar),
        _ => {}
    }
    let amount = text.strip_suffix("ago").map(str::trim).filter(|amount| amount.parse::<f64>().is_err())?;
    if let Some(months) = months(amount) {
        let clock = calendar.wall_clock()?.checked_sub_months(Months::new(months))?;
        return Span::moment(calendar.moment(clock)?);
    }
    let millis = calendar.now().0.checked_sub((duration::parse(amount)? * 1000.0).round() as i64)?;
    // Before the calendar begins there is no time.
    DateTime::from_timestamp_millis(millis)?;
    Span::moment(Time(millis))
}

/// `2 months`, `1 year`, in months: their length depends on where they end.
fn months(amount: &str) -> Option<u32> {
    let (count, unit) = duration::split(amount, |c| c.is_ascii_digit());
    let count: u32 = count.parse().ok()?;
    match unit.trim_start() {
        "month" | "months" => Some(count),
        "y" | "year" | "years" => count.checked_mul(12),
        _ => None,
    }
}

/// From the start of one day to the start of another.
fn days(first: NaiveDate, last: NaiveDate, calendar: &Calendar) -> Option<Span> {
    let midnight = |day: NaiveDate| calendar.moment(day.and_time(NaiveTime::MIN));
    Some(Span { from: midnight(first)?.0, until: midnight(last)?.0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Calendar, Span, Time, parse};

    fn read(text: &str) -> Option<(String, String)> {
        let now = Time::parse("2026-11-21T09:14:02.118Z").expect("a time");
        let Span { from, until } = parse(text, &Calendar::utc(now))?;
        Some((Time(from).to_string(), Time(until).to_string()))
    }

    #[test]
    fn a_time_stands_for_all_it_covers() {
        for (text, from, until) in [
            ("2026", "2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
            ("2026-12", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
            ("2026-11-01", "2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z"),
            ("2026-11-01 12:00", "2026-11-01T12:00:00.000Z", "2026-11-01T12:01:00.000Z"),
            ("2026-11-01T12:00:05", "2026-11-01T12:00:05.000Z", "2026-11-01T12:00:06.000Z"),
            ("2026-11-01T12:00:05.25", "2026-11-01T12:00:05.250Z", "2026-11-01T12:00:05.251Z"),
            ("2026-11-01T12:00:05+02:00", "2026-11-01T10:00:05.000Z", "2026-11-01T10:00:06.000Z"),
            ("2026-11-01 12:00:05.118Z", "2026-11-01T12:00:05.118Z", "2026-11-01T12:00:05.119Z"),
            ("now", "2026-11-21T09:14:02.118Z", "2026-11-21T09:14:02.119Z"),
            ("Today", "2026-11-21T00:00:00.000Z", "2026-11-22T00:00:00.000Z"),
            (" yesterday ", "2026-11-20T00:00:00.000Z", "2026-11-21T00:00:00.000Z"),
            ("2 days ago", "2026-11-19T09:14:02.118Z", "2026-11-19T09:14:02.119Z"),
            ("3h ago", "2026-11-21T06:14:02.118Z", "2026-11-21T06:14:02.119Z"),
            ("1h30m ago", "2026-11-21T07:44:02.118Z", "2026-11-21T07:44:02.119Z"),
            ("9 months ago", "2026-02-21T09:14:02.118Z", "2026-02-21T09:14:02.119Z"),
            ("1 year ago", "2025-11-21T09:14:02.118Z", "2025-11-21T09:14:02.119Z"),
        ] {
            assert_eq!(read(text), Some((from.to_owned(), until.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "2026-13-01",
            "2026-02-30",
            "26-11-01",
            "2026-11-01 25:00",
            "ago",
            "2 ago",
            "2 days",
            "tomorrow",
            "2026-11-01 12",
            "2026-",
            "99999999999999999999 days ago",
            "4294967295 years ago",
            "-2 days ago",
            "20261101",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(
            text in any::<String>(), near in "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[T ]?[0-9:.Z+-]{0,12}", now in any::<i64>(),
        ) {
            for calendar in [Calendar::utc(Time(now)), Calendar::local()] {
                let _ = (parse(&text, &calendar), parse(&near, &calendar), parse(&format!("{text} ago"), &calendar));
                let _ = (parse("yesterday", &calendar), parse("5 years ago", &calendar));
            }
        }
    }
}
