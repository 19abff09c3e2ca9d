//! The text in which `git xp start -e` asks for a hypothesis, as git's `COMMIT_EDITMSG` asks for a message.
//!
//! Four headed sections; lines that start with `#` are ignored. A line of the user's own text that starts with `#`,
//! `\` or looks like a heading is written with a backslash before it.

use crate::model::expectation::ExpectationError;
use crate::model::hypothesis::Hypothesis;

/// A text that is no filled-in template. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Text stands above the first heading.
    #[error("line {line} stands under no heading: put it under `Data:`, `Method:`, `Expect:` or `Because:`")]
    Stray {
        /// The line's number.
        line: usize,
    },
    /// A heading stands twice.
    #[error("line {line}: `{heading}:` stands twice: keep one, or write `\\{heading}:` where it is text")]
    Twice {
        /// The second heading's line.
        line: usize,
        /// The heading without its colon.
        heading: &'static str,
    },
    /// A line under `Expect:` is no expectation.
    #[error("line {line}: {source}")]
    Expect {
        /// The line's number.
        line: usize,
        /// What is wrong with it.
        source: ExpectationError,
    },
}

const HEADINGS: [&str; 4] = ["Data", "Method", "Expect", "Because"];
const EXPECT: usize = 2;

/// The text to edit, with what is known already filled in.
#[must_use]
pub fn editor_template(hypothesis: &Hypothesis) -> String {
    let expect: Vec<String> = hypothesis.expect.iter().map(ToString::to_string).collect();
    let slot = |text: &Option<String>| text.clone().unwrap_or_default();
    let slots = [
        (slot(&hypothesis.data), "# What do you train and measure on?"),
        (slot(&hypothesis.method), "# What do you do differently?"),
        (expect.join("\n"), "# One expectation a line, such as: val_acc >= 0.92  or  loss <= baseline * 0.95"),
        (slot(&hypothesis.because), "# Why do you expect it?"),
    ];
    let mut text = String::from(
        "# We believe that using <data> and <method> we get <expectations>, because <reason>.\n\
         # Write below each heading, or leave it empty. Lines that start with '#' are ignored.\n",
    );
    for (heading, (content, question)) in HEADINGS.iter().zip(slots) {
        text.push_str(&format!("\n{heading}:\n{question}\n"));
        for line in content.lines() {
            if line.starts_with(['#', '\\']) || heading_of(line).is_some() {
                text.push('\\');
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

/// Reads an edited template. Everything empty gives an empty hypothesis.
///
/// # Errors
/// When text stands above the first heading, a heading stands twice, or an expectation cannot be read; each with its
/// line.
pub fn parse_editor_template(text: &str) -> Result<Hypothesis, TemplateError> {
    let mut slots: [Option<Vec<(usize, &str)>>; 4] = [None, None, None, None];
    let mut current = None;
    for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        let number = index + 1;
        if line.starts_with('#') {
            continue;
        }
        if let Some((heading, rest)) = heading_of(line) {
            if slots[heading].replace(vec![(number, rest)]).is_some() {
                return Err(TemplateError::Twice { line: number, heading: HEADINGS[heading] });
            }
            current = Some(heading);
            continue;
        }
        match current.and_then(|heading: usize| slots[heading].as_mut()) {
            Some(lines) => lines.push((number, line.strip_prefix('\\').unwrap_or(line))),
            None if line.trim().is_empty() => {}
            None => return Err(TemplateError::Stray { line: number }),
        }
    }
    let mut expect = Vec::new();
    for (line, text) in slots[EXPECT].take().unwrap_or_default() {
        if !text.trim().is_empty() {
            expect.push(text.trim().parse().map_err(|source| TemplateError::Expect { line, source })?);
        }
    }
    let [data, method, _, because] = slots.map(|lines| joined(&lines.unwrap_or_default()));
    Ok(Hypothesis { data, method, expect, because })
}

/// The heading that a line is, and what stands behind its colon.
fn heading_of(line: &str) -> Option<(usize, &str)> {
    let (word, rest) = line.split_once(':')?;
    let heading = HEADINGS.iter().position(|heading| heading.eq_ignore_ascii_case(word))?;
    Some((heading, rest))
}

fn joined(lines: &[(usize, &str)]) -> Option<String> {
    let text = lines.iter().map(|(_, line)| line.trim_end()).collect::<Vec<_>>().join("\n");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{TemplateError, editor_template, parse_editor_template};
    use crate::model::expectation::tests::expectations;
    use crate::model::hypothesis::Hypothesis;
    use proptest::collection::vec;
    use proptest::prelude::{Strategy, any, prop_assert_eq, prop_oneof, proptest};

    #[test]
    fn a_filled_template_is_read() {
        let text = "# a comment\n\nDATA: CIFAR-10\n\nMethod:\n a larger lr,\nwith warmup\n\\# five epochs\nExpect:\n\
                    # one per line\n val_acc >= 0.92 \n\nloss<0.3\nbecause:\n";
        let read = parse_editor_template(text).unwrap();
        assert_eq!(read.data.as_deref(), Some("CIFAR-10"));
        assert_eq!(read.method.as_deref(), Some("a larger lr,\nwith warmup\n# five epochs"));
        assert_eq!(read.expect.iter().map(ToString::to_string).collect::<Vec<_>>(), ["val_acc >= 0.92", "loss < 0.3"]);
        assert_eq!(read.because, None);
    }

    #[test]
    fn an_untouched_template_is_an_empty_hypothesis() {
        assert!(parse_editor_template(&editor_template(&Hypothesis::default())).unwrap().is_empty());
        assert!(parse_editor_template("").unwrap().is_empty());
    }

    #[test]
    fn errors_name_the_line() {
        assert_eq!(parse_editor_template("# x\nhello\n"), Err(TemplateError::Stray { line: 2 }));
        let twice = parse_editor_template("Data:\nx\nData:\n").unwrap_err();
        assert_eq!(twice.to_string(), r"line 3: `Data:` stands twice: keep one, or write `\Data:` where it is text");
        let expect = parse_editor_template("Expect:\n\nacc = 1\n").unwrap_err().to_string();
        assert!(expect.starts_with("line 3: cannot read the expectation \"acc = 1\" at column 5"), "{expect}");
    }

    fn slot() -> impl Strategy<Value = Option<String>> {
        let line = prop_oneof![r"[#\\a-z: ]{0,8}", "(Data|method|Expect|BECAUSE): ?[a-z]{0,3}", r"\PC{0,12}"];
        vec(line, 0..4).prop_map(|lines| {
            let text = lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n").trim().to_owned();
            (!text.is_empty()).then_some(text)
        })
    }

    proptest! {
        #[test]
        fn templates_are_read_back(data in slot(), method in slot(), because in slot(), expect in vec(expectations(), 0..3)) {
            let hypothesis = Hypothesis { data, method, expect, because };
            prop_assert_eq!(parse_editor_template(&editor_template(&hypothesis)), Ok(hypothesis));
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = parse_editor_template(&text);
        }
    }
}
