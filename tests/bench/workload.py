"""The workload of the other tools: that of `cargo bench --bench read`."""

import random


def experiments(count):
    """10 params and 20 metrics for each, the same ones every time."""
    rnd = random.Random(1)
    for _ in range(count):
        params = [rnd.choice([0.1, 0.3, 0.01]) for _ in range(4)]
        params += [rnd.randrange(100) for _ in range(4)]
        params += [rnd.choice(["adam", "sgd"]) for _ in range(2)]
        metrics = [round(rnd.random(), 4) for _ in range(20)]
        yield (
            {f"param_{i}": value for i, value in enumerate(params)},
            {f"metric_{i}": value for i, value in enumerate(metrics)},
        )
