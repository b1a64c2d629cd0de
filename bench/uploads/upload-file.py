"""Uploads files with boto3's `upload_file`: reads one JSON object a line, answers each with seconds."""

import json
import sys
import time

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

# Over plain HTTP it hashes a payload twice, for a checksum and for the signature.
spared = Config(
    request_checksum_calculation="when_required", s3={"payload_signing_enabled": False}
)


def upload(store, path, partBytes, concurrency, hashing):
    client = boto3.client(
        "s3",
        endpoint_url=store,
        aws_access_key_id="bench",
        aws_secret_access_key="benchbenchbench",
        region_name="us-east-1",
        config=None if hashing else spared,
    )
    transfer = TransferConfig(
        multipart_threshold=partBytes,
        multipart_chunksize=partBytes,
        max_concurrency=concurrency,
    )
    started = time.perf_counter()
    client.upload_file(path, "bench", "boto3", Config=transfer)
    return time.perf_counter() - started


print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(upload(**json.loads(line))), flush=True)
