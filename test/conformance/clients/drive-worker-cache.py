"""Drives the cache of bulkway_worker.py against a job bucket.

Arguments: endpoint URL, access id, secret.
"""

import base64
import concurrent.futures
import hashlib
import logging
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time
import unittest
from unittest import mock

import boto3
import bulkway_worker

endpoint, access_id, secret = sys.argv[1:4]
s3_config = {
    "endpointUrl": endpoint,
    "accessId": access_id,
    "accessSecret": secret,
    "bucketName": "job_files",
}
s3 = boto3.client(
    "s3",
    endpoint_url=endpoint,
    aws_access_key_id=access_id,
    aws_secret_access_key=secret,
    region_name="us-east-1",
)


def put(content, name=None):
    """Stores a file as the gateway would have: under its digest, where an output can lie."""
    name = name or f"sha256-{hashlib.sha256(content).hexdigest()}.png"
    s3.put_object(Bucket="job_files", Key=f"staged/{name}", Body=content)
    return f"staged/{name}"


def reference(key):
    return f"bulkway-input://{access_id}/{key}?as=base64&type=image%2Fpng&bytes=1"


class Cache(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp()) / "kept"
        self.fetched = []
        bucket = bulkway_worker._Bucket
        read, download = bucket.read, bucket.download

        def note(of):
            def noting(bucket, key, *rest):
                self.fetched.append(key)
                return of(bucket, key, *rest)

            return noting

        for name, of in (("read", read), ("download", download)):
            patch = mock.patch.object(bucket, name, note(of))
            patch.start()
            self.addCleanup(patch.stop)
        self.environment(BULKWAY_CACHE_DIR=str(self.folder))

    def environment(self, **variables):
        patch = mock.patch.dict(os.environ, variables)
        patch.start()
        self.addCleanup(patch.stop)

    def given(self, key, kind="bytes", handler=None):
        seen = []

        def handling(job):
            value = job["input"]["a"]
            seen.append(handler(value) if handler else value)

        wrapped = bulkway_worker.wrap(handling, default=kind)
        wrapped({"id": "job-1", "input": {"a": reference(key)}, "s3Config": s3_config})
        return seen[0]

    def kept(self):
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []

    def test_what_comes_again_is_not_fetched_again(self):
        content = os.urandom(20_000_000)
        key = put(content)
        encoded = base64.b64encode(content).decode()
        self.assertEqual(self.given(key), content)
        for _ in range(2):
            self.assertEqual(self.given(key), content)
            self.assertEqual(self.given(key, "original"), encoded)
            self.assertEqual(self.given(key, "path", lambda path: open(path, "rb").read()), content)
            self.assertEqual(self.given(key, "file", lambda file: file.read()), content)
        self.assertEqual(self.fetched, [key])
        digest = hashlib.sha256(content).hexdigest()
        self.assertEqual(self.kept(), [f"sha256-{digest}"])

    def test_it_is_off_unless_a_folder_is_named(self):
        key = put(b"abc")
        self.environment(BULKWAY_CACHE_DIR="")
        self.assertEqual([self.given(key), self.given(key)], [b"abc", b"abc"])
        self.assertEqual(self.fetched, [key, key])
        self.assertEqual(self.kept(), [])

    def test_names_without_a_digest_are_not_kept(self):
        for name in ("0-image.png", "sha256-abc.png", f"sha256-{'a' * 64}.png/x", f"{'a' * 64}.png"):
            key = put(b"abc", name)
            self.assertEqual(self.given(key), b"abc")
        self.assertEqual(self.kept(), [])

    def test_a_handler_cannot_change_what_is_kept(self):
        key = put(b"abc")

        def spoil(path):
            self.assertTrue(path.endswith(".png"), path)
            pathlib.Path(path).write_bytes(b"spoilt")

        self.given(key, "path", spoil)
        self.assertEqual(self.given(key), b"abc")
        self.assertEqual(self.fetched, [key])

    def test_a_kept_file_that_was_damaged_is_fetched_again(self):
        key = put(b"abc")
        self.given(key)
        (self.folder / self.kept()[0]).write_bytes(b"abd")
        with self.assertLogs("bulkway_worker", logging.WARNING):
            self.assertEqual(self.given(key), b"abc")
        self.assertEqual(self.given(key), b"abc")
        self.assertEqual(self.fetched, [key, key])

    def test_bytes_that_do_not_have_their_digest_are_refused_and_not_kept(self):
        key = put(b"abc", f"sha256-{'0' * 64}.png")
        with self.assertRaisesRegex(bulkway_worker.InputError, "SHA-256"):
            self.given(key)
        self.assertEqual(self.kept(), [])

    def test_what_was_used_longest_ago_goes_first(self):
        self.environment(BULKWAY_CACHE_BYTES="2500")
        one, two, three = (put(bytes([number]) * 1000) for number in range(3))
        for key in (one, two, one, three):
            time.sleep(0.01)
            self.given(key)
        names = {key: f"sha256-{key.split('sha256-')[1].split('.')[0]}" for key in (one, two, three)}
        self.assertEqual(set(self.kept()), {names[one], names[three]})
        self.given(one)
        self.assertEqual(self.fetched, [one, two, three])
        self.assertLessEqual(sum(path.stat().st_size for path in self.folder.iterdir()), 2500)

    def test_what_is_larger_than_the_cache_is_fetched_and_not_kept(self):
        self.environment(BULKWAY_CACHE_BYTES="10")
        key = put(b"x" * 11)
        self.assertEqual(self.given(key), b"x" * 11)
        self.assertEqual(self.kept(), [])

    def test_what_is_not_its_own_stays(self):
        self.environment(BULKWAY_CACHE_BYTES="10")
        self.folder.mkdir()
        (self.folder / "other").write_bytes(b"x" * 100)
        (self.folder / "partial-1-new").write_bytes(b"")
        old = self.folder / "partial-1-old"
        old.write_bytes(b"x")
        os.utime(old, (0, 0))
        (self.folder / f"sha256-{'0' * 64}").write_bytes(b"x" * 10)
        self.given(put(b"x" * 10))
        self.assertEqual(len(self.kept()), 3)
        self.assertIn("other", self.kept())
        self.assertIn("partial-1-new", self.kept())

    def test_a_folder_that_cannot_be_used_costs_nothing_but_a_warning(self):
        self.folder.write_bytes(b"a file")
        key = put(b"abc")
        with self.assertLogs("bulkway_worker", logging.WARNING):
            self.assertEqual(self.given(key), b"abc")

    def test_a_number_that_is_none_is_refused_at_once(self):
        self.environment(BULKWAY_CACHE_BYTES="5GB")
        with self.assertRaisesRegex(ValueError, "5GB"):
            bulkway_worker.wrap(print)

    def test_threads_fetch_a_file_once(self):
        key = put(os.urandom(1_000_000))
        bulkway = bulkway_worker.wrap(lambda job: None, default="bytes")
        job = {"id": "job-1", "input": {"a": reference(key)}, "s3Config": s3_config}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(bulkway, [job] * 8))
        self.assertEqual(self.fetched, [key])

    def test_processes_share_it(self):
        # Less room than files: they remove each other's while they read.
        self.environment(BULKWAY_CACHE_BYTES="250000")
        keys = [put(os.urandom(100_000)) for _ in range(4)]
        context = multiprocessing.get_context("fork")
        workers = [context.Process(target=work, args=(keys, number)) for number in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        self.assertEqual([worker.exitcode for worker in workers], [0, 0, 0])
        for name in self.kept():
            content = (self.folder / name).read_bytes()
            self.assertEqual(name, f"sha256-{hashlib.sha256(content).hexdigest()}")


def work(keys, number):
    def check(job):
        for key, value in job["input"].items():
            assert hashlib.sha256(value).hexdigest() in keys[int(key)], key

    bulkway_worker._session.cache_clear()
    wrapped = bulkway_worker.wrap(check, default="bytes")
    for turn in range(8):
        at = (turn + number) % len(keys)
        value = {str(at): reference(keys[at])}
        wrapped({"id": "job-1", "input": value, "s3Config": s3_config})


if __name__ == "__main__":
    result = unittest.main(argv=[sys.argv[0]], exit=False).result
    if result.wasSuccessful() and result.testsRun:
        print("all is well")
    sys.exit(not result.wasSuccessful())
