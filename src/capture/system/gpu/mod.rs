//! GPUs: NVIDIA's as a long-lived `nvidia-smi` tells, AMD's as their driver does in `/sys`.

mod amd;
pub(super) mod nvidia;
pub(super) mod visible;

use std::path::Path;
use std::time::Duration;

use super::names;
use super::sampling::Values;
use crate::capture::environment::Surroundings;
use nvidia::Watch;
use visible::Visible;

/// What a GPU is busy with.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Load {
    /// How much of the time it had something to do, 0 to 100.
    pub busy: Option<f64>,
    /// Memory in use, in bytes.
    pub used: Option<u64>,
    /// All memory, in bytes.
    pub memory: Option<u64>,
    /// Power in watts.
    pub power: Option<f64>,
}

/// The GPUs that a command can see.
pub(super) struct Gpus {
    nvidia: Option<Watch>,
    amd: Vec<(u32, amd::Card)>,
}

impl Gpus {
    /// Find them; start `nvidia-smi` if it is there, and if any of its GPUs is to be seen.
    pub(super) fn new(root: &Path, surroundings: &Surroundings, every: Duration) -> Self {
        let of = |names: &[&str]| Visible::of(names, surroundings);
        let cuda = of(&["CUDA_VISIBLE_DEVICES"]);
        let nvidia = if cuda == Visible::None { None } else { Watch::start(surroundings, every, cuda) };
        // CUDA's variable counts for AMD's devices too.
        let hip = of(&["ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"]);
        let amd = if nvidia.is_some() { Vec::new() } else { amd::cards(root) };
        let amd = (0..).zip(amd).filter(|(index, _)| hip.has(*index, "")).collect();
        Self { nvidia, amd }
    }

    /// Look at them.
    pub(super) fn look(&self, values: &mut Values) {
        let nvidia = self.nvidia.iter().flat_map(Watch::latest);
        let amd = self.amd.iter().map(|(index, card)| (*index, card.load()));
        for (index, load) in nvidia.chain(amd) {
            let name = |what: &str| names::of_gpu(index, what);
            values.add_some(&name("utilization_percentage"), load.busy);
            if let Some(used) = load.used {
                values.add_megabytes(&name("memory_usage_megabytes"), used);
                if let Some(memory) = load.memory {
                    values.add_share(&name("memory_usage_percentage"), used, memory);
                }
            }
            values.add_some(&name("power_usage_watts"), load.power);
        }
    }
}
