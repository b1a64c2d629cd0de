"""Lets a RunPod handler that was written for small values take and give large ones.

    import bulkway_worker
    import runpod

    runpod.serverless.start({"handler": bulkway_worker.wrap(handler)})

Inputs that the gateway staged are handed to the handler as what they were; large outputs are
streamed to the job's bucket, and a reference of some hundred bytes is returned in their place. Both
ways use the job's `s3Config`. Needs boto3, which is imported when the first file moves.

Inputs that the gateway names by their SHA-256 are kept on local disk where `BULKWAY_CACHE_DIR` names
a folder for them, of `BULKWAY_CACHE_BYTES` at most (5 GiB): what comes again is not fetched again.
"""

from __future__ import annotations

import asyncio
import binascii
import codecs
import concurrent.futures
import contextlib
import dataclasses
import functools
import hashlib
import inspect
import io
import itertools
import json
import logging
import mimetypes
import os
import pathlib
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from typing import Any, Literal
from urllib.parse import parse_qs, quote, unquote

__all__ = ["InputError", "Output", "OutputError", "wrap"]
__version__ = "0.1.0"

#: What the handler is given for a staged input. `original` is the string that the client sent.
Kind = Literal[
    "original", "base64", "base64url", "data-uri", "text", "bytes", "file", "path", "keep"
]
#: How an output stands in the answer of an endpoint that has its outputs inline.
Form = Literal["base64", "data-uri", "text", "json"]

_KINDS = frozenset(Kind.__args__)  # type: ignore[attr-defined]
_FORMS = frozenset(Form.__args__)  # type: ignore[attr-defined]
_log = logging.getLogger("bulkway_worker")
_Path = tuple[str, ...]

#: Bytes read at once: a multiple of 3, so that each piece is base64 of its own.
_PIECE_BYTES = 12 * 1024 * 1024
#: Characters of base64 taken at once: a multiple of 4.
_SLICE_CHARACTERS = 4 * 1024 * 1024
_PART_BYTES = 8 * 1024 * 1024
_PARTS_IN_FLIGHT = 4
_SHORT_CHUNK_BYTES = 1024
_FILES_AT_ONCE = 4
_TRIES = 5
_ERROR_MAX_CHARACTERS = 256 * 1024
_CACHE_BYTES = 5 * 1024**3
#: Seconds after which what a process left half fetched is nobody's.
_CACHE_STALE_SECONDS = 6 * 3600
#: Members of an output that RunPod's loop takes out of it.
_RESERVED = ("error", "refresh_worker")


class InputError(RuntimeError):
    """A staged input could not be fetched; the job fails with this text."""


class OutputError(RuntimeError):
    """An output could not be stored or is no JSON; the job fails, instead of being lost."""


@dataclasses.dataclass(frozen=True)
class Output:
    """An output that is stored whatever its size, with more said about it than its value says.

    `value` is anything that `wrap` stores, or with `form="json"` any value that is JSON. `name` is
    the file's name, whose extension gives the media type where `type` does not.
    """

    value: Any
    form: Form | None = None
    type: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if self.form is not None and self.form not in _FORMS:
            raise ValueError(f"Unknown form {self.form!r}: one of {', '.join(sorted(_FORMS))}")
        if self.type is not None and not _MEDIA_TYPE.fullmatch(self.type):
            raise ValueError(f"{self.type!r} is no media type")


def wrap(
    handler: Callable[..., Any],
    *,
    inputs: Mapping[str, Kind] | None = None,
    default: Kind = "original",
    min_bytes: int = 64 * 1024,
    max_bytes: int = 8 * 1024 * 1024,
    chunk_max_bytes: int = 900_000,
    aggregate: bool = False,
) -> Callable[..., Any]:
    """Makes a handler of the same sort (plain, async, generator, …) that takes and gives files.

    `inputs` says what the handler is given for a staged input: by JSON Pointer of the job
    (`/input/images/*`, `*` for any one segment) or by media type (`video/*`); of each sort the
    first that matches counts, and a place before a type. `default` is for all others. Strings and
    bytes of `min_bytes` or more are stored, and an output whose JSON is still longer than
    `max_bytes` (`chunk_max_bytes` for one chunk of a generator) as a whole. `aggregate` is for
    generators with RunPod's `return_aggregate_stream`: their chunks together stay below `max_bytes`
    too. Raises ValueError for an unknown kind or a pattern that is none.
    """
    rules = inputs or {}
    for kind in (default, *rules.values()):
        if kind not in _KINDS:
            raise ValueError(f"Unknown kind {kind!r}: one of {', '.join(sorted(_KINDS))}")
    places, types = _parse_patterns(rules)
    whole = _Options(places, types, default, min_bytes, max_bytes, cache=_Cache.of(os.environ))
    chunked = dataclasses.replace(
        whole, max_bytes=chunk_max_bytes, total_max_bytes=max_bytes if aggregate else None
    )

    # RunPod's loop tells handlers apart by what kind of function they are.
    if inspect.isasyncgenfunction(handler):
        return _wrap_async_generator(handler, chunked)
    if inspect.isgeneratorfunction(handler):
        return _wrap_generator(handler, chunked)
    if inspect.iscoroutinefunction(handler):
        return _wrap_async(handler, whole)
    return _wrap_plain(handler, whole)


@dataclasses.dataclass(frozen=True)
class _Options:
    places: list[tuple[_Path, Kind]]
    types: list[tuple[str, Kind]]
    default: Kind
    min_bytes: int
    max_bytes: int
    #: Bytes of JSON that all chunks of a generator may have together; None where they do not count.
    total_max_bytes: int | None = None
    cache: _Cache | None = None

    def kind_at(self, path: _Path) -> Kind | None:
        """What a rule says of a place."""
        for pattern, kind in self.places:
            if len(pattern) == len(path) and all(
                wanted in ("*", segment) for wanted, segment in zip(pattern, path, strict=True)
            ):
                return kind
        return None

    def kind_of(self, media_type: str) -> Kind:
        """What is given for a media type where no rule says anything of the place."""
        plain = media_type.split(";", 1)[0].strip().lower()
        major = plain.split("/", 1)[0]
        for pattern, kind in self.types:
            if pattern in (plain, f"{major}/*"):
                return kind
        return self.default


# --- the four sorts of handlers -------------------------------------------------------------------


def _wrap_plain(handler: Callable[..., Any], options: _Options) -> Callable[..., Any]:
    @functools.wraps(handler)
    def handling(job: dict[str, Any]) -> Any:
        with contextlib.ExitStack() as stack:
            run = _Run(job, options)
            stack.callback(run.close)
            try:
                output = handler(run.given())
            except Exception as error:
                _raise_brief(error)
                raise
            if not inspect.isawaitable(output):
                return run.finish(output)
            stack.pop_all()
        return _await_and_finish(output, run)

    return handling


def _wrap_async(handler: Callable[..., Any], options: _Options) -> Callable[..., Any]:
    @functools.wraps(handler)
    async def handling(job: dict[str, Any]) -> Any:
        run = _Run(job, options)
        try:
            given = await run.given_async()
        except BaseException:
            run.close()
            raise
        awaitable = handler(given)
        del given
        return await _await_and_finish(awaitable, run)

    return handling


async def _await_and_finish(awaitable: Awaitable[Any], run: _Run) -> Any:
    try:
        try:
            output = await awaitable
        except Exception as error:
            _raise_brief(error)
            raise
        del awaitable
        return await run.finish_async(output)
    finally:
        run.close()


def _wrap_generator(handler: Callable[..., Any], options: _Options) -> Callable[..., Any]:
    @functools.wraps(handler)
    def handling(job: dict[str, Any]) -> Generator[Any, None, None]:
        run = _Run(job, options)
        try:
            with contextlib.closing(handler(run.given())) as chunks:
                for chunk in chunks:
                    yield run.finish(chunk)
        except Exception as error:
            _raise_brief(error)
            raise
        finally:
            run.close()

    return handling


def _wrap_async_generator(handler: Callable[..., Any], options: _Options) -> Callable[..., Any]:
    @functools.wraps(handler)
    async def handling(job: dict[str, Any]) -> AsyncIterator[Any]:
        run = _Run(job, options)
        try:
            async with contextlib.aclosing(handler(await run.given_async())) as chunks:
                async for chunk in chunks:
                    yield await run.finish_async(chunk)
        except Exception as error:
            _raise_brief(error)
            raise
        finally:
            run.close()

    return handling


def _raise_brief(error: Exception) -> None:
    """Raises a shorter error for one that repeats its input, which the platform would drop."""
    text = str(error)
    if len(text) > _ERROR_MAX_CHARACTERS:
        brief = RuntimeError(f"{type(error).__name__}: {_shorten(text)}")
        raise brief.with_traceback(error.__traceback__) from None


def _shorten(text: str) -> str:
    half = _ERROR_MAX_CHARACTERS // 2
    return f"{text[:half]} … {len(text) - 2 * half} characters left out … {text[-half:]}"


# --- one run of one job ---------------------------------------------------------------------------


class _Stopped(Exception):
    """The job was stopped while its files were moving."""


class _Run:
    """Files of one job: what is fetched for it, what is stored for it, and where."""

    def __init__(self, job: dict[str, Any], options: _Options) -> None:
        self._job = job
        self._options = options
        self._bucket = _Bucket.of(job.get("s3Config"))
        self._folder: str | None = None
        self._opened: list[io.BufferedReader] = []
        self._lock = threading.Lock()
        self._sent = 0
        # A platform that runs a job again must not write over what the first run has referred to.
        self._token = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._warned = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def close(self) -> None:
        """Removes what was fetched."""
        for file in self._opened:
            file.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._bucket is not None:
            self._bucket.close()

    # inputs

    def given(self) -> dict[str, Any]:
        """The job as the handler expects it: the same object where nothing was staged."""
        staged = self._find_staged()
        if not staged:
            return self._job

        restored = dict(_at_once(self._restore, staged.items()))

        def restore(value: Any, path: _Path) -> Any:
            return restored.pop(path, value)

        return {**self._job, "input": _map(self._job["input"], ("input",), restore)}

    async def given_async(self) -> dict[str, Any]:
        if not self._find_staged():
            return self._job
        given: dict[str, Any] = await self._in_thread(self.given)
        return given

    def _find_staged(self) -> dict[_Path, _Staged]:
        found: dict[_Path, _Staged] = {}

        def look(value: Any, path: _Path) -> Any:
            if isinstance(value, str) and self._bucket is not None:
                rule = self._options.kind_at(path)
                staged = _parse_input(value, self._bucket.access_id)
                if staged is None and rule is not None:
                    staged = _parse_key(value, self._bucket)
                if staged is not None:
                    kind = rule or self._options.kind_of(staged.type)
                    if kind != "keep":
                        kind = staged.kind if kind == "original" else kind
                        found[path] = dataclasses.replace(staged, kind=kind)
            return value

        if self._bucket is not None and "input" in self._job:
            _map(self._job["input"], ("input",), look)
        return found

    def _restore(self, item: tuple[_Path, _Staged]) -> tuple[_Path, Any]:
        path, staged = item
        try:
            return path, self._fetch(staged)
        except _Stopped:
            raise
        except Exception as error:
            raise InputError(
                f"Cannot fetch {_pointer(path)} ({staged.key}): {_reason(error)}"
            ) from error

    def _fetch(self, staged: _Staged) -> Any:
        bucket, kind, cache = self._bucket, staged.kind, self._options.cache
        assert bucket is not None
        kept = None if cache is None else cache.open(bucket, staged.key)
        if kind in ("path", "file"):
            target = self._new_path(staged.key)
            if kept is None:
                bucket.download(staged.key, target)
            else:
                # A copy: what the handler does to its file stays its own.
                with kept, open(target, "wb") as file:
                    shutil.copyfileobj(kept, file, _PART_BYTES)
            if kind == "path":
                return target
            self._opened.append(open(target, "rb"))  # noqa: SIM115
            return self._opened[-1]
        pieces = bucket.read(staged.key) if kept is None else _read_file(kept)
        if kind == "bytes":
            buffer = io.BytesIO()
            for piece in pieces:
                buffer.write(piece)
            return buffer.getvalue()
        if kind == "text":
            return _concatenate(codecs.iterdecode(pieces, "utf-8"))
        prefix = f"data:{staged.type};base64," if kind == "data-uri" else ""
        return _concatenate(_encode_base64(pieces, url=kind == "base64url"), prefix)

    def _new_path(self, key: str) -> str:
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.mkdtemp(prefix="bulkway-")
        # Each in a folder of its own: handlers write beside their inputs, and look at their names.
        folder = os.path.join(self._folder, str(next(self._numbers)))
        os.mkdir(folder)
        return os.path.join(folder, _file_name(key.rsplit("/", 1)[-1]))

    # outputs

    def finish(self, output: Any) -> Any:
        """The output as RunPod's package can send it."""
        if output is None or output.__class__ in _PLAIN:
            return output
        planned, uploads = self._plan(output)
        return self._settle(planned, uploads)

    async def finish_async(self, output: Any) -> Any:
        if output is None or output.__class__ in _PLAIN:
            return output
        self._loop = asyncio.get_running_loop()
        planned, uploads = self._plan(output)
        if uploads:
            return await self._in_thread(self._settle, planned, uploads)
        return self._settle(planned, uploads)

    def _plan(self, output: Any) -> tuple[Any, list[_Upload]]:
        """Puts an upload in the place of each value that is to be stored."""
        uploads: dict[int, _Upload] = {}

        def plan(value: Any, path: _Path) -> Any:
            if len(path) == 2 and path[1] in _RESERVED:
                return value
            if not self._is_stored(value):
                return value
            # The same file twice is stored once, and an iterator can be read once only.
            known = uploads.get(id(value))
            if known is None:
                known = uploads[id(value)] = _Upload(value, path, next(self._numbers))
            return known

        return _map(output, ("output",), plan), list(uploads.values())

    def _is_stored(self, value: Any) -> bool:
        if isinstance(value, str):
            return self._bucket is not None and _is_long(value, self._options.min_bytes)
        return isinstance(value, Output) or self._is_file(value)

    @staticmethod
    def _is_file(value: Any) -> bool:
        if isinstance(value, os.PathLike) or _is_bytes(value):
            return True
        return hasattr(value, "read") or hasattr(value, "__next__") or hasattr(value, "__anext__")

    def _settle(self, planned: Any, uploads: list[_Upload]) -> Any:
        if uploads:
            _at_once(self._store, uploads)
            planned = _map(planned, (), lambda value, _: _placed(value))
        return self._fit(planned)

    def _store(self, upload: _Upload) -> None:
        value, path = upload.value, upload.path
        said = value if isinstance(value, Output) else Output(value)
        try:
            if self._bucket is None or self._stays(value):
                upload.placed = self._inline(said)
                return
            for form, media_type, pieces in self._readings(said):
                try:
                    upload.placed = self._put(form, media_type, pieces, said, upload)
                    return
                except (_NotBase64, UnicodeEncodeError):
                    # Not what it looked like from its beginning; nothing of it was kept.
                    continue
            raise OutputError(f"Cannot store {_pointer(path)}: half a surrogate pair in its text")
        except (_Stopped, OutputError):
            raise
        except _OfHandler as error:
            raise error.cause from None
        except Exception as error:
            raise OutputError(f"Cannot store {_pointer(path)}: {_reason(error)}") from error

    def _stays(self, value: Any) -> bool:
        """Whether bytes are so few that they stay in the answer, as base64."""
        return _is_bytes(value) and memoryview(value).nbytes < self._options.min_bytes

    def _inline(self, said: Output) -> Any:
        """The value itself, as an endpoint with inline outputs would give it."""
        if isinstance(said.value, str):
            return said.value
        form, media_type, pieces = next(self._readings(said))
        if form == "json":
            return json.loads(b"".join(pieces))
        if form == "text":
            return b"".join(pieces).decode("utf-8")
        prefix = f"data:{media_type};base64," if form == "data-uri" else ""
        return _concatenate(_encode_base64(_grouped(pieces)), prefix)

    def _put(
        self,
        form: Form,
        media_type: str | None,
        pieces: Iterable[bytes],
        said: Output,
        upload: _Upload,
    ) -> str:
        assert self._bucket is not None
        reader = _Reader(pieces, self._bucket)
        name = said.name or _name_of(said.value) or _name_in(upload.path)
        media_type = media_type or mimetypes.guess_type(name)[0] or _sniff(reader.peek())
        name = _with_extension(_file_name(name), media_type)
        key = f"{self._bucket.prefix}out/{self._token}/{upload.number}-{name}"
        with contextlib.closing(reader):
            self._bucket.upload(reader, key, media_type)
        where = f"{quote(self._bucket.access_id, safe='')}/{quote(key, safe='/')}"
        details = f"as={form}&type={quote(media_type, safe='')}&bytes={reader.bytes}"
        return f"bulkway-output://{where}?{details}"

    def _readings(self, said: Output) -> Iterator[tuple[Form, str | None, Iterable[bytes]]]:
        """Ways to read a value, best first: a later one is for what breaks an earlier one."""
        value, form, media_type = said.value, said.form, said.type
        if form == "json" and not self._is_file(value):
            # Python writes halves of surrogate pairs as JSON does.
            text = _encoded_pieces(_dump(value), "backslashreplace")
            yield form, media_type or "application/json", text
            return
        if isinstance(value, str):
            if form in (None, "data-uri", "base64"):
                found = _find_base64(value)
                if found is not None:
                    start, found_type = found
                    found_form: Form = "base64" if found_type is None else "data-uri"
                    yield found_form, media_type or found_type, _decode_base64(value, start)
            yield "text", media_type or "text/plain; charset=utf-8", _encoded_pieces(value)
            # A string with half a surrogate pair has no UTF-8 of its own.
            yield "json", "application/json", _escaped_pieces(value)
            return
        is_text, pieces = self._pieces_of(value)
        if is_text and form is None:
            form, media_type = "text", media_type or "text/plain; charset=utf-8"
        yield form or "base64", media_type, pieces

    def _pieces_of(self, value: Any) -> tuple[bool, Iterator[bytes]]:
        """The bytes of a value, and whether they were text."""
        if _is_bytes(value):
            view = memoryview(value).cast("B")
            return False, (
                view[at : at + _PART_BYTES].tobytes() for at in range(0, len(view), _PART_BYTES)
            )
        if isinstance(value, os.PathLike):
            return False, _read_file(open(value, "rb"))
        if hasattr(value, "read"):
            with contextlib.suppress(OSError, AttributeError):
                value.seek(0)
            items = _read_file(value)
        elif hasattr(value, "__anext__"):
            if self._loop is None:
                raise OutputError("An async iterator needs an async handler")
            check = self._bucket.check if self._bucket is not None else lambda: None
            items = _pull(value, self._loop, check)
        else:
            items = value
        first = _next_of(items)
        if first is not None and not isinstance(first, str) and not _is_bytes(first):
            raise OutputError(
                f"An iterator in an output gives bytes or text, not {type(first).__name__}"
            )
        return isinstance(first, str), _as_bytes(first, items)

    def _fit(self, output: Any) -> Any:
        """The output, or where it is too long for an answer, a reference to all of it as JSON."""
        limit = self._options.max_bytes
        rest, kept = output, {}
        if isinstance(output, dict):
            kept = {name: output[name] for name in _RESERVED if name in output}
        if kept:
            rest = {name: value for name, value in output.items() if name not in kept}
            error = kept.get("error")
            if isinstance(error, str) and len(error) > _ERROR_MAX_CHARACTERS:
                output = {**output, "error": _shorten(error)}
                kept["error"] = output["error"]
        text = _dump(rest)
        size = _utf8_length(text)
        total = self._options.total_max_bytes
        # The first half is for chunks as they are, the second for references and short ones.
        if total is not None and self._sent + size > total // 2:
            limit = min(limit, _SHORT_CHUNK_BYTES)
        if size <= limit:
            self._sent += size
            return output
        if self._bucket is None:
            self._warn(size)
            return output
        if not kept:
            return self._spill(text, ("output",))
        # RunPod's loop looks for these members, so that the object around them has to stay.
        texts = {name: _dump(value) for name, value in rest.items()}
        for name in sorted(texts, key=lambda one: -len(texts[one])):
            if size <= limit:
                break
            rest[name] = self._spill(texts[name], ("output", str(name)))
            size += len(rest[name]) - _utf8_length(texts[name])
        if size > limit:
            raise OutputError(
                f"The output is too large: {limit} bytes allowed, {size} in {len(rest)} members"
            )
        return {**rest, **kept}

    def _spill(self, text: str, path: _Path) -> str:
        upload = _Upload(Output(_Json(text), form="json"), path, next(self._numbers))
        self._store(upload)
        reference: str = upload.placed
        return reference

    def _warn(self, size: int) -> None:
        if self._warned:
            return
        self._warned = True
        _log.warning(
            "Job %s has an output of %d bytes, which the platform may drop, and no s3Config of the "
            "gateway to store it with",
            self._job.get("id"),
            size,
        )

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Runs what blocks; when the job is stopped, waits until nothing uses its files."""
        running = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            if self._bucket is not None:
                self._bucket.stop()
            await asyncio.wait([running])
            if not running.cancelled():
                running.exception()
            raise


def _at_once(work: Callable[[Any], Any], items: Collection[Any]) -> list[Any]:
    """What `work` gives for each item, some at a time; fails with the first error in order."""
    if len(items) == 1:
        return [work(item) for item in items]
    with concurrent.futures.ThreadPoolExecutor(min(len(items), _FILES_AT_ONCE)) as pool:
        running = [pool.submit(work, item) for item in items]
        try:
            return [one.result() for one in running]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Upload:
    """A value that is to be stored, and what stands in its place afterwards."""

    def __init__(self, value: Any, path: _Path, number: int) -> None:
        self.value = value
        self.path = path
        self.number = number
        self.placed: Any = None


def _placed(value: Any) -> Any:
    return value.placed if isinstance(value, _Upload) else value


class _Json(str):
    """JSON text."""


# --- the job's bucket -----------------------------------------------------------------------------


_session_lock = threading.Lock()


@functools.cache
def _session() -> Any:
    """Kept, for it keeps the descriptions of S3 from which clients are made."""
    import boto3

    return boto3.session.Session()


class _Bucket:
    """The bucket that a job's `s3Config` opens."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.access_id: str = config["accessId"]
        self.name: str = config["bucketName"]
        self.prefix: str = config.get("keyPrefix") or ""
        self._config = config
        self._client: Any = None
        self._stopped = False

    @classmethod
    def of(cls, config: Any) -> _Bucket | None:
        """None where there is none, or the caller's own, of which the gateway knows nothing."""
        names = ("accessId", "accessSecret", "bucketName", "endpointUrl")
        if not isinstance(config, dict) or not all(
            isinstance(config.get(name), str) for name in names
        ):
            return None
        # Keys of a store itself come with the prefix at which they may write.
        if not config["accessId"].startswith("BW1") and not config.get("keyPrefix"):
            return None
        return cls(config)

    def size(self, key: str) -> int:
        """Bytes of an object."""
        self.check()
        size: int = self._open().head_object(Bucket=self.name, Key=key)["ContentLength"]
        return size

    def read(self, key: str) -> Iterator[bytes]:
        """An object's bytes, fetched again from where a connection broke."""
        from botocore.exceptions import HTTPClientError, IncompleteReadError

        offset, etag, total, tries = 0, "", None, 0
        while total is None or offset < total:
            self.check()
            part = {} if offset == 0 else {"Range": f"bytes={offset}-", "IfMatch": etag}
            answer = self._open().get_object(Bucket=self.name, Key=key, **part)
            etag = answer.get("ETag", "")
            total = offset + answer["ContentLength"]
            try:
                with contextlib.closing(answer["Body"]) as body:
                    while piece := body.read(_PIECE_BYTES):
                        offset += len(piece)
                        tries = 0
                        yield piece
                        self.check()
            except (HTTPClientError, IncompleteReadError):
                tries += 1
                if tries == _TRIES:
                    raise

    def download(self, key: str, path: str) -> None:
        """Writes an object to a file."""
        self.check()
        self._open().download_file(
            self.name, key, path, Config=self._transfer(), Callback=self._note
        )

    def upload(self, reader: _Reader, key: str, media_type: str) -> None:
        """Stores what is read, in parts where it is long; nothing is left of it when that fails."""
        self.check()
        self._open().upload_fileobj(
            reader, self.name, key, ExtraArgs={"ContentType": media_type}, Config=self._transfer()
        )

    def stop(self) -> None:
        """Makes what is under way end with an error."""
        self._stopped = True

    def check(self) -> None:
        if self._stopped:
            raise _Stopped("The job was stopped")

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _note(self, _bytes: int) -> None:
        self.check()

    def _open(self) -> Any:
        # A session serves one thread at a time.
        with _session_lock:
            if self._client is None:
                from botocore.config import Config

                config = self._config
                self._client = _session().client(
                    "s3",
                    endpoint_url=config["endpointUrl"],
                    aws_access_key_id=config["accessId"],
                    aws_secret_access_key=config["accessSecret"],
                    aws_session_token=config.get("sessionToken"),
                    region_name=config.get("region") or "us-east-1",
                    config=Config(
                        signature_version="s3v4",
                        connect_timeout=10,
                        read_timeout=60,
                        retries={"max_attempts": _TRIES, "mode": "standard"},
                        max_pool_connections=_PARTS_IN_FLIGHT * _FILES_AT_ONCE,
                    ),
                )
            return self._client

    @staticmethod
    def _transfer() -> Any:
        from boto3.s3.transfer import TransferConfig

        config = TransferConfig(
            multipart_threshold=_PART_BYTES,
            multipart_chunksize=_PART_BYTES,
            max_concurrency=_PARTS_IN_FLIGHT,
            preferred_transfer_client="classic",
        )
        # What bounds memory: parts of a stream that wait to be sent.
        config.max_in_memory_upload_chunks = _PARTS_IN_FLIGHT
        return config


# --- what is kept on local disk -------------------------------------------------------------------


_DIGEST = re.compile(r"(?:^|/)sha256-([0-9a-f]{64})(?:\.[A-Za-z0-9]{1,10})?$")


class _Cache:
    """Files by the SHA-256 of their bytes, the least recently used ones gone first.

    Several processes may share its folder: a file appears under its name whole, one that is open
    when another process removes it stays readable, and each time it is opened its bytes are compared
    with its name. Where the folder cannot be used, files are fetched as without it.
    """

    def __init__(self, folder: str, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        #: Files that are being fetched by this process: it needs each once.
        self._fetching: dict[str, threading.Lock] = {}
        self._warned = False

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> _Cache | None:
        """As the environment says; None where it says nothing. Raises ValueError for no number."""
        folder = environment.get("BULKWAY_CACHE_DIR", "").strip()
        text = environment.get("BULKWAY_CACHE_BYTES", "").strip()
        if text and not (text.isascii() and text.isdigit()):
            raise ValueError(f"BULKWAY_CACHE_BYTES is {text!r}, not a number of bytes")
        max_bytes = int(text) if text else _CACHE_BYTES
        return cls(folder, max_bytes) if folder and max_bytes > 0 else None

    def open(self, bucket: _Bucket, key: str) -> io.BufferedReader | None:
        """The file of a key, fetched where it is not there; None where it is not to be kept."""
        match = _DIGEST.search(key)
        if match is None:
            return None
        digest = match[1]
        with self._lock:
            fetching = self._fetching.setdefault(digest, threading.Lock())
        try:
            with fetching:
                return self._open_kept(digest) or self._fetch(bucket, key, digest)
        except OSError as error:
            # botocore has errors of connections that are OSErrors, too.
            if error.errno is None:
                raise
            self._warn(error)
            return None
        finally:
            with self._lock:
                self._fetching.pop(digest, None)

    def _path(self, digest: str) -> str:
        return os.path.join(self._folder, f"sha256-{digest}")

    def _open_kept(self, digest: str) -> io.BufferedReader | None:
        try:
            file = open(self._path(digest), "rb")  # noqa: SIM115
        except FileNotFoundError:
            return None
        try:
            if _sha256_of(file) == digest:
                # Another user's file can be read all the same.
                with contextlib.suppress(PermissionError):
                    os.utime(file.fileno())
                file.seek(0)
                return file
            _log.warning("A kept file is not what its name says and is fetched again: %s", digest)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path(digest))
        except BaseException:
            file.close()
            raise
        file.close()
        return None

    def _fetch(self, bucket: _Bucket, key: str, digest: str) -> io.BufferedReader | None:
        size = bucket.size(key)
        if size > self._max_bytes:
            return None
        os.makedirs(self._folder, exist_ok=True)
        self._make_room(size)
        partial = os.path.join(self._folder, f"partial-{os.getpid()}-{secrets.token_hex(8)}")
        try:
            bucket.download(key, partial)
            file = open(partial, "rb")  # noqa: SIM115
            try:
                if _sha256_of(file) != digest:
                    raise InputError("its bytes do not have the SHA-256 in its name")
                os.replace(partial, self._path(digest))
                file.seek(0)
            except BaseException:
                file.close()
                raise
            return file
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(partial)
            raise

    def _make_room(self, size: int) -> None:
        """Removes what was used longest ago until there is room for so many bytes."""
        found: list[tuple[int, int, str]] = []
        total = size
        with os.scandir(self._folder) as entries:
            for entry in entries:
                is_partial = entry.name.startswith("partial-")
                if not is_partial and _DIGEST.fullmatch(entry.name) is None:
                    continue
                with contextlib.suppress(FileNotFoundError):
                    about = entry.stat(follow_symlinks=False)
                    total += about.st_size
                    if not is_partial:
                        found.append((about.st_mtime_ns, about.st_size, entry.path))
                    elif about.st_mtime < time.time() - _CACHE_STALE_SECONDS:
                        found.append((0, about.st_size, entry.path))
        for _, bytes_, path in sorted(found):
            if total <= self._max_bytes:
                return
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            total -= bytes_

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            _log.warning("Files are not kept on local disk: %s", _reason(error))


def _sha256_of(file: io.BufferedReader) -> str:
    running = hashlib.sha256()
    while piece := file.read(_PART_BYTES):
        running.update(piece)
    return running.hexdigest()


class _OfHandler(Exception):
    """An error of an iterator that the handler made: it is to pass as it is."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause


class _Reader:
    """Pieces of any length as a file; counts its bytes."""

    def __init__(self, pieces: Iterable[bytes], bucket: _Bucket) -> None:
        self._pieces = iter(pieces)
        self._bucket = bucket
        self._rest = memoryview(b"")
        self.bytes = 0

    def peek(self) -> bytes:
        """The first bytes, which are read again."""
        start = b""
        while len(start) < _SIGNATURE_BYTES and self._fill():
            start += self._rest
            self._rest = memoryview(b"")
        self._rest = memoryview(start)
        return start[:_SIGNATURE_BYTES]

    def read(self, size: int = -1) -> bytes:
        parts: list[memoryview] = []
        missing = size
        while missing != 0 and self._fill():
            part = self._rest if missing < 0 else self._rest[:missing]
            self._rest = self._rest[len(part) :]
            parts.append(part)
            if missing > 0:
                missing -= len(part)
        data = b"".join(parts)
        self.bytes += len(data)
        return data

    def close(self) -> None:
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()

    def _fill(self) -> bool:
        while len(self._rest) == 0:
            self._bucket.check()
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._rest = memoryview(piece)
        return True


# --- references -----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _Staged:
    key: str
    kind: Kind
    type: str


_INPUT = re.compile(r"bulkway-input://([^/?#]+)/([^?#]+)\?([^#]*)")
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:;[\x20-\x7e]*)?", re.ASCII)
_INPUT_FORMS = ("base64", "base64url", "data-uri", "text")


def _parse_input(text: str, access_id: str) -> _Staged | None:
    """Reads what the gateway puts in the place of a value; None for any other text."""
    if not text.startswith("bulkway-input://"):
        return None
    match = _INPUT.fullmatch(text)
    if match is None or unquote(match[1]) != access_id:
        return None
    query = parse_qs(match[3])
    form = query.get("as", [""])[0]
    if form not in _INPUT_FORMS:
        return None
    media_type = query.get("type", ["application/octet-stream"])[0]
    return _Staged(unquote(match[2]), form, media_type)


def _parse_key(text: str, bucket: _Bucket) -> _Staged | None:
    """Reads a plain key of a staged file, `{keyPrefix}in/…` or `s3://{bucketName}/…`."""
    own = f"s3://{bucket.name}/"
    if text.startswith(own):
        key = text[len(own) :]
    elif text.startswith(("in/", f"{bucket.prefix}in/")):
        key = text
    else:
        return None
    media_type = mimetypes.guess_type(key)[0] or "application/octet-stream"
    return _Staged(key, "base64", media_type) if key else None


def _parse_patterns(
    rules: Mapping[str, Kind],
) -> tuple[list[tuple[_Path, Kind]], list[tuple[str, Kind]]]:
    places: list[tuple[_Path, Kind]] = []
    types: list[tuple[str, Kind]] = []
    for pattern, kind in rules.items():
        if pattern.startswith("/"):
            parts = pattern[1:].split("/")
            path = tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)
            places.append((path, kind))
        elif _MEDIA_TYPE.fullmatch(pattern.replace("/*", "/any")) and pattern.count("/") == 1:
            types.append((pattern.lower(), kind))
        else:
            raise ValueError(
                f"{pattern!r} is no JSON Pointer of the job, as /input/image is, and no media type"
            )
    # A pointer to what is not in the input would never match, and nobody would know.
    for path, _ in places:
        if path[0] not in ("input", "*"):
            raise ValueError(f"{_pointer(path)!r} does not begin with /input")
    return places, types


def _pointer(path: _Path) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


# --- values ---------------------------------------------------------------------------------------

_PLAIN = frozenset((bool, int, float, type(None)))


def _map(value: Any, path: _Path, change: Callable[[Any, _Path], Any]) -> Any:
    """Changes the leaves of a value; objects and arrays are copied only where something changed."""
    if isinstance(value, dict):
        members = None
        for name, item in value.items():
            if item.__class__ in _PLAIN:
                continue
            new = _map(item, (*path, str(name)), change)
            if new is not item:
                members = dict(value) if members is None else members
                members[name] = new
        return value if members is None else members
    if isinstance(value, (list, tuple)):
        items = None
        for index, item in enumerate(value):
            if item.__class__ in _PLAIN:
                continue
            new = _map(item, (*path, str(index)), change)
            if new is not item:
                items = list(value) if items is None else items
                items[index] = new
        return value if items is None else items
    return change(value, path)


def _is_bytes(value: Any) -> bool:
    return isinstance(value, (bytes, bytearray, memoryview))


def _is_long(value: Any, min_bytes: int) -> bool:
    if not isinstance(value, str):
        return False
    return len(value) >= min_bytes or (
        len(value) * 4 >= min_bytes and _utf8_length(value) >= min_bytes
    )


def _utf8_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _dump(value: Any) -> str:
    """The JSON that RunPod's package will make; it would lose a job whose output is none."""
    if isinstance(value, _Json):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise OutputError(f"The output is no JSON: {error}") from error


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _concatenate(pieces: Iterable[str], text: str = "") -> str:
    # CPython lengthens a string in place while one name holds it: joining would need it twice.
    for piece in pieces:
        text += piece
    return text


def _encode_base64(pieces: Iterable[bytes], url: bool = False) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        if rest:
            piece = rest + piece
        cut = len(piece) - len(piece) % 3
        rest = piece[cut:]
        yield _base64_of(piece[:cut] if rest else piece, url)
    if rest:
        yield _base64_of(rest, url)


def _base64_of(piece: bytes, url: bool) -> str:
    text = binascii.b2a_base64(piece, newline=False)
    if url:
        text = text.translate(_TO_URL)
    return text.decode("ascii")


_TO_URL = bytes.maketrans(b"+/", b"-_")


class _NotBase64(Exception):
    """A string that began as base64 goes on as something else."""


_DATA_URI = re.compile(
    r"data:([\w!#$&^.+-]+/[\w!#$&^.+-]+(?:;[\x20-\x2b\x2d-\x7e]*?)?);base64,", re.ASCII
)
_BASE64_START = re.compile(r"[A-Za-z0-9+/]+={0,2}", re.ASCII)
_HEX_START = re.compile(r"[0-9a-f]+|[0-9A-F]+", re.ASCII)


def _find_base64(text: str) -> tuple[int, str | None] | None:
    """Where base64 begins in a string that looks like it, and the media type of a data URI."""
    if not text.isascii():
        return None
    match = _DATA_URI.match(text, 0, 1024)
    start = 0 if match is None else match.end()
    sample = text[start : start + 4096]
    if (len(text) - start) % 4 != 0 or not _BASE64_START.fullmatch(sample):
        return None
    # Hexadecimal digits would pass for base64, but nobody means the bytes that they would be.
    if match is None and _HEX_START.fullmatch(sample):
        return None
    return start, None if match is None else match[1]


def _decode_base64(text: str, start: int) -> Iterator[bytes]:
    """Decodes; raises _NotBase64 unless encoding again would give the very same text."""
    for at in range(start, len(text), _SLICE_CHARACTERS):
        piece = text[at : at + _SLICE_CHARACTERS].encode("ascii")
        try:
            decoded = binascii.a2b_base64(piece)
        except binascii.Error:
            raise _NotBase64 from None
        is_last = at + _SLICE_CHARACTERS >= len(text)
        if (not is_last and len(decoded) % 3 != 0) or binascii.b2a_base64(
            decoded, newline=False
        ) != piece:
            raise _NotBase64
        yield decoded


def _encoded_pieces(text: str, errors: str = "strict") -> Iterator[bytes]:
    for at in range(0, len(text), _SLICE_CHARACTERS):
        yield text[at : at + _SLICE_CHARACTERS].encode("utf-8", errors)


def _escaped_pieces(text: str) -> Iterator[bytes]:
    yield b'"'
    for at in range(0, len(text), _SLICE_CHARACTERS):
        yield json.dumps(text[at : at + _SLICE_CHARACTERS])[1:-1].encode("ascii")
    yield b'"'


def _read_file(file: Any) -> Iterator[Any]:
    with contextlib.closing(file):
        while piece := file.read(_PART_BYTES):
            yield piece


def _next_of(items: Iterator[Any]) -> Any:
    try:
        return next(items, None)
    except Exception as error:
        raise _OfHandler(error) from error


def _as_bytes(first: Any, items: Iterator[Any]) -> Iterator[bytes]:
    item = first
    while item is not None:
        yield (
            item.encode("utf-8") if isinstance(item, str) else memoryview(item).cast("B").tobytes()
        )
        item = _next_of(items)


def _grouped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield b"".join(pieces)


def _pull(
    items: AsyncIterator[Any], loop: asyncio.AbstractEventLoop, check: Callable[[], None]
) -> Iterator[Any]:
    """Reads an async iterator of the handler's loop in a thread."""

    async def following() -> Any:
        return await anext(items, None)

    while True:
        future = asyncio.run_coroutine_threadsafe(following(), loop)
        try:
            while not concurrent.futures.wait([future], timeout=0.5).done:
                check()
        finally:
            future.cancel()
        item = future.result()
        if item is None:
            return
        yield item


# --- names and types ------------------------------------------------------------------------------

_EXTENSIONS = {
    "application/gzip": ".gz",
    "application/json": ".json",
    "application/octet-stream": ".bin",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "image/jpeg": ".jpg",
    "text/plain": ".txt",
}
_SIGNATURE_BYTES = 16
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"RIFF....WEBP", "image/webp"),
    (rb"RIFF....WAVE", "audio/wav"),
    (rb"....ftypavi[fs]", "image/avif"),
    (rb"....ftyp", "video/mp4"),
    (rb"\x1a\x45\xdf\xa3", "video/webm"),
    (rb"OggS", "audio/ogg"),
    (rb"fLaC", "audio/flac"),
    (rb"ID3|\xff[\xfb\xf3\xf2]", "audio/mpeg"),
    (rb"%PDF-", "application/pdf"),
    (rb"PK\x03\x04", "application/zip"),
    (rb"\x1f\x8b", "application/gzip"),
    (rb"glTF", "model/gltf-binary"),
)


def _sniff(start: bytes) -> str:
    for signature, media_type in _SIGNATURES:
        if re.match(signature, start, re.DOTALL):
            return media_type
    return "application/octet-stream"


def _name_of(value: Any) -> str | None:
    name = value if isinstance(value, os.PathLike) else getattr(value, "name", None)
    if not isinstance(name, (str, os.PathLike)):
        return None
    return pathlib.PurePath(name).name or None


def _name_in(path: _Path) -> str:
    """The last name on the way to a value, for items of arrays have none."""
    return next((part for part in reversed(path) if not part.isdigit()), "output")


def _file_name(name: str) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".") or "file"
    stem, extension = os.path.splitext(name)
    return stem[: 80 - len(extension[:20])] + extension[:20]


def _with_extension(name: str, media_type: str) -> str:
    if os.path.splitext(name)[1]:
        return name
    plain = media_type.split(";", 1)[0].strip().lower()
    return name + (_EXTENSIONS.get(plain) or mimetypes.guess_extension(plain) or ".bin")
