//! Scripts that say themselves which packages they need: <https://packaging.python.org/en/latest/specifications/inline-script-metadata/>.

use super::surroundings::Surroundings;
use crate::capture::file;

/// So much of a script is looked into, in bytes.
const HEAD: u64 = 64 * 1024;

/// Whether the first Python script among the words of a command has such a block: `uv run` then makes an environment for it alone.
pub(super) fn has_own_environment(surroundings: &Surroundings) -> bool {
    let script = surroundings.argv.iter().find(|word| word.ends_with(".py"));
    let text = script.and_then(|script| file::head(&surroundings.cwd.join(script), HEAD));
    text.is_some_and(|text| has_block(&String::from_utf8_lossy(&text)))
}

fn has_block(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == "# /// script")
}

#[cfg(test)]
mod tests {
    use super::has_block;

    #[test]
    fn a_block_begins_with_its_line() {
        assert!(has_block("#!/usr/bin/env python3\n# /// script\n# dependencies = [\"six\"]\n# ///\n"));
        assert!(!has_block("print('# /// script')\n"));
    }
}
