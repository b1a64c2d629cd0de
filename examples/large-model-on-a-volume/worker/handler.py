"""Serves a large model: the weights are in memory before the first job is taken.

    MODEL_PATH=/runpod-volume/models/weights.safetensors   they lie on the network volume
    MODEL_URL=https://…                                    they are downloaded, whenever a worker starts
"""

import time

STARTED = time.perf_counter()

import hashlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import shutil  # noqa: E402
import struct  # noqa: E402
import tempfile  # noqa: E402
import urllib.request  # noqa: E402

import runpod  # noqa: E402


def download(url):
    path = os.path.join(tempfile.gettempdir(), "weights.safetensors")
    with urllib.request.urlopen(url, timeout=600) as answer, open(path, "wb") as file:
        shutil.copyfileobj(answer, file, 4 * 1024 * 1024)
    return path


def load(path):
    """Reads every tensor of a safetensors file into memory."""
    with open(path, "rb", buffering=0) as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        tensors = {}
        for name, tensor in header.items():
            begin, end = tensor["data_offsets"]
            content = memoryview(bytearray(end - begin))
            file.seek(8 + length + begin)
            filled = 0
            while filled < len(content):
                count = file.readinto(content[filled:])
                if not count:
                    raise EOFError(f"{path} ends within {name}")
                filled += count
            tensors[name] = content
        return tensors


imported = time.perf_counter()
url = os.environ.get("MODEL_URL")
path = download(url) if url else os.environ["MODEL_PATH"]
downloaded = time.perf_counter()
tensors = load(path)
loaded = time.perf_counter()

COLD_START = {
    "import": imported - STARTED,
    "download": downloaded - imported,
    "load": loaded - downloaded,
}


def handler(job):
    answer = {
        "worker": os.environ.get("RUNPOD_POD_ID"),
        "path": path,
        "staged": not url,
        "seconds": COLD_START,
        "tensors": len(tensors),
        "bytes": sum(len(content) for content in tensors.values()),
    }
    if job["input"].get("task") == "digest":
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            while piece := file.read(4 * 1024 * 1024):
                digest.update(piece)
        answer["sha256"] = digest.hexdigest()
    return answer


runpod.serverless.start({"handler": handler})
