#!/usr/bin/env bash
# Fails if a dependency, development and other platforms included, needs a newer Rust than Cargo.toml promises.
# That our own code keeps the promise is clippy's part: its lint incompatible_msrv reads the same line of Cargo.toml.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo metadata --format-version 1 --all-features | "${GIT_XP_TEST_PYTHON:-python3}" -c '
import json
import sys


def version(text):
    return tuple(int(part) for part in (text + ".0.0").split("-")[0].split(".")[:3])


metadata = json.load(sys.stdin)
used = {node["id"] for node in metadata["resolve"]["nodes"]}
packages = [package for package in metadata["packages"] if package["id"] in used]
(ours,) = [package for package in packages if package["id"] == metadata["resolve"]["root"]]
promised = ours["rust_version"]
if promised is None:
    sys.exit("tests/msrv.sh: Cargo.toml has no rust-version")
newer = [package for package in packages if version(package["rust_version"] or "0") > version(promised)]
for package in newer:
    name, needs = package["name"] + " " + package["version"], package["rust_version"]
    print(f"tests/msrv.sh: {name} needs Rust {needs}, Cargo.toml says {promised}", file=sys.stderr)
if newer:
    sys.exit("tests/msrv.sh: raise rust-version, or take an older release: cargo update NAME --precise VERSION")
known = [version(package["rust_version"]) for package in packages if package["rust_version"]]
highest = ".".join(map(str, max(known)))
print(f"{len(packages)} packages, {len(known)} name the Rust they need, at most {highest}; promised is {promised}")
'
