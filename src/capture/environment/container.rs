//! The container that everything runs in, and its image as far as it can be told from inside.

use std::path::Path;

use super::surroundings::Surroundings;
use crate::artifact::digest;
use crate::capture::file;
use crate::model::text::printable;

/// Variables that name the image: set by Apptainer, by CI systems, or by whoever makes the image. The first one that is set counts.
const IMAGE_VARIABLES: [&str; 8] = [
    "CONTAINER_IMAGE_DIGEST",
    "IMAGE_DIGEST",
    "CONTAINER_IMAGE",
    "DOCKER_IMAGE",
    "CI_JOB_IMAGE",
    "APPTAINER_CONTAINER",
    "SINGULARITY_CONTAINER",
    "SLURM_CONTAINER_IMAGE",
];

/// The largest file of `/proc` that is read, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// What `env.toml` says of the container; empty outside of one. `root` is `/`.
pub(super) fn describe(root: &Path, surroundings: &Surroundings) -> toml::Table {
    let mut table = toml::Table::new();
    let marks = file::text(&root.join("run/.containerenv"), LIMIT);
    let Some(runtime) = runtime(root, marks.is_some(), surroundings) else { return table };
    table.insert("runtime".to_owned(), runtime.into());
    let mark = |key: &str| marks.as_deref().and_then(|text| quoted(text, key));
    let named = IMAGE_VARIABLES.into_iter().find_map(|name| surroundings.text(name));
    let named = named.map(|text| if text.starts_with('/') { surroundings.shown(Path::new(text)) } else { short(text) });
    let layers = file::text(&root.join("proc/self/mountinfo"), LIMIT).and_then(|text| layers(&text));
    for (key, value) in [("image", named.or_else(|| mark("image"))), ("image_id", mark("imageid")), ("layers", layers)]
    {
        table.extend(value.map(|value| (key.to_owned(), value.into())));
    }
    table
}

/// What runs the container; `None` outside of one.
fn runtime(root: &Path, is_podman: bool, surroundings: &Surroundings) -> Option<String> {
    let cgroup = || file::text(&root.join("proc/self/cgroup"), LIMIT).and_then(|text| runtime_of_cgroup(&text));
    let by_variable =
        ["APPTAINER_CONTAINER", "SINGULARITY_CONTAINER"].iter().any(|name| surroundings.variable(name).is_some());
    if by_variable {
        Some("apptainer".to_owned())
    } else if surroundings.variable("KUBERNETES_SERVICE_HOST").is_some() {
        Some("kubernetes".to_owned())
    } else if is_podman {
        Some("podman".to_owned())
    } else if root.join(".dockerenv").exists() {
        Some("docker".to_owned())
    } else {
        // systemd's convention: https://systemd.io/CONTAINER_INTERFACE
        surroundings.text("container").map(short).or_else(|| cgroup().map(str::to_owned))
    }
}

/// The runtime that the names of control groups tell.
fn runtime_of_cgroup(text: &str) -> Option<&'static str> {
    let names = [("kubepods", "kubernetes"), ("libpod", "podman"), ("docker", "docker"), ("lxc", "lxc")];
    let groups: Vec<&str> = text.lines().filter_map(|line| line.splitn(3, ':').nth(2)).collect();
    let is_in = |name: &str| groups.iter().any(|group| group.split(['/', '-', '.', ':']).any(|part| part == name));
    names.into_iter().find(|(name, _)| is_in(name)).map(|(_, runtime)| runtime)
}

/// The value of `key="value"` in `.containerenv`.
fn quoted(text: &str, key: &str) -> Option<String> {
    let value =
        text.lines().find_map(|line| line.split_once('=').filter(|(name, _)| *name == key))?.1.trim_matches('"');
    Some(short(value)).filter(|value| !value.is_empty())
}

/// A digest over the folders of the read-only layers below `/`: the same for every container of one image on one host, another for another image.
/// `None` if the root is no overlay.
pub fn layers(mountinfo: &str) -> Option<String> {
    let root = mountinfo.lines().rfind(|line| line.split(' ').nth(4) == Some("/"))?;
    let (_, file_system) = root.split_once(" - ")?;
    let mut words = file_system.split(' ').filter(|word| !word.is_empty());
    if words.next() != Some("overlay") {
        return None;
    }
    let options = words.nth(1)?;
    let lower = options.split(',').find_map(|option| option.strip_prefix("lowerdir="))?;
    let mut layers: Vec<&str> = lower.split(':').filter(|layer| !layer.is_empty()).collect();
    // Docker's topmost one belongs to the container alone.
    if layers.first().is_some_and(|layer| layer.contains("/overlay2/")) {
        layers.remove(0);
    }
    (!layers.is_empty()).then(|| digest(layers.join("\n").as_bytes()))
}

fn short(text: &str) -> String {
    printable(&text.chars().take(500).collect::<String>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Surroundings, describe, layers, quoted, runtime_of_cgroup};

    #[test]
    fn docker_and_podman_and_apptainer_are_told_apart() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("written");
        };
        let mut here = Surroundings::default();
        write("proc/self/cgroup", "0::/user.slice/dockerish\n");
        assert_eq!(describe(dir.path(), &here).to_string(), "");
        write("proc/self/cgroup", "0::/\n");
        here.variables.insert("CONTAINER_IMAGE".into(), "registry.example/x@sha256:12".into());
        assert_eq!(describe(dir.path(), &here).to_string(), "");
        write(".dockerenv", "");
        let text = "runtime = \"docker\"\nimage = \"registry.example/x@sha256:12\"\n";
        assert_eq!(describe(dir.path(), &here).to_string(), text);
        here.variables.clear();
        write(
            "run/.containerenv",
            "engine=\"podman-5\"\nid=\"1\"\nimage=\"docker.io/library/debian:12\"\nimageid=\"ab\"\n",
        );
        let text = "runtime = \"podman\"\nimage = \"docker.io/library/debian:12\"\nimage_id = \"ab\"\n";
        assert_eq!(describe(dir.path(), &here).to_string(), text);
        here.variables.insert("APPTAINER_CONTAINER".into(), "/images/a.sif".into());
        assert!(
            describe(dir.path(), &here).to_string().starts_with("runtime = \"apptainer\"\nimage = \"/images/a.sif\"\n")
        );
    }

    #[test]
    fn control_groups_tell_the_runtime() {
        assert_eq!(runtime_of_cgroup("12:pids:/docker/0123\n"), Some("docker"));
        assert_eq!(runtime_of_cgroup("0::/kubepods/burstable/pod1/2\n"), Some("kubernetes"));
        assert_eq!(runtime_of_cgroup("0::/machine.slice/libpod-12.scope\n"), Some("podman"));
        assert_eq!(runtime_of_cgroup("0::/user.slice/dockerish\n0::/\n"), None);
        assert_eq!(runtime_of_cgroup("0::/init.scope\n"), None);
    }

    #[test]
    fn layers_are_those_of_the_image() {
        let line = |top: &str, rest: &str| {
            format!(
                "22 1 0:1 / /proc rw - proc proc rw\n1 0 0:2 / / rw,relatime - overlay overlay rw,lowerdir={top}:{rest},upperdir=/u,workdir=/w\n"
            )
        };
        let docker = |top: &str| layers(&line(&format!("/d/overlay2/l/{top}"), "/d/overlay2/l/B:/d/overlay2/l/C"));
        assert!(docker("A").is_some_and(|digest| digest.starts_with("sha256:")));
        assert_eq!(docker("A"), docker("X"));
        assert_ne!(docker("A"), layers(&line("/d/overlay2/l/A", "/d/overlay2/l/B")));
        assert_ne!(layers(&line("/s/1/fs", "/s/2/fs")), layers(&line("/s/3/fs", "/s/2/fs")));
        assert_eq!(layers("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>(), options in "(/| |overlay|-|lowerdir=|:|,|a){0,24}") {
            let _ = (layers(&text), runtime_of_cgroup(&text), quoted(&text, "image"));
            let _ = layers(&format!("1 0 0:2 / / rw - overlay {options}"));
            let _ = layers(&format!("1 0 0:2 / / rw - overlay overlay {options}"));
        }
    }
}
