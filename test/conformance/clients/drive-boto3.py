"""Drives a job bucket with boto3's default settings. Arguments: endpoint URL, access id, secret."""

import hashlib
import io
import os
import sys
import tempfile
import urllib.error
import urllib.request

import boto3
import botocore
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, access_id, secret = sys.argv[1:4]
bucket = "job_files"
odd = "dir/a b+c&d=\u00fc(1)~*'!.txt"
has_checksums = tuple(map(int, botocore.__version__.split(".")[:2])) >= (1, 36)


def client(**options):
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=access_id,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        **options,
    )


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return
    raise AssertionError(f"not refused: {arguments}")


def fetch(url, method="GET", data=None, **headers):
    request = urllib.request.Request(url, method=method, data=data, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return answer.read(), answer.headers


def body_of(key):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


print("boto3", boto3.__version__, "botocore", botocore.__version__)
s3 = client()
hashes = []
s3.meta.events.register(
    "before-send.s3.PutObject",
    lambda request, **_: hashes.append(request.headers["x-amz-content-sha256"].decode()),
)

# Objects, small
assert body_of("in/0-image.png") == b"input"
s3.put_object(Bucket=bucket, Key="bytes", Body=b"hello", ContentType="text/plain", Metadata={"a": "b"})
s3.put_object(Bucket="11-26", Key=odd, Body=io.BytesIO(b"file"))
s3.put_object(Bucket=bucket, Key="empty", Body=b"")
forms = {text if text.isupper() else len(text) for text in hashes}
expected_form = 64
if endpoint.startswith("https:"):
    expected_form = "STREAMING-UNSIGNED-PAYLOAD-TRAILER" if has_checksums else "UNSIGNED-PAYLOAD"
assert forms == {expected_form}, hashes
got = s3.get_object(Bucket=bucket, Key="bytes")
assert got["Body"].read() == b"hello" and got["Metadata"] == {"a": "b"}, got
assert body_of(odd) == b"file"
assert s3.get_object(Bucket=bucket, Key="bytes", Range="bytes=1-2")["Body"].read() == b"el"
assert s3.head_object(Bucket=bucket, Key="empty")["ContentLength"] == 0
s3.head_bucket(Bucket=bucket)
s3.get_bucket_location(Bucket=bucket)
assert len(s3.list_buckets()["Buckets"]) == 1

# Transfers: multipart up, ranged down
size = 12 * 1024 * 1024 + 1
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
stream = io.BytesIO()
s3.upload_fileobj(io.BytesIO(content), bucket, "out/streamed.bin")
s3.download_fileobj(bucket, "out/streamed.bin", stream)
assert stream.getvalue() == content

# Copies: whole, in parts, with metadata of their own
s3.copy_object(Bucket=bucket, Key="copies/odd", CopySource={"Bucket": bucket, "Key": odd})
assert body_of("copies/odd") == b"file"
s3.copy_object(Bucket=bucket, Key="copies/input", CopySource=f"{bucket}/in/0-image.png")
assert body_of("copies/input") == b"input"
s3.copy_object(
    Bucket=bucket,
    Key="copies/bytes",
    CopySource={"Bucket": bucket, "Key": "bytes"},
    MetadataDirective="REPLACE",
    Metadata={"c": "d"},
    ContentType="text/x-own",
)
head = s3.head_object(Bucket=bucket, Key="copies/bytes")
assert head["Metadata"] == {"c": "d"} and head["ContentType"] == "text/x-own", head
small_parts = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
s3.copy({"Bucket": bucket, "Key": "out/big.bin"}, bucket, "copies/big.bin", Config=small_parts)
assert body_of("copies/big.bin") == content
s3.copy({"Bucket": bucket, "Key": "bytes"}, bucket, "copies/bytes-2")
assert s3.head_object(Bucket=bucket, Key="copies/bytes-2")["Metadata"] == {"a": "b"}

# Listings
wanted = sorted(
    ["bytes", odd, "empty", "in/0-image.png", "out/big.bin", "out/streamed.bin"]
    + ["copies/" + name for name in ("odd", "input", "bytes", "big.bin", "bytes-2")]
)
for operation in ("list_objects", "list_objects_v2"):
    pages = s3.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    assert keys == wanted, (operation, keys)
    pages = s3.get_paginator(operation).paginate(
        Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1}
    )
    found = [
        (page.get("Contents", []), page.get("CommonPrefixes", []))
        for page in pages
    ]
    assert [one["Key"] for entries, _ in found for one in entries] == ["bytes", "empty"], found
    prefixes = [one["Prefix"] for _, entries in found for one in entries]
    assert prefixes == ["copies/", "dir/", "in/", "out/"], (operation, prefixes)
    top = getattr(s3, operation)(Bucket=bucket, Prefix="out/")
    assert top["Name"] == bucket and len(top["Contents"]) == 2, top

# Multipart uploads by hand
upload = s3.create_multipart_upload(Bucket=bucket, Key="parts/a", Metadata={"e": "f"})["UploadId"]
other = s3.create_multipart_upload(Bucket=bucket, Key="parts/b")["UploadId"]
etags = [
    s3.upload_part(Bucket=bucket, Key="parts/a", UploadId=upload, PartNumber=number, Body=body)["ETag"]
    for number, body in ((1, content[: 5 * 1024 * 1024]), (2, content[5 * 1024 * 1024 : 10 * 1024 * 1024]), (3, b"end"))
]
pages = s3.get_paginator("list_parts").paginate(
    Bucket=bucket, Key="parts/a", UploadId=upload, PaginationConfig={"PageSize": 2}
)
parts = [part for page in pages for part in page["Parts"]]
assert [(part["PartNumber"], part["ETag"]) for part in parts] == list(zip((1, 2, 3), etags)), parts
assert parts[2]["Size"] == 3, parts
pages = s3.get_paginator("list_multipart_uploads").paginate(
    Bucket=bucket, PaginationConfig={"PageSize": 1}
)
open_uploads = [(one["Key"], one["UploadId"]) for page in pages for one in page.get("Uploads", [])]
assert open_uploads == [("parts/a", upload), ("parts/b", other)], open_uploads
done = s3.complete_multipart_upload(
    Bucket=bucket,
    Key="parts/a",
    UploadId=upload,
    MultipartUpload={"Parts": [{"PartNumber": n, "ETag": etag} for n, etag in zip((1, 2, 3), etags)]},
)
assert done["Bucket"] == bucket and done["Key"] == "parts/a", done
assert s3.head_object(Bucket=bucket, Key="parts/a")["ContentLength"] == 10 * 1024 * 1024 + 3
assert s3.head_object(Bucket=bucket, Key="parts/a")["Metadata"] == {"e": "f"}
s3.abort_multipart_upload(Bucket=bucket, Key="parts/b", UploadId=other)
refused("NoSuchUpload", s3.list_parts, Bucket=bucket, Key="parts/b", UploadId=other)

# Presigned URLs: SigV2 by default, SigV4 on demand
for signer, mark in ((s3, "Signature="), (client(config=Config(signature_version="s3v4")), "X-Amz-Signature=")):
    for key, expected in (("in/0-image.png", b"input"), (odd, b"file")):
        params = {"Bucket": bucket, "Key": key}
        url = signer.generate_presigned_url("get_object", Params=params, ExpiresIn=604800)
        assert mark in url, url
        assert fetch(url)[0] == expected
        assert fetch(url, Range="bytes=1-2")[0] == expected[1:3]
        params["ResponseContentDisposition"] = 'attachment; filename="a b.png"'
        params["ResponseContentType"] = "image/x-own"
        body, headers = fetch(signer.generate_presigned_url("get_object", Params=params))
        assert body == expected and headers["Content-Type"] == "image/x-own", headers
        assert headers["Content-Disposition"] == 'attachment; filename="a b.png"', headers
    head_url = signer.generate_presigned_url("head_object", Params={"Bucket": bucket, "Key": "bytes"})
    assert fetch(head_url, "HEAD")[1]["Content-Length"] == "5"
    if signer is s3:
        put_url = signer.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "v2"})
        try:
            fetch(put_url, "PUT", b"x")
            raise AssertionError("a SigV2 link wrote")
        except urllib.error.HTTPError as error:
            assert error.code == 403, error
        continue
    params = {"Bucket": bucket, "Key": "presigned", "ContentType": "text/x-put"}
    put_url = signer.generate_presigned_url("put_object", Params=params)
    fetch(put_url, "PUT", b"by link", **{"Content-Type": "text/x-put"})
    got = s3.get_object(Bucket=bucket, Key="presigned")
    assert got["Body"].read() == b"by link" and got["ContentType"] == "text/x-put", got
    delete_url = signer.generate_presigned_url("delete_object", Params={"Bucket": bucket, "Key": "presigned"})
    fetch(delete_url, "DELETE")
    refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="presigned")
    try:
        fetch(signer.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "in/x"}), "PUT", b"x")
        raise AssertionError("a link wrote an input")
    except urllib.error.HTTPError as error:
        assert error.code == 403, error

# Upload forms are not supported
form = s3.generate_presigned_post(bucket, "posted")
boundary = "b1"
fields = "".join(
    f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
    for name, value in {**form["fields"], "file": "x"}.items()
)
try:
    fetch(
        form["url"],
        "POST",
        f"{fields}--{boundary}--\r\n".encode(),
        **{"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    raise AssertionError("an upload form was taken")
except urllib.error.HTTPError as error:
    # Nothing but the form itself is signed, and that is not read.
    assert error.code == 403 and b"AccessDenied" in error.read(), error
refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="posted")

# Refusals
refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="none")
refused("AccessDenied", s3.put_object, Bucket=bucket, Key="in/new", Body=b"x")
refused("AccessDenied", s3.delete_object, Bucket=bucket, Key="in/0-image.png")
refused("AccessDenied", s3.copy_object, Bucket=bucket, Key="in/new", CopySource=f"{bucket}/bytes")
for call in (
    s3.get_object_acl,
    s3.get_object_tagging,
    s3.get_object_torrent,
    s3.get_object_retention,
    s3.get_object_legal_hold,
    s3.restore_object,
):
    refused("NotImplemented", call, Bucket=bucket, Key="bytes")
refused("NotImplemented", s3.put_object_acl, Bucket=bucket, Key="bytes", ACL="private")
refused("NotImplemented", s3.put_object_tagging, Bucket=bucket, Key="bytes", Tagging={"TagSet": []})
refused("NotImplemented", s3.get_object_attributes, Bucket=bucket, Key="bytes", ObjectAttributes=["ETag"])
refused(
    "NotImplemented",
    s3.select_object_content,
    Bucket=bucket,
    Key="bytes",
    Expression="select 1",
    ExpressionType="SQL",
    InputSerialization={"CSV": {}},
    OutputSerialization={"CSV": {}},
)
refused("NotImplemented", s3.get_object, Bucket=bucket, Key="bytes", VersionId="1")
for call in (
    s3.get_bucket_acl,
    s3.get_bucket_cors,
    s3.get_bucket_encryption,
    s3.get_bucket_lifecycle_configuration,
    s3.get_bucket_policy,
    s3.get_bucket_tagging,
    s3.get_bucket_versioning,
    s3.get_bucket_website,
    s3.get_object_lock_configuration,
    s3.list_object_versions,
    s3.create_bucket,
    s3.delete_bucket,
):
    refused("NotImplemented", call, Bucket=bucket)
if endpoint.startswith("https:"):
    key = {"SSECustomerKey": "0" * 32, "SSECustomerAlgorithm": "AES256"}
    refused("NotImplemented", s3.put_object, Bucket=bucket, Key="sse", Body=b"x", **key)

# Removal: one, one that is not there, many
s3.delete_object(Bucket=bucket, Key="empty")
s3.delete_object(Bucket=bucket, Key="empty")
refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="empty")
doomed = [key for key in wanted if key not in ("empty", "in/0-image.png")] + ["parts/a", "not/there"]
gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in [*doomed, "in/0-image.png"]]})
assert sorted(one["Key"] for one in gone["Deleted"]) == sorted(doomed), gone
assert [(one["Key"], one["Code"]) for one in gone["Errors"]] == [("in/0-image.png", "AccessDenied")], gone
assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["in/0-image.png"]
print("done")
