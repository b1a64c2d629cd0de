"""Drives bulkway_worker.py against a job bucket.

Arguments: endpoint URL, access id, secret. `in/0-image.png` holds `input`.
"""

import asyncio
import base64
import dataclasses
import functools
import inspect
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock
from urllib.parse import parse_qs, quote, unquote

import boto3
import bulkway_worker
from botocore.exceptions import ReadTimeoutError

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
wrap, Output = bulkway_worker.wrap, bulkway_worker.Output
png = b"\x89PNG\r\n\x1a\n" + os.urandom(100_000)
temporary = tempfile.mkdtemp()
tempfile.tempdir = temporary


def job_of(value, **members):
    return {"id": "job-1", "input": value, "s3Config": s3_config, **members}


def put(key, content):
    s3.put_object(Bucket="job_files", Key=key, Body=content)
    return key


def reference(key, form="base64", media_type="image/png", of=access_id):
    details = f"as={form}&type={quote(media_type, safe='')}&bytes=1"
    return f"bulkway-input://{of}/{quote(key, safe='')}?{details}"


@dataclasses.dataclass
class Stored:
    key: str
    form: str
    type: str
    bytes: int
    content: bytes
    stored_type: str


def stored(text):
    """What a reference leads to."""
    where, query = text.removeprefix("bulkway-output://").split("?")
    owner, key = where.split("/", 1)
    assert text.startswith("bulkway-output://") and owner == access_id, text
    details = {name: one for name, (one,) in parse_qs(query, strict_parsing=True).items()}
    found = s3.get_object(Bucket="job_files", Key=unquote(key))
    content = found["Body"].read()
    assert int(details["bytes"]) == len(content), text
    return Stored(
        unquote(key),
        details["as"],
        details["type"],
        len(content),
        content,
        found["ContentType"],
    )


def inlined(text):
    """What an endpoint with inline outputs puts in the place of a reference."""
    found = stored(text)
    if found.form == "json":
        return json.loads(found.content)
    if found.form == "text":
        return found.content.decode()
    prefix = f"data:{found.type};base64," if found.form == "data-uri" else ""
    return prefix + base64.b64encode(found.content).decode()


def given(value, **options):
    """What a handler is given for an input."""
    seen = []

    def handler(job):
        seen.append(job["input"])

    wrap(handler, **options)(job_of(value))
    return seen[0]


def returned(output, job=None, **options):
    return wrap(lambda job: output, **options)(job or job_of({}))


class Inputs(unittest.TestCase):
    def test_without_references_the_job_is_the_very_same_object(self):
        job = job_of({"prompt": "a cat", "images": [{"image": "in/0-image.png"}]})
        self.assertIs(wrap(lambda job: job, min_bytes=1 << 40)(job), job)

    def test_original_strings_come_back(self):
        put("staged/a b%41?.png", png)
        text = "Grüße 😀\n" * 10
        put("staged/text", text.encode())
        encoded = base64.b64encode(png).decode()
        name = "staged/a b%41?.png"
        value = given(
            {
                "small": "x",
                "n": 1.5,
                "none": None,
                "list": [reference(name), {"uri": reference(name, "data-uri")}],
                "url": reference(name, "base64url"),
                "text": reference("staged/text", "text", "text/plain"),
            }
        )
        self.assertEqual(
            value,
            {
                "small": "x",
                "n": 1.5,
                "none": None,
                "list": [encoded, {"uri": f"data:image/png;base64,{encoded}"}],
                "url": base64.urlsafe_b64encode(png).decode(),
                "text": text,
            },
        )

    def test_a_whole_input_may_be_staged(self):
        put("staged/whole", b"abc")
        self.assertEqual(given(reference("staged/whole")), "YWJj")

    def test_all_lengths_around_the_borders_of_pieces(self):
        with mock.patch.object(bulkway_worker, "_PIECE_BYTES", 6):
            for length in range(20):
                content = os.urandom(length)
                put("staged/short", content)
                text = given({"a": reference("staged/short")})["a"]
                self.assertEqual(text, base64.b64encode(content).decode())

    def test_kinds_by_rule_and_by_default(self):
        put("staged/clip.PNG", png)
        one = reference("staged/clip.PNG")
        self.assertEqual(given({"a": one}, inputs={"/input/a": "bytes"})["a"], png)
        self.assertEqual(given({"a": one}, default="bytes")["a"], png)
        self.assertEqual(given({"a": one}, default="keep")["a"], one)
        rules = {"/input/items/0/x": "keep", "/input/items/*/x": "bytes"}
        value = given({"items": [{"x": one}, {"x": one}], "x": one}, inputs=rules)
        self.assertEqual(value["items"], [{"x": one}, {"x": png}])
        self.assertEqual(value["x"], base64.b64encode(png).decode())
        uri = given({"a": one}, inputs={"/input/a": "data-uri"})["a"]
        self.assertTrue(uri.startswith("data:image/png;base64,iVBOR"), uri[:40])
        self.assertEqual(given({"a~/b": one}, inputs={"/input/a~0~1b": "bytes"})["a~/b"], png)

    def test_kinds_by_media_type(self):
        put("staged/a", b"abc")
        types = ("image/png", "image/jpeg; q=1", "video/mp4", "text/plain")
        items = [reference("staged/a", media_type=one) for one in types]
        rules = {"image/PNG": "bytes", "image/*": "text", "video/mp4": "keep", "/input/3": "base64"}
        self.assertEqual(
            given(items, inputs=rules, default="bytes"), [b"abc", "abc", items[2], "YWJj"]
        )
        self.assertEqual(given(["in/0-image.png"], inputs={"image/*": "bytes"}), ["in/0-image.png"])

    def test_many_inputs_come_each_to_its_place(self):
        for number in range(20):
            put(f"staged/{number}", str(number).encode())
        items = [{"a": reference(f"staged/{number}")} for number in range(20)]
        expected = [{"a": str(number).encode()} for number in range(20)]
        self.assertEqual(given(items, default="bytes"), expected)
        items[7]["a"] = reference("staged/gone")
        with self.assertRaisesRegex(bulkway_worker.InputError, "/input/7/a"):
            given(items, default="path")
        self.assertEqual(os.listdir(temporary), [])

    def test_paths_and_files_live_as_long_as_the_job(self):
        put("staged/my clip (1).mp4", png)
        one = reference("staged/my clip (1).mp4")
        seen = {}

        def handler(job):
            seen.update(job["input"])
            with open(job["input"]["path"], "rb") as file:
                self.assertEqual(file.read(), png)
            self.assertEqual(job["input"]["file"].read(), png)
            pathlib.Path(job["input"]["path"] + ".out").write_bytes(b"beside")
            return pathlib.Path(job["input"]["path"] + ".out")

        rules = {"/input/path": "path", "/input/file": "file"}
        output = wrap(handler, inputs=rules)(job_of({"path": one, "file": one}))
        self.assertEqual(stored(output).content, b"beside")
        self.assertEqual(os.path.basename(seen["path"]), "my_clip_1_.mp4")
        self.assertFalse(os.path.exists(seen["path"]))
        self.assertTrue(seen["file"].closed)
        self.assertEqual(os.listdir(temporary), [])

    def test_a_generator_keeps_its_files_until_it_ends_or_is_left(self):
        put("staged/a", b"abc")

        def handler(job):
            for _ in range(3):
                yield pathlib.Path(job["input"]["a"]).read_text()

        generator = wrap(handler, inputs={"/input/a": "path"})(job_of({"a": reference("staged/a")}))
        self.assertEqual(next(generator), "abc")
        self.assertEqual(len(os.listdir(temporary)), 1)
        generator.close()
        self.assertEqual(os.listdir(temporary), [])

    def test_plain_keys_only_by_rule(self):
        uri = "s3://job_files/in/0-image.png"
        value = {"a": "in/0-image.png", "b": uri, "c": "s3://other/in/0-image.png"}
        self.assertEqual(given(value), value)
        rules = {"/input/*": "bytes"}
        self.assertEqual(
            given(value, inputs=rules), {"a": b"input", "b": b"input", "c": value["c"]}
        )
        self.assertEqual(
            given({"a": "in/0-image.png"}, inputs={"/input/a": "original"})["a"],
            base64.b64encode(b"input").decode(),
        )

    def test_plain_keys_of_a_store_itself_begin_with_their_prefix(self):
        config = {**s3_config, "keyPrefix": "native/é/"}
        key = put("native/é/in/0-a.png", b"native")
        value = {"a": key, "b": f"s3://job_files/{key}", "c": "native/in/0-a.png"}
        seen = []

        def handler(job):
            seen.append(job["input"])

        wrap(handler, inputs={"/input/*": "bytes"})(job_of(value, s3Config=config))
        wrap(handler)(job_of(value, s3Config=config))
        self.assertEqual(seen, [{**value, "a": b"native", "b": b"native"}, value])

    def test_what_is_no_reference_of_this_job_stays(self):
        for text in (
            reference("staged/a", of="BW1OTHER"),
            reference("staged/a", form="nonsense"),
            "bulkway-input://",
            f"bulkway-input://{access_id}",
            f"bulkway-input://{access_id}/key",
            f" {reference('staged/a')}",
            f"{reference('staged/a')}#x",
        ):
            self.assertEqual(given({"a": text}), {"a": text})

    def test_an_input_that_is_gone_fails_the_job_and_names_it(self):
        with self.assertRaisesRegex(
            bulkway_worker.InputError, r"Cannot fetch /input/a \(staged/gone\)"
        ) as caught:
            given({"a": reference("staged/gone")})
        self.assertNotIn(secret, str(caught.exception))
        with self.assertRaises(bulkway_worker.InputError):
            given({"a": reference("staged/gone")}, inputs={"/input/a": "path"})
        self.assertEqual(os.listdir(temporary), [])

    def test_a_connection_that_breaks_is_taken_up_again(self):
        content = os.urandom(300_000)
        put("staged/long", content)
        reads = []

        class Breaking:
            def __init__(self, body):
                self.body = body

            def read(self, size):
                reads.append(size)
                if len(reads) % 2 == 0:
                    raise ReadTimeoutError(endpoint_url=endpoint)
                return self.body.read(size)

            def close(self):
                self.body.close()

        opened = bulkway_worker._Bucket._open

        def breaking(bucket):
            client = opened(bucket)
            whole = client.get_object

            class Client:
                @staticmethod
                def get_object(**members):
                    answer = whole(**members)
                    return {**answer, "Body": Breaking(answer["Body"])}

                close = client.close

            return Client

        with (
            mock.patch.object(bulkway_worker, "_PIECE_BYTES", 60_000),
            mock.patch.object(bulkway_worker._Bucket, "_open", breaking),
        ):
            value = given({"a": reference("staged/long")}, default="bytes")
        self.assertEqual(value["a"], content)
        self.assertGreater(len(reads), 8)

    def test_faulty_options_are_named_at_once(self):
        with self.assertRaisesRegex(ValueError, "Unknown kind 'image'"):
            wrap(print, inputs={"/input/a": "image"})
        with self.assertRaisesRegex(ValueError, "Unknown kind 'blob'"):
            wrap(print, default="blob")
        for pattern in ("input/a/b", "", "image", "*/*"):
            with self.assertRaisesRegex(ValueError, "is no JSON Pointer of the job"):
                wrap(print, inputs={pattern: "path"})
        with self.assertRaisesRegex(ValueError, "'/image' does not begin with /input"):
            wrap(print, inputs={"/image": "path"})
        with self.assertRaisesRegex(ValueError, "Unknown form"):
            Output(b"", form="hex")
        with self.assertRaisesRegex(ValueError, "no media type"):
            Output(b"", type="image")


class Outputs(unittest.TestCase):
    def test_small_outputs_stay_the_very_same_object(self):
        for output in ({"a": [1, "x" * 1000]}, ["a"], "text", 1, True, None, {}, 1.5):
            self.assertIs(returned(output), output)

    def test_large_strings_become_what_they_are(self):
        encoded = base64.b64encode(png).decode()
        uri = f"data:image/png;charset=x;base64,{encoded}"
        words = "many words " * 10_000
        wide = "Größe 😀" * 20_000
        half = "x" * 100_000 + "\ud800"
        hexadecimal = png.hex() + "0" * (-len(png.hex()) % 4)
        output = returned(
            {
                "image": encoded,
                "list": [{"uri": uri}],
                "text": words,
                "wide": wide,
                "half": half,
                "hex": hexadecimal,
                "small": "x",
            }
        )
        image = stored(output["image"])
        self.assertEqual(
            (image.form, image.type, image.stored_type, image.content),
            ("base64", "image/png", "image/png", png),
        )
        self.assertRegex(image.key, r"^out/[0-9a-f]{8}/1-image\.png$")
        self.assertEqual(stored(output["list"][0]["uri"]).type, "image/png;charset=x")
        self.assertRegex(stored(output["list"][0]["uri"]).key, r"-uri\.png$")
        self.assertEqual(stored(output["text"]).type, "text/plain; charset=utf-8")
        self.assertEqual(stored(output["half"]).form, "json")
        self.assertEqual(stored(output["hex"]).form, "text")
        self.assertEqual(output["small"], "x")
        expected = {
            "image": encoded,
            "text": words,
            "wide": wide,
            "half": half,
            "hex": hexadecimal,
        }
        for name, text in expected.items():
            self.assertEqual(inlined(output[name]), text, name)
        self.assertEqual(inlined(output["list"][0]["uri"]), uri)

    def test_what_only_begins_as_base64_is_kept_to_the_letter(self):
        encoded = base64.b64encode(bytes(range(256)) * 400).decode()
        for text in (
            encoded[:-4] + "AB==",  # bits that no encoder sets
            encoded[:-3],
            encoded[: len(encoded) // 2] + "\n" + encoded[len(encoded) // 2 + 1 :],
            encoded[:80_000] + "====" + encoded[80_004:],
            encoded[:80_000] + "é" + encoded[80_001:],
            encoded.replace("+", "-").replace("/", "_"),
            "data:;base64," + encoded,
            "data:image/png," + encoded,
            "data:image/png;base64," + encoded[:-4] + "!!!!",
        ):
            with mock.patch.object(bulkway_worker, "_SLICE_CHARACTERS", 40_000):
                self.assertEqual(inlined(returned(text)), text)

    def test_lengths_around_the_border_of_slices(self):
        with mock.patch.object(bulkway_worker, "_SLICE_CHARACTERS", 16):
            for length in range(1, 40):
                text = base64.b64encode(os.urandom(length)).decode()
                self.assertEqual(inlined(returned({"a": Output(text)})["a"]), text)

    def test_bytes_files_paths_and_iterators(self):
        path = os.path.join(temporary, "song.mp3")
        with open(path, "wb") as file:
            file.write(b"no signature")
        buffer = io.BytesIO()
        buffer.write(png)
        opened = open(path, "rb")
        output = returned(
            {
                "bytes": png,
                "array": bytearray(png),
                "view": memoryview(png)[8:],
                "few": b"abc",
                "path": pathlib.Path(path),
                "buffer": buffer,
                "opened": opened,
                "words": io.StringIO("words é"),
                "parts": iter([png[:5], b"", memoryview(png)[5:10], bytearray(png[10:])]),
                "lines": (line for line in ["a", "é"]),
                "nothing": iter(()),
                "tuple": (png, 1),
            }
        )
        json.dumps(output)
        for name in ("bytes", "array", "buffer", "parts"):
            found = stored(output[name])
            self.assertEqual((found.content, found.form, found.type), (png, "base64", "image/png"))
        self.assertEqual(stored(output["view"]).content, png[8:])
        self.assertEqual(output["few"], "YWJj")
        for name in ("path", "opened"):
            found = stored(output[name])
            self.assertEqual((found.content, found.type), (b"no signature", "audio/mpeg"))
            self.assertRegex(found.key, r"-song\.mp3$")
        self.assertTrue(opened.closed)
        self.assertEqual(inlined(output["words"]), "words é")
        self.assertEqual(inlined(output["lines"]), "aé")
        self.assertEqual(stored(output["nothing"]).content, b"")
        self.assertEqual(stored(output["tuple"][0]).content, png)
        os.remove(path)

    def test_the_same_value_twice_is_stored_once(self):
        image, parts = png * 2, iter([b"a", b"b"])
        output = returned({"a": image, "b": [image], "c": parts, "d": parts})
        self.assertEqual(output["a"], output["b"][0])
        self.assertEqual(stored(output["c"]).content, b"ab")
        self.assertEqual(output["c"], output["d"])

    def test_output_says_more(self):
        output = returned(
            {
                "a": Output(b"tiny", type="model/gltf-binary"),
                "b": Output("{}", form="text", name="../x y.svg"),
                "c": Output({"n": [1, "é"]}, form="json"),
                "d": Output("é", form="json"),
                "e": Output(b"abc", form="data-uri", type="audio/wav"),
                "f": Output(b"[1]", form="json", name="f.json"),
            }
        )
        self.assertEqual(stored(output["a"]).type, "model/gltf-binary")
        self.assertRegex(stored(output["b"]).key, r"-_x_y\.svg$")
        self.assertEqual(inlined(output["b"]), "{}")
        self.assertEqual(inlined(output["c"]), {"n": [1, "é"]})
        self.assertEqual(inlined(output["d"]), "é")
        self.assertEqual(inlined(output["e"]), "data:audio/wav;base64,YWJj")
        self.assertEqual(inlined(output["f"]), [1])

    def test_an_output_that_is_still_too_long_becomes_one_file(self):
        output = {"vectors": [[0.5] * 100] * 100, "half": "\ud800", "é": "é"}
        text = returned(output, max_bytes=10_000)
        self.assertEqual(stored(text).type, "application/json")
        self.assertEqual(inlined(text), output)

    def test_members_that_the_loop_reads_stay_where_they_are(self):
        rest = {"vectors": [[0.5] * 100] * 100, "n": 1}
        output = returned({**rest, "refresh_worker": True}, max_bytes=10_000)
        self.assertEqual((output["refresh_worker"], output["n"]), (True, 1))
        self.assertEqual(inlined(output["vectors"]), rest["vectors"])
        error = "e" * 100_000
        self.assertEqual(returned({"error": error}), {"error": error})
        output = returned({"error": "e" * 9_000_000, "a": 1})
        self.assertIn("8737856 characters left out", output["error"])
        self.assertLess(len(output["error"]), 300_000)
        with self.assertRaisesRegex(bulkway_worker.OutputError, "too large: 1000 bytes allowed"):
            returned({"error": "x", **{str(n): "y" * 50 for n in range(100)}}, max_bytes=1000)

    def test_what_is_no_json_fails_instead_of_being_lost(self):
        for output in ({"a": object()}, {1, 2}, {(1, 2): 3}):
            with self.assertRaisesRegex(bulkway_worker.OutputError, "The output is no JSON"):
                returned(output)
        with self.assertRaisesRegex(bulkway_worker.OutputError, "bytes or text, not int"):
            returned({"a": iter([1])})

    def test_a_failing_upload_fails_the_job_and_names_the_output(self):
        with self.assertRaisesRegex(bulkway_worker.OutputError, "Cannot store /output/a: FileNotF"):
            returned({"a": pathlib.Path("/nowhere/at/all")})
        job = job_of({}, s3Config={**s3_config, "accessSecret": "wrong"})
        with self.assertRaisesRegex(bulkway_worker.OutputError, "Cannot store /output/0: Client"):
            returned([png, png[:-1], png[:-2]], job)

    def test_an_iterator_that_fails_leaves_nothing_and_its_error_passes(self):
        def parts():
            for _ in range(3):
                yield os.urandom(6_000_000)
            raise KeyError("mine")

        before = len(s3.list_objects_v2(Bucket="job_files").get("Contents", []))
        for count in (1, 2):
            with self.assertRaisesRegex(KeyError, "mine"):
                returned([parts() for _ in range(count)])
        self.assertEqual(len(s3.list_objects_v2(Bucket="job_files").get("Contents", [])), before)

    def test_errors_of_the_handler_pass_untouched(self):
        error = ZeroDivisionError("mine")

        def handler(job):
            raise error

        async def later(job):
            raise error

        for one in (
            lambda: wrap(handler)(job_of({})),
            lambda: asyncio.run(wrap(later)(job_of({}))),
        ):
            with self.assertRaises(ZeroDivisionError) as caught:
                one()
            self.assertIs(caught.exception, error)

    def test_an_error_that_repeats_its_input_is_shortened(self):
        def handler(job):
            raise ValueError("not an image: " + "A" * 9_000_000)

        with self.assertRaisesRegex(RuntimeError, "^ValueError: not an image: AAA") as caught:
            wrap(handler)(job_of({}))
        self.assertLess(len(str(caught.exception)), 300_000)
        self.assertTrue(caught.exception.__suppress_context__)

    def test_without_an_s3_config_all_passes_as_it_came(self):
        large = "x" * 9_000_000
        for config in (
            None,
            {**s3_config, "accessId": "AKIACALLERSOWN"},
            {"accessId": "BW1"},
        ):
            job = job_of({"a": reference("staged/a")}, s3Config=config)
            self.assertIs(wrap(lambda job: job["input"])(job), job["input"])
            output = {"a": large}
            with self.assertLogs("bulkway_worker", "WARNING") as logged:
                self.assertIs(returned(output, job), output)
            self.assertEqual(len(logged.output), 1)
            output = returned({"a": b"abc", "b": iter([b"a", b"bc"]), "c": Output("x")}, job)
            self.assertEqual(output, {"a": "YWJj", "b": "YWJj", "c": "x"})
            self.assertEqual(
                returned(Output(b"abc", form="data-uri", type="a/b"), job),
                "data:a/b;base64,YWJj",
            )
            self.assertEqual(returned(Output([1], form="json"), job), [1])

    def test_keys_of_a_store_itself_write_below_their_prefix(self):
        job = job_of({}, s3Config={**s3_config, "keyPrefix": "native/é/"})
        self.assertRegex(
            stored(returned(png, job)).key, r"^native/é/out/[0-9a-f]{8}/1-output\.png$"
        )


class Sorts(unittest.TestCase):
    def test_a_handler_stays_what_it_was(self):
        def plain(job):
            """Documented."""

        async def later(job): ...

        def chunks(job):
            yield

        async def chunks_later(job):
            yield

        self.assertEqual(wrap(plain).__doc__, "Documented.")
        for test in (
            inspect.iscoroutinefunction,
            inspect.isgeneratorfunction,
            inspect.isasyncgenfunction,
        ):
            for handler in (plain, later, chunks, chunks_later):
                self.assertEqual(test(handler), test(wrap(handler)))

    def test_async_handlers(self):
        put("staged/a", b"abc")
        thread = threading.get_ident()

        async def parts():
            yield b"a"
            await asyncio.sleep(0.01)
            assert threading.get_ident() == thread
            yield b"b"

        async def handler(job):
            await asyncio.sleep(0)
            return {"a": job["input"]["a"], "image": png, "parts": parts()}

        job = job_of({"a": reference("staged/a")})
        for one in (
            wrap(handler),
            wrap(lambda job: handler(job)),
            wrap(functools.partial(handler)),
        ):
            output = asyncio.run(one(job))
            self.assertEqual(output["a"], "YWJj")
            self.assertEqual(stored(output["image"]).content, png)
            self.assertEqual(stored(output["parts"]).content, b"ab")

    def test_a_plain_handler_cannot_give_an_async_iterator(self):
        async def parts():
            yield b"a"

        with self.assertRaisesRegex(bulkway_worker.OutputError, "needs an async handler"):
            returned(parts())

    def test_generators(self):
        put("staged/a", b"abc")

        def chunks(job):
            yield job["input"]["a"]
            yield {"image": png}
            yield "token"
            yield {"vectors": [0.5] * 300_000}

        async def chunks_later(job):
            for chunk in chunks(job):
                yield chunk

        async def listed(job):
            return [chunk async for chunk in wrap(chunks_later)(job)]

        job = job_of({"a": reference("staged/a")})
        for output in (list(wrap(chunks)(job)), asyncio.run(listed(job))):
            self.assertEqual((output[0], output[2]), ("YWJj", "token"))
            self.assertEqual(stored(output[1]["image"]).content, png)
            self.assertEqual(inlined(output[3]), {"vectors": [0.5] * 300_000})

    def test_chunks_that_are_answered_together_stay_below_the_limit_together(self):
        def chunks(job):
            for number in range(40):
                yield {"n": number, "part": "p" * 50_000}
                yield "short"

        apart = list(wrap(chunks, max_bytes=400_000)(job_of({})))
        self.assertEqual(apart, list(chunks({})))
        together = list(wrap(chunks, max_bytes=400_000, aggregate=True)(job_of({})))
        self.assertEqual(together[:2], apart[:2])
        self.assertLess(len(json.dumps(together)), 400_000)
        is_reference = [isinstance(one, str) and one.startswith("bulkway-") for one in together]
        self.assertEqual(sum(is_reference), 37)
        whole = [inlined(one) if stays else one for one, stays in zip(together, is_reference)]
        self.assertEqual(whole, apart)

    def test_a_generator_that_fails_has_given_its_chunks(self):
        def chunks(job):
            yield png
            raise KeyError("mine")

        generator = wrap(chunks)(job_of({}))
        self.assertEqual(stored(next(generator)).content, png)
        with self.assertRaisesRegex(KeyError, "mine"):
            next(generator)

    def test_a_job_that_is_stopped_leaves_nothing(self):
        started = threading.Event()

        async def endless():
            started.set()
            while True:
                yield os.urandom(100_000)
                await asyncio.sleep(0.001)

        async def handler(job):
            return endless()

        async def stopped():
            job = job_of({"a": reference("in/0-image.png")})
            running = asyncio.ensure_future(wrap(handler, default="path")(job))
            await asyncio.to_thread(started.wait)
            await asyncio.sleep(0.3)
            running.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await running

        before = len(s3.list_objects_v2(Bucket="job_files").get("Contents", []))
        asyncio.run(stopped())
        self.assertEqual(os.listdir(temporary), [])
        self.assertEqual(len(s3.list_objects_v2(Bucket="job_files").get("Contents", [])), before)

    def test_jobs_at_the_same_time(self):
        async def handler(job):
            await asyncio.sleep(0.01)
            return {"a": job["input"], "b": os.urandom(1) * 100_000}

        async def all_of_them():
            wrapped = wrap(handler, min_bytes=1000)
            return await asyncio.gather(*(wrapped(job_of(str(n) * 2000)) for n in range(8)))

        output = asyncio.run(all_of_them())
        self.assertEqual([inlined(one["a"]) for one in output], [str(n) * 2000 for n in range(8)])
        self.assertEqual(len({stored(one["b"]).key for one in output}), 8)

    def test_a_platform_that_runs_a_job_again_keeps_what_was_referred_to(self):
        first, second = returned({"a": png}), returned({"a": png[::-1]})
        self.assertEqual(
            (stored(first["a"]).content, stored(second["a"]).content), (png, png[::-1])
        )


class Memory(unittest.TestCase):
    """Each in a process of its own, whose largest size is that of what it did."""

    def grown(self, body):
        script = f"""
import json, os, resource, sys, bulkway_worker
config = json.loads(sys.argv[1])
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def run(handler, given={{}}, **options):
    return bulkway_worker.wrap(handler, **options)({{"id": "1", "input": given, "s3Config": config}})
run(lambda job: b"x" * 100_000)
before = peak()
{body}
print(peak() - before)
"""
        arguments = [sys.executable, "-c", script, json.dumps(s3_config)]
        return float(subprocess.run(arguments, check=True, capture_output=True).stdout)

    def test_an_iterator_is_sent_in_parts(self):
        grown = self.grown("run(lambda job: (os.urandom(1_000_000) for _ in range(150)))")
        self.assertLess(grown, 90)

    def test_a_string_is_decoded_on_the_way(self):
        body = """
text = "iVBOR" + "A" * 150_000_003
before = peak()
run(lambda job: {"image": text})
"""
        self.assertLess(self.grown(body), 90)

    def test_an_input_takes_little_more_than_itself(self):
        put("staged/large", os.urandom(1_000_000) * 60)
        given = f"given = {{'a': {reference('staged/large')!r}}}\n"
        text = self.grown(given + "run(lambda job: len(job['input']['a']), given)")
        self.assertLess(text, 80 + 60)
        path = self.grown(given + "run(lambda job: None, given, default='path')")
        self.assertLess(path, 40)


print("python", sys.version.split()[0], "boto3", boto3.__version__)
program = unittest.main(argv=["bulkway_worker", *sys.argv[4:]], exit=False)
if not program.result.wasSuccessful():
    sys.exit(1)
assert os.listdir(temporary) == [], os.listdir(temporary)
os.rmdir(temporary)
print("all is well")
