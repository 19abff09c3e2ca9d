"""What DVC needs to list N experiments: `python tests/bench/against_dvc.py [N]`, see README.md.

Making them by `dvc exp run` takes seconds for each one, so they are written by git fast-import as DVC keeps them:
refs/exps/<2 digits of the baseline>/<the other 38>/<name>.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import CALLS, measure, print_row
from workload import experiments

DVC = str(Path(sys.executable).with_name("dvc"))
SHOW = [DVC, "exp", "show", "--json"]


def output(path, *command):
    return subprocess.run(command, cwd=path, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def files(params, metrics):
    yield "params.yaml", "".join(f"{name}: {value}\n" for name, value in params.items())
    yield "metrics.json", json.dumps(metrics)


def make(path, count):
    output(path, "git", "init", "-q", "-b", "main")
    output(path, "git", "config", "user.name", "Ada")
    output(path, "git", "config", "user.email", "ada@example.org")
    output(path, DVC, "init", "-q")
    (path / "dvc.yaml").write_text("params:\n- params.yaml\nmetrics:\n- metrics.json\n")
    baseline, *others = experiments(count + 1)
    for name, text in files(*baseline):
        (path / name).write_text(text)
    output(path, "git", "add", "--all")
    output(path, "git", "commit", "-qm", "Start")
    base = output(path, "git", "rev-parse", "HEAD")
    stream = []
    for n, experiment in enumerate(others):
        message = f"dvc: commit experiment {n}"
        stream.append(f"commit refs/exps/{base[:2]}/{base[2:]}/e{n}\n")
        stream.append(f"committer Ada <ada@example.org> {1793491200 + n} +0000\n")
        stream.append(f"data {len(message)}\n{message}\nfrom {base}\n")
        stream += [f"M 100644 inline {name}\ndata {len(text)}\n{text}\n" for name, text in files(*experiment)]
        stream.append("\n")
    subprocess.run(["git", "fast-import", "--quiet"], cwd=path, check=True, input="".join(stream), text=True)
    output(path, "git", "gc", "--quiet")


def check(path, count):
    """What fails or finds nothing looks fast."""
    states = json.loads(output(path, *SHOW))
    rows = [row for state in states for group in state["experiments"] or [] for row in group["revs"]]
    metrics = rows[-1]["data"]["metrics"]["metrics.json"]["data"]
    assert len(rows) == count and len(metrics) == 20, f"{len(rows)} experiments, {len(metrics)} metrics"


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    os.environ["DVC_NO_ANALYTICS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        make(path, count)
        check(path, count)
        print(f"DVC {output(path, DVC, '--version')}, {count} experiments x 10 params x 20 metrics")
        print_row("dvc --version", measure([DVC, "--version"], path))
        # It keeps what it has read of each experiment.
        forget = lambda: shutil.rmtree(path / ".dvc/tmp/exps", ignore_errors=True)
        first = measure(SHOW, path, before=forget, calls=1 if count > 2000 else CALLS)
        print_row("dvc exp show --json, for the first time", first)
        print_row("dvc exp show --json, again", measure(SHOW, path))


main()
