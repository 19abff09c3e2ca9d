//! The operating system.

use crate::capture::file;
use crate::model::text::printable;

/// What `env.toml` says of it. Not the host's name: the fact has it, and equal hosts are one environment.
pub(super) fn describe() -> toml::Table {
    let mut system = toml::Table::new();
    system.insert("os".to_owned(), std::env::consts::OS.into());
    system.insert("arch".to_owned(), std::env::consts::ARCH.into());
    let release = file::text("/etc/os-release".as_ref(), 64 * 1024).and_then(|text| pretty_name(&text));
    system.extend(release.map(|name| ("distribution".to_owned(), name.into())));
    #[cfg(unix)]
    {
        let uname = rustix::system::uname();
        system.insert("kernel".to_owned(), uname.release().to_string_lossy().into_owned().into());
    }
    if let Ok(cores) = std::thread::available_parallelism() {
        system.insert("cores".to_owned(), (cores.get() as i64).into());
    }
    system
}

/// `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"` of os-release(5).
fn pretty_name(text: &str) -> Option<String> {
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?.trim().trim_matches(['"', '\'']);
    Some(printable(&name.chars().take(200).collect::<String>())).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::pretty_name;

    #[test]
    fn the_distribution_is_named() {
        assert_eq!(pretty_name("NAME=x\nPRETTY_NAME=\"Debian 12\"\n"), Some("Debian 12".to_owned()));
        assert_eq!(pretty_name("PRETTY_NAME=Alpine\n"), Some("Alpine".to_owned()));
        assert_eq!(pretty_name("PRETTY_NAME=\n"), None);
    }
}
