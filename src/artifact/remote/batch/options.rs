//! What an LFS remote is told beside git's settings: patience, and what the environment says.

use std::path::PathBuf;
use std::time::Duration;

/// How long a server may keep us waiting.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Until a connection stands, TLS included.
    pub dial: Duration,
    /// Until the next bytes come or go; in this time at least [`Self::least_bytes`] must, or the connection is given up.
    pub activity: Duration,
    /// Until a server that has got an object answers: it may hash it first.
    pub digestion: Duration,
    /// Bytes that a transfer must move in the time of [`Self::activity`].
    pub least_bytes: u64,
    /// Before a question is asked again; each further pause is twice as long.
    pub pause: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            dial: Duration::from_secs(30),
            activity: Duration::from_secs(30),
            digestion: Duration::from_secs(300),
            least_bytes: 1024,
            pause: Duration::from_millis(250),
        }
    }
}

/// How a remote is used.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How long a server may keep us waiting.
    pub timeouts: Timeouts,
    /// What the environment says.
    pub environment: Environment,
    /// Whether git may ask for a login on the terminal.
    pub may_ask: bool,
}

impl Options {
    /// What holds for a command of a user.
    pub fn from_environment() -> Self {
        use std::io::IsTerminal;
        let may_ask = std::io::stderr().is_terminal() && std::io::stdin().is_terminal();
        Self { timeouts: Timeouts::default(), environment: Environment::read(), may_ask }
    }
}

/// The variables of the environment that git, curl and git-lfs know.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `HTTPS_PROXY`.
    pub https_proxy: Option<String>,
    /// `HTTP_PROXY`, in lower case alone, as curl has it, or in capitals.
    pub http_proxy: Option<String>,
    /// `ALL_PROXY`.
    pub all_proxy: Option<String>,
    /// `NO_PROXY`: hosts that are asked directly.
    pub no_proxy: Option<String>,
    /// `GIT_SSL_CAINFO`: a file of certificates to trust.
    pub ssl_ca_info: Option<String>,
    /// `GIT_SSL_NO_VERIFY`: trust anybody.
    pub is_ssl_unverified: bool,
    /// `GIT_SSH_COMMAND`: a line of shell.
    pub ssh_command: Option<String>,
    /// `GIT_SSH`: a program.
    pub ssh: Option<String>,
    /// `GIT_SSH_VARIANT`: which options it knows.
    pub ssh_variant: Option<String>,
    /// The user's own folder, which holds `.netrc`.
    pub home: Option<PathBuf>,
}

impl Environment {
    /// Those of this process.
    #[expect(clippy::disallowed_methods, reason = "how git and curl are told of proxies, certificates and ssh")]
    pub fn read() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let either = |name: &str| text(name).or_else(|| text(&name.to_lowercase()));
        Self {
            https_proxy: either("HTTPS_PROXY"),
            http_proxy: either("HTTP_PROXY"),
            all_proxy: either("ALL_PROXY"),
            no_proxy: either("NO_PROXY"),
            ssl_ca_info: text("GIT_SSL_CAINFO"),
            is_ssl_unverified: text("GIT_SSL_NO_VERIFY").is_some_and(|value| super::config::Config::is_true(&value)),
            ssh_command: text("GIT_SSH_COMMAND"),
            ssh: text("GIT_SSH"),
            ssh_variant: text("GIT_SSH_VARIANT"),
            home: std::env::home_dir(),
        }
    }
}
