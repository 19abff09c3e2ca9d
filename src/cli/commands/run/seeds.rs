//! `--seeds 1..5|1,2,7`. Pure.

/// How many seeds one call may name.
const MOST: usize = 100_000;

/// Read a list of seeds: numbers and ranges (both ends included), separated by commas; each once, in the order written.
///
/// # Errors
/// Says what is wrong.
pub(super) fn parse(text: &str) -> Result<Vec<i64>, String> {
    let mut seeds = Vec::new();
    for part in text.split(',') {
        let number = |text: &str| {
            text.trim()
                .parse::<i64>()
                .map_err(|_| format!("'{text}' in '{text_all}' is no integer; write 1..5 or 1,2,7", text_all = part))
        };
        let (first, last) = match part.split_once("..") {
            Some((first, last)) => (number(first)?, number(last.trim_start_matches('='))?),
            None => (number(part)?, number(part)?),
        };
        if last < first {
            return Err(format!("the range '{part}' ends before it begins"));
        }
        if last.saturating_sub(first) >= MOST as i64 || seeds.len() >= MOST {
            return Err(format!("'{text}' names more than {MOST} seeds"));
        }
        for seed in first..=last {
            if !seeds.contains(&seed) {
                seeds.push(seed);
            }
        }
    }
    Ok(seeds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::parse;

    #[test]
    fn ranges_and_lists_are_read() {
        assert_eq!(parse("1..3,7,2"), Ok(vec![1, 2, 3, 7]));
        assert_eq!(parse("-1..1"), Ok(vec![-1, 0, 1]));
        for wrong in ["", "a", "3..1", "1..", "0..99999999999", "1,,2"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn numbers_never_panic(text in r"[-0-9.,=]{0,12}") {
            let _ = parse(&text);
        }
    }
}
