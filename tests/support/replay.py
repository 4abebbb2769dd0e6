"""An upstream that answers as providers did: recorded cases over HTTP, streams cut as a test wants them.

It stands on the standard library's server: what it must do well is send exactly what was recorded.
"""

import base64
import itertools
import json
import os
import random
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.support.corpus import VARIABLE

SPLITS = ("event", "byte", "random")
_PATIENCE_S = 30.0
_EVENT = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)")
_LINE = re.compile(rb"(?<=\n)")


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer of a provider.  `pieces` are the events of a stream, or one whole body."""

    status: int
    content_type: str
    pieces: tuple[bytes, ...]
    streamed: bool = False
    headers: tuple[tuple[str, str], ...] = ()

    def cut(self, split: str, name: str = "") -> Sequence[bytes]:
        """Cut a stream by event, by byte, or at random places that are the same every time."""
        whole = b"".join(self.pieces)
        if split == "event" or not self.streamed or len(whole) < 2:
            return self.pieces
        chance = random.Random(name or len(whole))
        count = len(whole) - 1 if split == "byte" else max(1, len(whole) // 20)
        places = sorted(chance.sample(range(1, len(whole)), k=min(count, len(whole) - 1)))
        return [whole[start:end] for start, end in itertools.pairwise([0, *places, len(whole)])]


def recorded(name: str) -> Recorded:
    """Read a case by its folder and name, such as `openai_chat/some-case`; raises `FileNotFoundError`."""
    found = json.loads(Path(os.environ[VARIABLE], "dev", f"{name}.json").read_text("utf-8"))["response"]
    headers = {key.lower(): value for key, value in (found.get("headers") or {}).items()}
    kind = headers.pop("content-type", None)
    rest = tuple(headers.items())
    if found.get("body_base64") is not None:
        frames = tuple(_frames(base64.b64decode(found["body_base64"])))
        return Recorded(found["status"], kind or "application/vnd.amazon.eventstream", frames, True, rest)
    if found.get("text") is not None:
        data = found["text"].encode()
        lines = data.startswith(b"{")  # NDJSON
        pieces = tuple(filter(None, (_LINE if lines else _EVENT).split(data)))
        return Recorded(
            found["status"], kind or ("application/x-ndjson" if lines else "text/event-stream"), pieces, True, rest
        )
    return Recorded(found["status"], kind or "application/json", (json.dumps(found["body"]).encode(),), False, rest)


def invented(status: int, body: Any, **headers: str) -> Recorded:
    """Make an answer that nobody recorded."""
    names = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Recorded(status, "application/json", (json.dumps(body).encode(),), False, names)


def _frames(data: bytes) -> Iterator[bytes]:
    """Cut AWS event-stream bytes into frames, which begin with their length."""
    while data:
        size = int.from_bytes(data[:4], "big") or len(data)
        yield data[:size]
        data = data[size:]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came; header names in small letters."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Answer = Recorded | Callable[[Asked], Recorded]
"""An answer, or what makes one of a request, for a provider that answers as it is asked."""


@dataclass(slots=True)
class _Script:
    """What to answer next; the last answer stays."""

    answers: deque[Answer] = field(default_factory=deque)
    split: str = "event"
    asked: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Replay:
    """Listens on a free port of 127.0.0.1 and answers every request with what `play` named, whatever its path.

    `asked` are the requests that came since. Before `play`, or when it named nothing, the answer is 404.
    """

    def __init__(self) -> None:
        self._script = _Script()
        self._server = _Server(("127.0.0.1", 0), _Answering)
        self._server.script = self._script
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @classmethod
    @contextmanager
    def in_thread(cls) -> Iterator[Self]:
        """Run one beside the test."""
        replay = cls()
        thread = threading.Thread(target=replay._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield replay
        finally:
            replay._server.shutdown()
            replay._server.server_close()
            thread.join(_PATIENCE_S)

    def play(self, *answers: str | Answer, split: str = "event") -> None:
        """Answer with these, in order, the last one again and again; a text names a recorded case."""
        found = deque(recorded(answer) if isinstance(answer, str) else answer for answer in answers)
        with self._script.lock:
            self._script.answers, self._script.split, self._script.asked = found, split, []

    @property
    def asked(self) -> list[Asked]:
        with self._script.lock:
            return list(self._script.asked)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    script: _Script


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def _reply(self) -> None:
        body = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        script = self.server.script
        with script.lock:
            asked = Asked(self.command, self.path, headers, body)
            script.asked.append(asked)
            answers, split = script.answers, script.split
            answer = answers.popleft() if len(answers) > 1 else answers[0] if answers else None
        if answer is None:
            answer = invented(404, {"error": {"message": "nothing is to be replayed"}})
        found = answer if isinstance(answer, Recorded) else answer(asked)
        self._send(found, found.cut(split))

    def _body(self) -> bytes:
        """Read a body by its length, or in chunks (RFC 9112, section 7.1)."""
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, answer: Recorded, chunks: Sequence[bytes]) -> None:
        self.send_response(answer.status)
        self.send_header("content-type", answer.content_type)
        for name, value in answer.headers:
            self.send_header(name, value)
        try:
            if answer.streamed:
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for chunk in chunks:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                self.wfile.write(b"0\r\n\r\n")
            else:
                data = b"".join(answer.pieces)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client left
