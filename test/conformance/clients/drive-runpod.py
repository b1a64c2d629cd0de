"""Drives a job bucket with the functions of RunPod's own package, unmodified.

Arguments: endpoint URL, access id, secret. The working folder is the job's own.
"""

import hashlib
import os
import sys
import time
import zipfile

import requests
import runpod
from runpod.serverless.utils import rp_cleanup, rp_download, rp_upload
from runpod.serverless.utils.rp_ssrf import SSRFError

endpoint, access_id, secret = sys.argv[1:4]
creds = {"endpointUrl": endpoint, "accessId": access_id, "accessSecret": secret}
default_bucket = time.strftime("%m-%y")


def fetch(url):
    answer = requests.get(url, timeout=10)
    answer.raise_for_status()
    return answer.content


def write(name, content):
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    with open(name, "wb") as file:
        file.write(content)
    return name


print("runpod", runpod.__version__)
big = os.urandom(12 * 1024 * 1024 + 1)
write("small.png", b"png")
write("big.bin", big)

# Credentials as arguments
url = rp_upload.upload_file_to_bucket("big.bin", "big.bin", creds)
assert f"/{default_bucket}/big.bin?" in url and "X-Amz-Expires=604800" in url, url
assert hashlib.sha256(fetch(url)).digest() == hashlib.sha256(big).digest()
url = rp_upload.upload_file_to_bucket(
    "s.png", "small.png", creds, "any_name", prefix="a b", extra_args={"ContentType": "image/png"}
)
assert fetch(url) == b"png" and requests.head(url, timeout=10).status_code == 403, url
assert requests.get(url, timeout=10).headers["Content-Type"] == "image/png"
url = rp_upload.upload_in_memory_object("memory.bin", big, creds, prefix="job-1")
assert fetch(url) == big
named = {**creds, "bucketName": "job_files"}
urls = rp_upload.bucket_upload("job-1", ["small.png", "big.bin"], named)
assert urls == [f"{endpoint}/job_files/job-1/small.png", f"{endpoint}/job_files/job-1/big.bin"], urls
client, _ = rp_upload.get_boto_client(creds)
assert client.get_object(Bucket="job_files", Key="job-1/small.png")["Body"].read() == b"png"
try:
    rp_upload.upload_in_memory_object("new", b"x", creds, prefix="in")
    raise AssertionError("wrote an input")
except Exception as error:
    assert "AccessDenied" in str(error), error

# The name of the file becomes part of the key; an absolute one makes an empty segment.
absolute = os.path.abspath("small.png")
assert rp_upload.bucket_upload("job-1", [absolute], named) == [f"{endpoint}/job_files/job-1/{absolute}"]
assert client.get_object(Bucket="job_files", Key=f"job-1/{absolute}")["Body"].read() == b"png"

# Credentials from the environment
os.environ.update(BUCKET_ENDPOINT_URL=endpoint, BUCKET_ACCESS_KEY_ID=access_id, BUCKET_SECRET_ACCESS_KEY=secret)
url = rp_upload.upload_image("job-1", "small.png")
assert f"/{default_bucket}/job-1/" in url and fetch(url) == b"png", url
url = rp_upload.upload_image("job-1", os.path.abspath("small.png"), bucket_name="other")
assert "/other/job-1/" in url and fetch(url) == b"png", url
urls = rp_upload.files("job-1", ["small.png", "big.bin"])
assert [fetch(url) for url in urls] == [b"png", big]

# Downloads refuse addresses that are not public, unless this is set.
link = rp_upload.upload_in_memory_object("note.txt", b"note", creds)
try:
    rp_download.file(link)
    raise AssertionError("fetched from loopback")
except SSRFError as error:
    assert "non-public" in str(error), error
os.environ["RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS"] = "true"
with zipfile.ZipFile("pack.zip", "w") as archive:
    archive.writestr("inside.txt", "zipped")
pack = rp_upload.upload_file_to_bucket("pack.zip", "pack.zip", creds)
image = client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "in/0-image.png"})
large = rp_upload.upload_in_memory_object("large.bin", big, creds)
paths = rp_download.download_files_from_urls("job-1", [link, image, large])
assert [os.path.splitext(path)[1] for path in paths] == [".txt", ".png", ".bin"], paths
assert [open(path, "rb").read() for path in paths] == [b"note", b"input", big], paths
assert rp_download.download_files_from_urls("job-1", link.replace("note", "none")) == [None]
found = rp_download.file(link)
assert found["type"] == "txt" and found["original_name"] == "note.txt", found
found = rp_download.file(pack)
with open(os.path.join(found["extracted_path"], "inside.txt"), encoding="utf-8") as file:
    assert file.read() == "zipped"
attached = client.generate_presigned_url(
    "get_object",
    Params={"Bucket": "b", "Key": "in/0-image.png", "ResponseContentDisposition": 'attachment; filename="x.gif"'},
)
assert rp_download.file(attached)["original_name"] == "x.gif"
rp_cleanup.clean()
print("done")
