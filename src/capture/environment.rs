//! `env.toml`: the environment of a run, readable; the same text for the same environment.

use std::collections::BTreeMap;

/// Variables that change results, recorded if they are set. Never the whole environment: it holds secrets.
pub const VARIABLES: [&str; 14] = [
    "CONDA_DEFAULT_ENV",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "JAX_ENABLE_X64",
    "MKL_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PYTHONHASHSEED",
    "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_ONEDNN_OPTS",
    "VIRTUAL_ENV",
    "XLA_FLAGS",
];

/// The listed variables that are set, with the ones that `.xp.toml` adds.
#[expect(clippy::disallowed_methods, reason = "reading the listed variables is what this is for")]
pub fn variables(added: &[String]) -> BTreeMap<String, String> {
    let names = VARIABLES.into_iter().chain(added.iter().map(String::as_str));
    names.filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))).collect()
}

/// The text of `env.toml`.
pub fn describe(variables: &BTreeMap<String, String>, locks: &BTreeMap<String, String>) -> String {
    let mut system = toml::Table::new();
    system.insert("os".to_owned(), std::env::consts::OS.into());
    system.insert("arch".to_owned(), std::env::consts::ARCH.into());
    #[cfg(unix)]
    {
        let uname = rustix::system::uname();
        system.insert("kernel".to_owned(), uname.release().to_string_lossy().into_owned().into());
    }
    if let Ok(cores) = std::thread::available_parallelism() {
        system.insert("cores".to_owned(), (cores.get() as i64).into());
    }
    let table = |map: &BTreeMap<String, String>| {
        toml::Value::Table(map.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect())
    };
    let mut whole = toml::Table::new();
    whole.insert("system".to_owned(), system.into());
    whole.insert("locks".to_owned(), table(locks));
    whole.insert("variables".to_owned(), table(variables));
    whole.to_string()
}
