//! The environment variables that change results. Never the whole environment: it holds secrets.

use std::collections::BTreeMap;

use super::surroundings::Surroundings;

/// Variables that change results, recorded if they are set. `*` at the end stands for any ending.
pub const VARIABLES: [&str; 43] = [
    // Which devices, and which of their algorithms.
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_DEVICE_ORDER",
    "CUDA_LAUNCH_BLOCKING",
    "CUDA_MODULE_LOADING",
    "CUDA_VISIBLE_DEVICES",
    "CUDNN_*",
    "GPU_DEVICE_ORDINAL",
    "HIP_VISIBLE_DEVICES",
    "HSA_OVERRIDE_GFX_VERSION",
    "MIOPEN_*",
    "NCCL_*",
    "NVIDIA_TF32_OVERRIDE",
    "RCCL_*",
    "ROCR_VISIBLE_DEVICES",
    // Threads and the instructions that are chosen: the order of sums.
    "BLIS_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "KMP_*",
    "MKL_*",
    "NUMBA_*",
    "NUMEXPR_*",
    "OMP_*",
    "OPENBLAS_*",
    "RAYON_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    // Libraries' own switches.
    "ACCELERATE_MIXED_PRECISION",
    "JAX_*",
    "JULIA_NUM_THREADS",
    "PYTORCH_*",
    "TF_CUDNN_*",
    "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_*",
    "TF_FORCE_GPU_ALLOW_GROWTH",
    "TF_XLA_FLAGS",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "TORCH_CUDNN_*",
    "TORCHINDUCTOR_*",
    "XLA_*",
    // Python itself, and where it finds code.
    "PYTHONHASHSEED",
    "PYTHONNOUSERSITE",
    "PYTHONOPTIMIZE",
    "PYTHONPATH",
    // Which environment is active.
    "CONDA_DEFAULT_ENV",
    "VIRTUAL_ENV",
];

/// The listed variables that are set, with the ones that `.xp.toml` adds.
pub fn variables(surroundings: &Surroundings, added: &[String]) -> BTreeMap<String, String> {
    let patterns: Vec<&str> = VARIABLES.into_iter().chain(added.iter().map(String::as_str)).collect();
    let set = surroundings.variables.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
    set.filter(|(name, _)| patterns.iter().any(|pattern| is_match(pattern, name)))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn is_match(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        // An empty beginning would take everything.
        Some(begin) => !begin.is_empty() && name.starts_with(begin),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::{Surroundings, VARIABLES, variables};

    #[test]
    fn listed_ones_and_added_ones_are_taken_and_no_others() {
        let set = ["NCCL_DEBUG", "OMP_NUM_THREADS", "MY_FLAG", "MY_OTHER", "AWS_SECRET_ACCESS_KEY", "HOME"];
        let surroundings = Surroundings {
            variables: set.iter().map(|name| ((*name).into(), "1".into())).collect(),
            ..Surroundings::default()
        };
        let names = |added: &[&str]| -> Vec<String> {
            let added: Vec<String> = added.iter().map(|name| (*name).to_owned()).collect();
            variables(&surroundings, &added).into_keys().collect()
        };
        assert_eq!(names(&[]), ["NCCL_DEBUG", "OMP_NUM_THREADS"]);
        assert_eq!(names(&["MY_FLAG"]), ["MY_FLAG", "NCCL_DEBUG", "OMP_NUM_THREADS"]);
        assert_eq!(names(&["MY_*"]), ["MY_FLAG", "MY_OTHER", "NCCL_DEBUG", "OMP_NUM_THREADS"]);
        assert_eq!(names(&["*"]), ["NCCL_DEBUG", "OMP_NUM_THREADS"]);
    }

    #[test]
    fn no_pattern_of_the_list_is_wide() {
        for pattern in VARIABLES {
            assert!(
                pattern.trim_end_matches('*').len() >= 2 && !pattern.trim_end_matches('*').contains('*'),
                "{pattern}"
            );
        }
    }
}
