"""Train a classifier of irises and measure it. Needs no package; replace it by your own."""

import argparse
import csv
import json
import os
import random
from pathlib import Path

from evaluate import measure, probabilities

DATA = Path(__file__).resolve().parents[2] / "data" / "processed"


def log(**metrics_and_step):
    """Append metrics to the journal of the run; does nothing outside of `git xp run`."""
    journal = os.environ.get("GIT_XP_JOURNAL")
    if journal is None:
        return
    step = metrics_and_step.pop("step", None)
    with open(journal, "a") as file:
        for name, value in metrics_and_step.items():
            line = {"metric": name, "value": value}
            if step is not None:
                line["step"] = step
            file.write(json.dumps(line) + "\n")


def read(name):
    with open(DATA / f"{name}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    species = ["setosa", "versicolor", "virginica"]
    label = "species"
    x = [[1.0] + [float(row[key]) for key in row if key != label] for row in rows]
    return x, [species.index(row[label]) for row in rows]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", default="config/train.json")
    parser.add_argument("--out", default="models/last")
    args = parser.parse_args()
    config = json.loads(Path(args.config).read_text())
    chance = random.Random(config["seed"])

    train_x, train_y = read("train")
    val_x, val_y = read("val")
    weights = [[chance.gauss(0, 0.1) for _ in train_x[0]] for _ in range(3)]
    order = list(range(len(train_x)))
    for epoch in range(1, config["epochs"] + 1):
        chance.shuffle(order)
        for i in order:
            p = probabilities(weights, train_x[i])
            for k, row in enumerate(weights):
                error = p[k] - (k == train_y[i])
                for j, v in enumerate(train_x[i]):
                    row[j] -= config["lr"] * (error * v + config["l2"] * row[j])
        val_acc, val_loss = measure(weights, val_x, val_y)
        log(val_acc=val_acc, val_loss=val_loss, step=epoch)
    print(f"val_acc {val_acc:.3f}, val_loss {val_loss:.3f}")

    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "model.json").write_text(json.dumps(weights))


if __name__ == "__main__":
    main()
