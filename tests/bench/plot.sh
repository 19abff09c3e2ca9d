#!/usr/bin/env bash
# Draws docs/img/growth.svg and docs/img/index.svg by git xp itself, from what `cargo bench --bench read` has measured.
#
# Each row becomes an experiment, each call a run with a seed of its own, the number of experiments the step.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=${CARGO_TARGET_DIR:-target}
table=$(realpath "$target/bench/read.tsv")
xp=$(realpath "$target/release/git-xp")
images=$(realpath docs)/img
mkdir -p "$images"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
git init --quiet --initial-branch=main "$scratch/repo"
cd "$scratch/repo"
git commit --quiet --allow-empty -m Start

# An experiment NAME with the points of ROW, in seconds.
record() {
    local name=$1 row=$2 call
    "$xp" --quiet start "$name" --base main
    for call in 0 1 2 3 4; do
        awk -F'\t' -v row="$row" -v call="$call" '$2 == row && $3 == call { print $1, $4 / 1000 }' "$table" >../points
        # shellcheck disable=SC2016
        "$xp" --quiet run --again --seed "$call" -- \
            bash -c 'while read -r step value; do "$0" log-metric "CPU seconds" "$value" --step "$step"; done <../points' "$xp"
    done
}

record floor floor
record no-index 'compare, no index'
record index-built 'compare, index built on the way'
record index-fresh 'compare, index fresh'

"$xp" plot 'CPU seconds' floor no-index index-built index-fresh --log-x --log-y --svg "$images/growth.svg"
"$xp" plot 'CPU seconds' floor no-index index-fresh --svg "$images/index.svg"
