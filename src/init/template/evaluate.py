"""How good a classifier is. Apart from the training, so that a change here is seen: .xp.toml names it."""

import math


def probabilities(weights, x):
    scores = [sum(w * v for w, v in zip(row, x)) for row in weights]
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    return [power / sum(powers) for power in powers]


def measure(weights, xs, ys):
    """Accuracy, and cross-entropy in nats."""
    right, loss = 0, 0.0
    for x, y in zip(xs, ys):
        p = probabilities(weights, x)
        right += p.index(max(p)) == y
        loss -= math.log(max(p[y], 1e-12))
    return right / len(xs), loss / len(xs)
