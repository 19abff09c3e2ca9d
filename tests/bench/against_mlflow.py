"""What MLflow with SQLite needs to list N runs: `python tests/bench/against_mlflow.py [N]`, see README.md."""

import sys
import tempfile
import time

import mlflow
from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient

from measure import CALLS, measure, print_row
from workload import experiments

SEARCH = """
import mlflow
mlflow.set_tracking_uri({uri!r})
runs = mlflow.search_runs(search_all_experiments=True, max_results=1_000_000)
assert runs.shape[0] == {count} and "metrics.metric_19" in runs, runs.shape
"""


def make(uri, count):
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    parent = client.create_experiment("bench")
    for n, (params, metrics) in enumerate(experiments(count)):
        run = client.create_run(parent, run_name=f"e{n}").info.run_id
        client.log_batch(
            run,
            params=[Param(name, str(value)) for name, value in params.items()],
            metrics=[Metric(name, value, 1793491200000 + n, 100) for name, value in metrics.items()],
        )
        client.set_terminated(run)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        uri = f"sqlite:///{folder}/mlflow.db"
        begin = time.process_time()
        make(uri, count)
        logging = time.process_time() - begin
        print(f"MLflow {mlflow.__version__}, {count} runs x 10 params x 20 metrics")
        print(f"logged by the client in {logging:.1f} s CPU")
        print_row("import mlflow", measure([sys.executable, "-c", "import mlflow"], folder))
        search = [sys.executable, "-c", SEARCH.format(uri=uri, count=count)]
        print_row("mlflow.search_runs", measure(search, folder, calls=3 if count > 2000 else CALLS))


main()
