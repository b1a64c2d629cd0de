"""A small neural network that learns to tell two spirals apart, in plain Python.

It stands for a real training: what it is after a step depends on every step before, so a training
that is taken up again must end with the very same weights as one that was never interrupted.
"""

import hashlib
import json
import math
import random

WIDTH = 20
BATCH = 48
RATE = 0.001


def points(count, chance):
    """Points of two spirals, and which of them each belongs to."""
    found = []
    for at in range(count):
        label = at % 2
        turn = chance.random() ** 0.5 * 2.4
        angle = turn * math.pi + label * math.pi
        noise = chance.gauss(0, 0.03), chance.gauss(0, 0.03)
        x = turn / 2.4 * math.cos(angle) + noise[0]
        y = turn / 2.4 * math.sin(angle) + noise[1]
        found.append(((x, y), label))
    return found


class Training:
    """Weights, momenta and chance: all that the next step depends on."""

    def __init__(self, seed=7):
        chance = random.Random(seed)
        sizes = [2, WIDTH, WIDTH, 1]
        self.step = 0
        self.layers = [
            [[chance.gauss(0, 1 / math.sqrt(given)) for _ in range(given + 1)] for _ in range(made)]
            for given, made in zip(sizes, sizes[1:])
        ]
        self.slow = [[[0.0] * len(row) for row in layer] for layer in self.layers]
        self.square = [[[0.0] * len(row) for row in layer] for layer in self.layers]
        self.chance = chance
        self.points = points(400, random.Random(1))

    def run_step(self):
        """Learns from one batch; returns its loss."""
        gradients = [[[0.0] * len(row) for row in layer] for layer in self.layers]
        loss = 0.0
        for values, label in self.chance.sample(self.points, BATCH):
            loss += self._learn(values, label, gradients)
        self.step += 1
        self._move(gradients)
        return loss / BATCH

    def _learn(self, values, label, gradients):
        kept = [list(values)]
        for depth, layer in enumerate(self.layers):
            given = kept[-1]
            sums = [row[-1] + sum(w * v for w, v in zip(row, given)) for row in layer]
            last = depth == len(self.layers) - 1
            kept.append(sums if last else [math.tanh(one) for one in sums])
        guess = 1 / (1 + math.exp(-max(-30.0, min(30.0, kept[-1][0]))))
        errors = [guess - label]
        for depth in range(len(self.layers) - 1, -1, -1):
            layer, given = self.layers[depth], kept[depth]
            for row, error in zip(gradients[depth], errors):
                for at, value in enumerate(given):
                    row[at] += error * value
                row[-1] += error
            if depth > 0:
                errors = [
                    (1 - given[at] ** 2) * sum(e * row[at] for row, e in zip(layer, errors))
                    for at in range(len(given))
                ]
        return -math.log(max(1e-9, guess if label else 1 - guess))

    def _move(self, gradients):
        for layer, slow, square, gradient in zip(self.layers, self.slow, self.square, gradients):
            for row, m, v, g in zip(layer, slow, square, gradient):
                for at, one in enumerate(g):
                    one /= BATCH
                    m[at] = 0.9 * m[at] + 0.1 * one
                    v[at] = 0.99 * v[at] + 0.01 * one * one
                    quick = m[at] / (1 - 0.9**self.step)
                    row[at] -= RATE * quick / (math.sqrt(v[at] / (1 - 0.99**self.step)) + 1e-8)

    def save(self):
        """Everything, as JSON that can be read back to the last bit."""
        state, internal, gauss = self.chance.getstate()
        return {
            "step": self.step,
            "layers": self.layers,
            "slow": self.slow,
            "square": self.square,
            "chance": [state, list(internal), gauss],
        }

    @classmethod
    def load(cls, saved):
        training = cls()
        training.step = saved["step"]
        training.layers = saved["layers"]
        training.slow = saved["slow"]
        training.square = saved["square"]
        state, internal, gauss = saved["chance"]
        training.chance.setstate((state, tuple(internal), gauss))
        return training

    def digest(self):
        """SHA-256 of the weights."""
        return hashlib.sha256(json.dumps(self.layers).encode()).hexdigest()


if __name__ == "__main__":
    import sys

    alone = Training()
    for _ in range(int(sys.argv[1])):
        alone.run_step()
    print(alone.digest())
