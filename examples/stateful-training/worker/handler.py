"""Trains for some steps, from the last checkpoint in a directory that outlives the job."""

import json
import os
import pathlib
import time

import runpod

from model import Training

WORKER = os.environ.get("RUNPOD_POD_ID", "unknown")
#: Checkpoints that are kept: the last one, and one more should it turn out to be bad.
KEPT = 2


def checkpoints(directory):
    return sorted(directory.glob("checkpoint-*.json"))


def read_last(directory):
    """The training as the last checkpoint has it, with its history; a new one where there is none."""
    found = checkpoints(directory)
    if not found:
        return Training(), []
    saved = json.loads(found[-1].read_text())
    return Training.load(saved["training"]), saved["history"]


def write(directory, training, history):
    """Writes aside, then renames: a worker that dies here leaves the last checkpoint as it was."""
    path = directory / f"checkpoint-{training.step:06}.json"
    aside = path.with_suffix(".part")
    with aside.open("w") as file:
        json.dump({"training": training.save(), "history": history}, file)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
    for old in checkpoints(directory)[:-KEPT]:
        old.unlink()


def handler(job):
    wanted = job["input"]
    directory = pathlib.Path(wanted["directory"])  # what the gateway made of bulkway:session
    directory.mkdir(parents=True, exist_ok=True)
    training, history = read_last(directory)
    began = training.step
    until = began + wanted["steps"]
    while training.step < until:
        loss = training.run_step()
        print(f"{WORKER} step {training.step} loss {loss:.4f}", flush=True)
        history.append([training.step, round(loss, 4), round(time.time(), 3), WORKER])
        if training.step % wanted["every"] == 0 or training.step == until:
            write(directory, training, history)
    return {
        "worker": WORKER,
        "from": began,
        "to": training.step,
        "weights": training.digest(),
        "history": history,
    }


runpod.serverless.start({"handler": handler})
