"""Develops one photograph a job, or makes a contact sheet of many.

Photographs are read from S3 and written to S3, with what RunPod documents as `s3Config`; the
answer names them and holds no picture.
"""

import asyncio
import io
import os
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import boto3
import runpod
from PIL import Image, ImageFilter, ImageOps

#: Jobs of one worker at a time: while one computes, others move their files.
CONCURRENCY = int(os.environ.get("CONCURRENCY", "4"))
EDGE = 1600
THUMBNAIL = 120


def open_bucket(job):
    config = job["s3Config"]
    client = boto3.client(
        "s3",
        endpoint_url=config["endpointUrl"],
        aws_access_key_id=config["accessId"],
        aws_secret_access_key=config["accessSecret"],
    )
    return client, config["bucketName"]


def write_jpeg(s3, bucket, key, picture, quality=88):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    s3.put_object(Bucket=bucket, Key=key, Body=file.getvalue(), ContentType="image/jpeg")
    return f"s3://{bucket}/{key}"


def develop(job):
    s3, bucket = open_bucket(job)
    source = urlsplit(job["input"]["photograph"])  # s3://{bucket}/in/0-photograph-001.jpg
    body = s3.get_object(Bucket=source.netloc, Key=source.path.lstrip("/"))["Body"]
    with Image.open(io.BytesIO(body.read())) as picture:
        picture.thumbnail((EDGE, EDGE))
        picture = ImageOps.autocontrast(picture.convert("RGB"), cutoff=0.5)
    picture = picture.filter(ImageFilter.UnsharpMask(radius=1.5, percent=80))
    small = ImageOps.fit(picture, (THUMBNAIL, THUMBNAIL * 2 // 3))
    name = job["input"]["name"]
    return {
        "photograph": write_jpeg(s3, bucket, f"developed/{name}.jpg", picture),
        "thumbnail": write_jpeg(s3, bucket, f"thumbnails/{name}.jpg", small),
        "size": picture.size,
        "worker": os.environ.get("RUNPOD_POD_ID"),
    }


def fetch(link):
    with urllib.request.urlopen(link, timeout=60) as answer:
        with Image.open(io.BytesIO(answer.read())) as picture:
            return picture.convert("RGB")


def make_sheet(job):
    """Lays thumbnails out; they come as links, the outputs of other jobs."""
    s3, bucket = open_bucket(job)
    columns = job["input"].get("columns", 20)
    with ThreadPoolExecutor(8) as pool:
        pictures = list(pool.map(fetch, job["input"]["thumbnails"]))
    gap, across, down = 6, THUMBNAIL, THUMBNAIL * 2 // 3
    rows = -(-len(pictures) // columns)
    size = (columns * (across + gap) + gap, rows * (down + gap) + gap)
    sheet = Image.new("RGB", size, (18, 20, 24))
    for at, picture in enumerate(pictures):
        row, column = divmod(at, columns)
        sheet.paste(picture, (gap + column * (across + gap), gap + row * (down + gap)))
    return {"sheet": write_jpeg(s3, bucket, "contact-sheet.jpg", sheet, quality=80), "size": sheet.size}


TASKS = {"develop": develop, "sheet": make_sheet}


async def handler(job):
    return await asyncio.to_thread(TASKS[job["input"]["task"]], job)


runpod.serverless.start({"handler": handler, "concurrency_modifier": lambda _: CONCURRENCY})
