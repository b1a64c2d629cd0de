"""A worker as its author writes it: RunPod's own loop, boto3, and the four documented fields."""

import hashlib
import os

import boto3
import runpod


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

    if task == "fail":
        raise RuntimeError(f"no luck with {job['s3Config']}")

    raise ValueError(f"unknown task {task}")


runpod.serverless.start({"handler": handler})
