"""Drives a job bucket with boto3's default settings. Arguments: endpoint URL, access id, secret."""

import hashlib
import io
import os
import sys
import tempfile
import urllib.request

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, access_id, secret = sys.argv[1:4]
bucket = "job_files"


def client(**options):
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=access_id,
        aws_secret_access_key=secret,
        **options,
    )


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return
    raise AssertionError(f"not refused: {arguments}")


def fetch(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        return answer.read(), answer.headers


print("boto3", boto3.__version__, "botocore", botocore.__version__)
s3 = client()
hashes = []
s3.meta.events.register(
    "before-send.s3.PutObject",
    lambda request, **_: hashes.append(request.headers["x-amz-content-sha256"].decode()),
)

# Objects, small
assert s3.get_object(Bucket=bucket, Key="in/0-image.png")["Body"].read() == b"input"
s3.put_object(Bucket=bucket, Key="bytes", Body=b"hello", ContentType="text/plain", Metadata={"a": "b"})
s3.put_object(Bucket="11-26", Key="dir/a b+c&d=\u00fc(1)~*'!.txt", Body=io.BytesIO(b"file"))
s3.put_object(Bucket=bucket, Key="empty", Body=b"")
forms = {"trailer" if text == "STREAMING-UNSIGNED-PAYLOAD-TRAILER" else len(text) for text in hashes}
assert forms == ({"trailer"} if endpoint.startswith("https:") else {64}), hashes
got = s3.get_object(Bucket=bucket, Key="bytes")
assert got["Body"].read() == b"hello" and got["Metadata"] == {"a": "b"}, got
assert s3.get_object(Bucket=bucket, Key="dir/a b+c&d=\u00fc(1)~*'!.txt")["Body"].read() == b"file"
assert s3.get_object(Bucket=bucket, Key="bytes", Range="bytes=1-2")["Body"].read() == b"el"
assert s3.head_object(Bucket=bucket, Key="empty")["ContentLength"] == 0
s3.head_bucket(Bucket=bucket)
s3.get_bucket_location(Bucket=bucket)

# Transfers: multipart up, ranged down
size = 12 * 1024 * 1024
content = os.urandom(size)
with tempfile.TemporaryDirectory() as folder:
    source, target = os.path.join(folder, "source"), os.path.join(folder, "target")
    with open(source, "wb") as file:
        file.write(content)
    s3.upload_file(source, bucket, "out/big.bin", ExtraArgs={"ContentType": "video/mp4"})
    s3.download_file(bucket, "out/big.bin", target)
    with open(target, "rb") as file:
        assert hashlib.sha256(file.read()).digest() == hashlib.sha256(content).digest()
head = s3.head_object(Bucket=bucket, Key="out/big.bin")
assert head["ContentLength"] == size and head["ContentType"] == "video/mp4", head

# Listings
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
assert keys == ["bytes", "dir/a b+c&d=\u00fc(1)~*'!.txt", "empty", "in/0-image.png", "out/big.bin"], keys
top = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
assert [entry["Prefix"] for entry in top["CommonPrefixes"]] == ["dir/", "in/", "out/"], top
assert top["Name"] == bucket

# Presigned URLs: SigV2 by default, SigV4 on demand
for signer, mark in ((s3, "Signature="), (client(config=Config(signature_version="s3v4")), "X-Amz-Signature=")):
    for key, wanted in (("in/0-image.png", b"input"), ("dir/a b+c&d=\u00fc(1)~*'!.txt", b"file")):
        params = {"Bucket": bucket, "Key": key}
        url = signer.generate_presigned_url("get_object", Params=params, ExpiresIn=604800)
        assert mark in url, url
        assert fetch(url)[0] == wanted
        assert fetch(url, Range="bytes=1-2")[0] == wanted[1:3]
        params["ResponseContentDisposition"] = 'attachment; filename="\u00e4 b.png"'.replace("\u00e4", "a")
        params["ResponseContentType"] = "image/x-own"
        body, headers = fetch(signer.generate_presigned_url("get_object", Params=params))
        assert body == wanted and headers["Content-Type"] == "image/x-own", headers
        assert headers["Content-Disposition"] == 'attachment; filename="a b.png"', headers
    head_url = signer.generate_presigned_url("head_object", Params={"Bucket": bucket, "Key": "bytes"})
    request = urllib.request.Request(head_url, method="HEAD")
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Content-Length"] == "5"

# Refusals
refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="none")
refused("AccessDenied", s3.put_object, Bucket=bucket, Key="in/new", Body=b"x")
refused("NotImplemented", s3.get_object_acl, Bucket=bucket, Key="bytes")
refused("NotImplemented", s3.delete_object, Bucket=bucket, Key="bytes")
print("done")
