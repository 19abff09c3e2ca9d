//! Durations as people write them: `90`, `10m`, `1h30m`, `2 days`.

/// The units, each with its seconds. Months and years are none: their length differs.
const UNITS: [(&[&str], f64); 6] = [
    (&["ms", "millisecond", "milliseconds"], 0.001),
    (&["s", "sec", "secs", "second", "seconds"], 1.0),
    (&["m", "min", "mins", "minute", "minutes"], 60.0),
    (&["h", "hr", "hrs", "hour", "hours"], 3600.0),
    (&["d", "day", "days"], 86_400.0),
    (&["w", "week", "weeks"], 604_800.0),
];

/// Reads a duration, in seconds. A number alone is seconds.
pub fn parse(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut sum = 0.0;
    let mut parts = 0;
    while !rest.is_empty() {
        let (number, behind) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let number: f64 = number.parse().ok()?;
        let (unit, behind) = split(behind.trim_start(), |c| c.is_ascii_alphabetic());
        rest = behind.trim_start();
        let is_alone = parts == 0 && rest.is_empty();
        sum += number * if unit.is_empty() && is_alone { 1.0 } else { seconds(unit)? };
        parts += 1;
    }
    (parts > 0 && f64::is_finite(sum)).then_some(sum)
}

fn seconds(unit: &str) -> Option<f64> {
    UNITS
        .iter()
        .find(|(names, _)| names.iter().any(|name| name.eq_ignore_ascii_case(unit)))
        .map(|(_, seconds)| *seconds)
}

/// The characters at the start that `wanted` accepts, and what is behind them.
pub fn split(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::parse;

    #[test]
    fn durations_are_seconds() {
        for (text, seconds) in [
            ("90", 90.0),
            ("1.5", 1.5),
            ("10m", 600.0),
            ("2h", 7200.0),
            ("1h30m", 5400.0),
            ("1 H 30 Min", 5400.0),
            ("2 days", 172_800.0),
            ("500ms", 0.5),
            (" 1w ", 604_800.0),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
        for text in ["", "m", "-5m", "1h30", "10 parsecs", "1e3s", "1.2.3s", "5m!", "1 month"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"9".repeat(400)), None);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>(), near in "[0-9. msmhdw]{0,12}") {
            let _ = (parse(&text), parse(&near));
        }
    }
}
