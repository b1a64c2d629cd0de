"""A worker as its author writes it: RunPod's own loop, boto3, and the four documented fields."""

import hashlib
import json
import os
import sys
import threading

import boto3
import runpod
from runpod.serverless.utils import rp_upload


def client_of(job):
    config = job["s3Config"]
    return boto3.client(
        "s3",
        endpoint_url=config["endpointUrl"],
        aws_access_key_id=config["accessId"],
        aws_secret_access_key=config["accessSecret"],
    )


def handler(job):
    task = job["input"]["task"]
    bucket = job["s3Config"]["bucketName"]
    s3 = client_of(job)

    if task == "digest":
        key = job["input"]["file"]
        s3.download_file(bucket, key, "/tmp/" + job["id"])
        with open("/tmp/" + job["id"], "rb") as file:
            content = file.read()
        os.remove("/tmp/" + job["id"])
        return {"key": key, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    if task == "write":
        content = os.urandom(job["input"]["bytes"])
        path = "/tmp/" + job["id"]
        with open(path, "wb") as file:
            file.write(content)
        s3.upload_file(path, bucket, "results/output.bin")
        os.remove(path)
        url = s3.generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": "results/output.bin"}, ExpiresIn=604800
        )
        return {"url": url, "sha256": hashlib.sha256(content).hexdigest(), "job": job}

    if task == "upload":
        paths = [f"/tmp/{job['id']}.txt", f"/tmp/{job['id']} a (ü) #1.txt"]
        for path in paths:
            with open(path, "w") as file:
                file.write("written by RunPod's own functions")
        plain = rp_upload.bucket_upload(job["id"], paths, job["s3Config"])
        # Its bucket is called after the month.
        presigned = rp_upload.upload_file_to_bucket("a (ü) #1.txt", paths[1], job["s3Config"])
        for path in paths:
            os.remove(path)
        uri = f"s3://{bucket}/{job['id']}/{paths[1]}"
        return {"links": [*plain, presigned, uri], "text": json.dumps({"links": plain})}

    if task == "fail":
        raise RuntimeError(f"no luck with {job['s3Config']}")

    raise ValueError(f"unknown task {task}")


def end_with_the_test():
    """Ends this process and its heartbeats when the one that started it is gone, however it went."""
    sys.stdin.buffer.read()
    os.killpg(0, 9)


threading.Thread(target=end_with_the_test, daemon=True).start()
runpod.serverless.start({"handler": handler})
