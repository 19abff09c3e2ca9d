//! The kernel's texts in `/proc`. Pure.

/// What `/proc/PID/stat` says of a process. Times are in clock ticks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stat {
    /// Its parent.
    pub parent: u32,
    /// CPU time, user and system, all threads.
    pub cpu: u64,
    /// CPU time of the descendants that it has waited for.
    pub waited_for: u64,
    /// When it started, since the boot: with the number it names the process.
    pub started: u64,
    /// Resident memory in pages.
    pub resident: u64,
}

impl Stat {
    /// Read the line. A process can choose its name, with brackets, spaces and newlines in it: the last bracket ends it.
    pub fn parse(text: &str) -> Option<Self> {
        let behind = &text[text.rfind(')')? + 1..];
        // From the third field on, as proc(5) counts them.
        let fields: Vec<&str> = behind.split_ascii_whitespace().take(22).collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        // The waited-for times are signed in the kernel's text.
        Some(Self {
            parent: u32::try_from(number(4)?).ok()?,
            cpu: number(14)?.saturating_add(number(15)?),
            waited_for: number(16).unwrap_or(0).saturating_add(number(17).unwrap_or(0)),
            started: number(22)?,
            resident: number(24).unwrap_or(0),
        })
    }
}

/// What `/proc/PID/io` says: bytes that really came from disks or went there, those of waited-for descendants included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Io {
    /// Bytes read.
    pub read: u64,
    /// Bytes written.
    pub written: u64,
}

impl Io {
    /// Read the file.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self { read: value(text, "read_bytes:")?, written: value(text, "write_bytes:")? })
    }
}

/// What the first line of `/proc/stat` says: clock ticks of all cores since the boot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cpu {
    /// Ticks in which a core had something to do.
    pub busy: u64,
    /// All ticks.
    pub total: u64,
}

impl Cpu {
    /// Read the file.
    pub fn parse(text: &str) -> Option<Self> {
        let line = text.lines().next()?.strip_prefix("cpu ")?;
        // User, nice, system, idle, waiting for a disk, interrupts, soft interrupts, stolen; guests are counted in the first two already.
        let ticks: Vec<u64> = line.split_ascii_whitespace().take(8).map_while(|word| word.parse().ok()).collect();
        let idle = ticks.get(3)?.saturating_add(ticks.get(4).copied().unwrap_or(0));
        let total = ticks.iter().fold(0, |sum: u64, ticks| sum.saturating_add(*ticks));
        Some(Self { busy: total.saturating_sub(idle), total })
    }

    /// The busy share since an earlier look, 0 to 100; `None` if no tick went by.
    pub fn since(&self, before: &Self) -> Option<f64> {
        let total = self.total.checked_sub(before.total).filter(|ticks| *ticks > 0)?;
        Some(self.busy.saturating_sub(before.busy).min(total) as f64 * 100.0 / total as f64)
    }
}

/// What `/proc/meminfo` says, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// All of it.
    pub total: u64,
    /// In use: what programs could not have if they asked for it.
    pub used: u64,
}

impl Memory {
    /// Read the file.
    pub fn parse(text: &str) -> Option<Self> {
        let total = value(text, "MemTotal:")?.saturating_mul(1024);
        let available = value(text, "MemAvailable:")?.saturating_mul(1024);
        Some(Self { total, used: total.saturating_sub(available) })
    }
}

/// The number behind a name, in a text of lines `name number …`.
pub fn value(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Cpu, Io, Memory, Stat};

    const STAT: &str = "42 (a) (b R 1) S 7 42 42 0 -1 4194560 1 2 3 4 100 20 30 4 20 0 1 0 5555 8888888 250 18446744073709551615 1 1 0 0";

    #[test]
    fn a_process_is_read_whatever_its_name_is() {
        let stat = Stat::parse(STAT).expect("read");
        assert_eq!(stat, Stat { parent: 7, cpu: 120, waited_for: 34, started: 5555, resident: 250 });
        assert_eq!(Stat::parse("42 (a\nb) S 7"), None);
        assert_eq!(Stat::parse("42 a S 7"), None);
    }

    #[test]
    fn this_process_is_read() {
        if let Ok(text) = std::fs::read_to_string("/proc/self/stat") {
            let stat = Stat::parse(&text).expect("read");
            assert!(stat.parent > 0 && stat.started > 0 && stat.resident > 0, "{stat:?}");
            let io = std::fs::read_to_string("/proc/self/io").ok();
            assert!(io.is_none_or(|text| Io::parse(&text).is_some()));
        }
    }

    #[test]
    fn the_machine_is_read() {
        let before = Cpu::parse("cpu  10 0 10 70 10 0 0 0 0 0\ncpu0 1 1 1 1\n").expect("read");
        assert_eq!(before, Cpu { busy: 20, total: 100 });
        let now = Cpu::parse("cpu  40 0 30 110 20 0 0 0 9 9\n").expect("read");
        assert_eq!(now.since(&before), Some(50.0));
        assert_eq!((before.since(&before), before.since(&now)), (None, None));
        let memory = Memory::parse("MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable:   250 kB\n").expect("read");
        assert_eq!(memory, Memory { total: 1_024_000, used: 768_000 });
        assert_eq!(Io::parse("rchar: 9\nread_bytes: 4096\nwrite_bytes: 0\n"), Some(Io { read: 4096, written: 0 }));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>(), fields in r"\)( [-0-9a-z]{0,21}){0,30}", lines in r"((cpu|MemTotal:|MemAvailable:|read_bytes:|write_bytes:) [0-9 ]{0,60}\n){0,6}") {
            for text in [&text, &fields, &lines] {
                let _ = (Stat::parse(text), Io::parse(text), Memory::parse(text));
                if let Some(cpu) = Cpu::parse(text) {
                    assert!(cpu.busy <= cpu.total);
                    assert!(cpu.since(&Cpu::default()).is_none_or(|share| (0.0..=100.0).contains(&share)));
                }
            }
        }
    }
}
