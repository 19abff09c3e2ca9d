//! The few headers of HTTP that are looked into: `Content-Range`, `Retry-After`, `Date`.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime};

/// What `Content-Range` says: the first byte that comes, the last one, and how many there are in all, unless that is `*`.
pub fn content_range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let rest = text.trim().strip_prefix("bytes")?.trim_start_matches([' ', '=']);
    let (range, all) = rest.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    let all = if all.trim() == "*" { None } else { Some(number(all)?) };
    (first <= last && all.is_none_or(|all| last < all)).then_some((first, last, all))
}

/// How long `Retry-After` asks to wait: seconds, or until a time, which is compared with the server's own `now` (milliseconds since 1970).
pub fn retry_after(text: &str, now: i64) -> Option<Duration> {
    if let Some(seconds) = number(text) {
        return Some(Duration::from_secs(seconds));
    }
    let until = date(text)?;
    Some(Duration::from_millis(u64::try_from(until.saturating_sub(now)).unwrap_or(0)))
}

/// A date of HTTP in any of its three forms, in milliseconds since 1970.
pub fn date(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(found) = DateTime::parse_from_rfc2822(text) {
        return Some(found.timestamp_millis());
    }
    let old = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let found = old.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(found.and_utc().timestamp_millis())
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::{any, proptest};

    use super::{content_range, date, retry_after};

    #[test]
    fn ranges_are_read() {
        assert_eq!(content_range("bytes 5-9/10"), Some((5, 9, Some(10))));
        assert_eq!(content_range(" bytes 0-0/*"), Some((0, 0, None)));
        for text in
            ["", "bytes", "bytes */10", "bytes 9-5/10", "bytes 5-10/10", "bytes -9/10", "items 5-9/10", "bytes +5-9/10"]
        {
            assert_eq!(content_range(text), None, "{text}");
        }
    }

    #[test]
    fn waits_are_read() {
        let now = date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
        assert_eq!(now, 784_111_777_000);
        assert_eq!(date("Sunday, 06-Nov-94 08:49:37 GMT"), Some(now));
        assert_eq!(date("Sun Nov  6 08:49:37 1994"), Some(now));
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:40:37 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("-1", now), None);
        assert_eq!(retry_after("soon", now), None);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>(), now in any::<i64>()) {
            let _ = (content_range(&text), retry_after(&text, now), date(&text));
        }

        #[test]
        fn ranges_round_trip(first in any::<u64>(), more in 0..1000_u64) {
            let last = first.saturating_add(more).min(u64::MAX - 1);
            let first = first.min(last);
            let text = format!("bytes {first}-{last}/{}", last + 1);
            assert_eq!(content_range(&text), Some((first, last, Some(last + 1))));
        }

        #[test]
        fn what_looks_like_a_date_never_panics(text in r"[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{1,6} [0-9]{2}:[0-9]{2}:[0-9]{2} (GMT|[-+][0-9]{4})") {
            let _ = (date(&text), retry_after(&text, i64::MIN));
        }
    }
}
