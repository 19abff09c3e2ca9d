//! Whether the processes that own a run still live.

use super::line::Owner;
use crate::model::id::Id;

/// This host, as owners name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The host name.
    pub name: String,
    /// The id of this boot; empty where the system has none.
    pub boot: String,
}

impl Host {
    /// This host, now.
    pub fn this() -> Self {
        Self { name: host_name(), boot: read("/proc/sys/kernel/random/boot_id") }
    }

    /// A living process of this host as an owner.
    pub fn owner(&self, role: &str, pid: u32) -> Owner {
        Owner {
            role: role.to_owned(),
            host: self.name.clone(),
            boot: self.boot.clone(),
            pid,
            started: start_of(pid).unwrap_or(0),
        }
    }

    /// Whether an owner is certainly gone: it lived on this host, and not in this boot, or its number is free or taken by another process.
    pub fn is_gone(&self, owner: &Owner) -> bool {
        if owner.host != self.name {
            return false;
        }
        if owner.boot != self.boot {
            return true;
        }
        match start_of(owner.pid) {
            Some(started) => owner.started != 0 && started != 0 && started != owner.started,
            None => true,
        }
    }
}

/// When a process started, in clock ticks since boot: field 22 of `/proc/<pid>/stat` (proc(5)). A zombie has ended.
#[cfg(target_os = "linux")]
fn start_of(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses and may contain anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if matches!(fields.first(), Some(&("Z" | "X"))) {
        return None;
    }
    fields.get(19)?.parse().ok()
}

/// Whether a process of this user belongs to a run, by the environment it was started with: `/proc/<pid>/environ` (proc(5)).
#[cfg(target_os = "linux")]
pub(super) fn is_run_alive(id: Id) -> bool {
    let variable = format!("GIT_XP_RUN={id}").into_bytes();
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    processes.filter_map(Result::ok).any(|process| {
        let pid = process.file_name().to_str().and_then(|name| name.parse().ok());
        pid.is_some_and(|pid: u32| {
            pid != std::process::id()
                && std::fs::read(process.path().join("environ"))
                    .is_ok_and(|text| text.split(|byte| *byte == 0).any(|entry| entry == variable))
        })
    })
}

/// Elsewhere that cannot be had.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_run_alive(_id: Id) -> bool {
    false
}

/// Elsewhere only whether the number is in use can be had cheaply: 0 stands for an unknown start.
#[cfg(all(unix, not(target_os = "linux")))]
fn start_of(pid: u32) -> Option<u64> {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)?;
    rustix::process::test_kill_process(pid).is_ok().then_some(0)
}

/// Nothing is known of processes: they count as living, and `fsck --repair` seals.
#[cfg(not(unix))]
fn start_of(_pid: u32) -> Option<u64> {
    Some(0)
}

#[cfg(unix)]
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "where the host's name is on this system")]
fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Host;

    #[test]
    fn a_living_process_is_not_gone_and_another_with_its_number_is() {
        let host = Host::this();
        let mut owner = host.owner("git-xp", std::process::id());
        assert!(!host.is_gone(&owner));
        owner.host = "elsewhere".into();
        assert!(!host.is_gone(&owner));
        owner.host = host.name.clone();
        if cfg!(target_os = "linux") {
            owner.started += 1;
            assert!(host.is_gone(&owner));
        }
        owner.boot = "another".into();
        assert!(host.is_gone(&owner));
    }
}
