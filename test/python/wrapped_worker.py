"""A worker whose handler knows nothing of files, and one line that lets it take and give them.

HANDLER says which sort of handler it is: plain, later, chunks or chunks_later. INPUTS, if set, says
as JSON what the handler is given.
"""

import base64
import hashlib
import json
import os
import pathlib
import sys
import tempfile
import threading

import bulkway_worker
import runpod


def answer(job):
    value = job["input"]
    task = value["task"]
    if task == "echo":
        return {"seen": seen(value["file"]), "file": value["file"], "note": value.get("note")}
    if task == "reverse":
        content = base64.b64decode(value["file"], validate=True)
        return {"image": base64.b64encode(content[::-1]).decode()}
    if task == "forms":
        path = pathlib.Path(tempfile.gettempdir()) / "clip.webm"
        path.write_bytes(os.urandom(200_000))
        return {
            "uri": "data:image/png;base64," + base64.b64encode(bytes(150_000)).decode(),
            "text": 'Größe "😀"\n' * 20_000,
            "bytes": bytes(range(256)) * 1000,
            "path": path,
            "parts": (bytes([n]) * 100_000 for n in range(3)),
            "json": bulkway_worker.Output({"n": [1, 2.5, None]}, form="json"),
            "listed": [{"deep": ["x" * 100_000]}],
        }
    if task == "vectors":
        return {"vectors": [[n / 3 for n in range(1000)] for _ in range(value["count"])]}
    if task == "path":
        return {"name": os.path.basename(value["file"]), "seen": seen(pathlib.Path(value["file"]))}
    if task == "forge":
        return {"file": value["reference"]}
    if task == "lose":
        return {"file": pathlib.Path("/nowhere/at/all")}
    if task == "fail":
        raise RuntimeError(f"no luck with {value['file']}")
    raise ValueError(f"unknown task {task}")


def seen(value):
    if isinstance(value, pathlib.Path):
        value = value.read_bytes()
    content = value.encode() if isinstance(value, str) else value
    return {"length": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def plain(job):
    return answer(job)


async def later(job):
    return answer(job)


def chunks(job):
    yield "first"
    if job["input"]["task"] == "many":
        for number in range(job["input"]["count"]):
            yield {"n": number, "part": "p" * 60_000}
    else:
        yield answer(job)


async def chunks_later(job):
    for chunk in chunks(job):
        yield chunk


def end_with_the_test():
    """Ends this process and its heartbeats when the one that started it is gone, however it went."""
    sys.stdin.buffer.read()
    os.killpg(0, 9)


threading.Thread(target=end_with_the_test, daemon=True).start()
handler = globals()[os.environ["HANDLER"]]
inputs = json.loads(os.environ.get("INPUTS", "{}"))
runpod.serverless.start(
    {
        "handler": bulkway_worker.wrap(handler, inputs=inputs, aggregate=True),
        "return_aggregate_stream": True,
    }
)
