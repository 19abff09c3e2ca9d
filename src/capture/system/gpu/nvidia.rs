//! NVIDIA's GPUs: one `nvidia-smi` that prints a line for each of them now and then. Starting it anew for each look would cost a hundred times as much.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Load;
use super::visible::Visible;
use crate::capture::environment::{GpuTool, Surroundings, nvidia_smi};

/// What it is asked.
const QUESTION: &str = "--query-gpu=index,uuid,utilization.gpu,memory.used,memory.total,power.draw";

/// How many GPUs are looked at at most.
const MAX_GPUS: usize = 256;

/// A line is not used for longer than this, or than three times the interval.
const FRESH: Duration = Duration::from_secs(10);

/// The tool while it runs, and what it said last of each GPU.
pub(super) struct Watch {
    /// Ends the tool when it is dropped.
    _tool: GpuTool,
    latest: Arc<Mutex<BTreeMap<u32, (Instant, Load)>>>,
    fresh: Duration,
}

impl Watch {
    /// Start the tool. Nothing ever waits for it.
    pub(super) fn start(surroundings: &Surroundings, every: Duration, visible: Visible) -> Option<Self> {
        let path = nvidia_smi(surroundings)?;
        let every_ms = format!("--loop-ms={}", every.as_millis());
        let latest: Arc<Mutex<BTreeMap<u32, (Instant, Load)>>> = Arc::default();
        let told = Arc::clone(&latest);
        let tool = GpuTool::start(&path, &[QUESTION, "--format=csv,noheader,nounits", &every_ms], move |line| {
            if let Some((index, uuid, load)) = parse(line) {
                let mut latest = told.lock().unwrap_or_else(PoisonError::into_inner);
                if visible.has(index, uuid) && (latest.len() < MAX_GPUS || latest.contains_key(&index)) {
                    latest.insert(index, (Instant::now(), load));
                }
            }
        })?;
        Some(Self { _tool: tool, latest, fresh: FRESH.max(every * 3) })
    }

    /// What it said last of each GPU, if that was not long ago.
    pub(super) fn latest(&self) -> Vec<(u32, Load)> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest
            .iter()
            .filter(|(_, (at, _))| at.elapsed() <= self.fresh)
            .map(|(index, (_, load))| (*index, *load))
            .collect()
    }
}

/// Read a line: number, UUID, percent, MiB, MiB, watts, `[N/A]` for what a GPU does not tell.
pub fn parse(line: &str) -> Option<(u32, &str, Load)> {
    let mut cells = line.split(',').map(str::trim);
    let (index, uuid) = (cells.next()?.parse().ok()?, cells.next()?);
    let mut number = || cells.next()?.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    let busy = number().map(|share| share.min(100.0));
    let mut bytes = || number().map(|mib| (mib * f64::from(1 << 20)) as u64);
    let (used, memory) = (bytes(), bytes());
    Some((index, uuid, Load { busy, used, memory, power: number() }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Load, parse};

    #[test]
    fn a_line_is_read() {
        let load = Load { busy: Some(87.0), used: Some(3 << 20), memory: Some(10 << 20), power: Some(250.5) };
        assert_eq!(parse("0, GPU-5e1c, 87, 3, 10, 250.50\n"), Some((0, "GPU-5e1c", load)));
        let part = Load { used: Some(1 << 20), ..Load::default() };
        assert_eq!(parse("3, GPU-1, [N/A], 1, [Unknown Error]"), Some((3, "GPU-1", part)));
        assert_eq!(parse("No devices were found"), None);
    }

    proptest! {
        #[test]
        fn any_line_is_read(line in any::<String>(), near in "[0-9]{1,3}, GPU-1(, [-0-9.enaif]{0,9}){0,5}") {
            for line in [&line, &near] {
                if let Some((_, _, load)) = parse(line) {
                    assert!(load.busy.is_none_or(|share| (0.0..=100.0).contains(&share)));
                }
            }
        }
    }
}
