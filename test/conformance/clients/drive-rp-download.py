"""Downloads a job's files with the functions of RunPod's own package, unmodified.

Reads on standard input what there is to download. The names `gateway.example` and `store.example`
lead to servers of the test: the name lookup of this process says that they are at public addresses,
which is what the package checks, and that these addresses are on loopback, which is where it connects.
The working folder is the job's own.
"""

import hashlib
import json
import os
import socket
import sys

import requests
import runpod
from runpod.serverless.utils import rp_download
from runpod.serverless.utils.rp_ssrf import SSRFError

told = json.load(sys.stdin)
public = {"gateway.example": "93.184.216.34", "store.example": "93.184.216.35"}
behind = {public[name]: port for name, port in told["ports"].items()}
look_up = socket.getaddrinfo


def addresses(host, port, *rest, **more):
    if host in behind:
        return look_up("127.0.0.1", behind[host], *rest, **more)
    return look_up(public.get(host, host), port, *rest, **more)


socket.getaddrinfo = addresses


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def refused(url, download=rp_download.file):
    try:
        download(url)
    except SSRFError as error:
        return str(error)
    raise AssertionError(f"{url} was downloaded")


def download_all(urls):
    return rp_download.download_files_from_urls("job-1", urls)


print("runpod", runpod.__version__)
files = told["files"]
paths = download_all([file["url"] for file in files])
for file, path in zip(files, paths, strict=True):
    assert path is not None, file
    assert os.path.splitext(path)[1] == os.path.splitext(file["name"])[1], (file, path)
    assert sha256(path) == file["sha256"], file

for file in files:
    found = rp_download.file(file["url"])
    assert found["original_name"] == file["name"], (file, found)
    assert found["type"] == os.path.splitext(file["name"])[1][1:], (file, found)
    assert sha256(found["file_path"]) == file["sha256"], file
    if found["type"] == "zip":
        with open(os.path.join(found["extracted_path"], "inside.txt"), encoding="utf-8") as inside:
            assert inside.read() == "zipped"

# The cap is on what is announced, and on what comes.
largest = max(files, key=lambda file: file["bytes"])
os.environ["RUNPOD_MAX_DOWNLOAD_BYTES"] = str(largest["bytes"])
assert sha256(rp_download.file(largest["url"])["file_path"]) == largest["sha256"]
os.environ["RUNPOD_MAX_DOWNLOAD_BYTES"] = str(largest["bytes"] - 1)
assert "size cap" in refused(largest["url"])
assert "size cap" in refused([largest["url"]], download_all)
del os.environ["RUNPOD_MAX_DOWNLOAD_BYTES"]
assert f"{5 * 1024**3 + 1} > {5 * 1024**3}" in refused(told["over"])

# What is gone is no file: the one function says so, the other gives none.
assert download_all(told["gone"]) == [None]
try:
    rp_download.file(told["gone"])
    raise AssertionError("a file that is gone was downloaded")
except requests.HTTPError as error:
    assert error.response.status_code == 404, error

# An address that is not public is refused, were it the store's behind a redirect; so is a proxy.
public["store.example"] = "10.0.0.1"
is_redirected = told["redirected"]
assert not is_redirected or "non-public" in refused(files[0]["url"])
public["gateway.example"] = "127.0.0.1"
assert "non-public" in refused(files[0]["url"])
public["gateway.example"] = "93.184.216.34"
os.environ["HTTPS_PROXY"] = "http://127.0.0.1:9"
assert "proxy" in refused(files[0]["url"])
print("done")
