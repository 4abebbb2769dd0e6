"""JSON at its edges, as whole bodies: whatever dialect they come in, they are read, or it is said what is wrong."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tollbridge.errors import GatewayError
from tollbridge.formats import Envelope, Notes
from tollbridge.formats.seal import KeyedSeal
from tollbridge.plugins import Plugins
from tollbridge.providers import Quirks
from tollbridge.testing.peculiar import TEXTS

MEMBERS = ("model", "messages", "input", "contents", "texts", "documents", "query", "max_tokens", "stream", "prompt")


def operations() -> Iterator[Any]:
    for name, dialect in Plugins().register_all().dialects.items():
        for operation in dialect.operations:
            if operation.method == "POST" and not operation.socket and not operation.modelless:
                yield pytest.param(dialect, operation, id=f"{name}-{operation.label}")


every = pytest.mark.parametrize(("dialect", "operation"), list(operations()))
BODIES = [*TEXTS, *(b'{"model":"m","%b":%b}' % (name.encode(), text) for name in MEMBERS for text in TEXTS)]


def unless_refused(work: Callable[[], object]) -> None:
    try:
        work()
    except GatewayError:
        return


@every
def test_request_passes_or_is_refused(dialect, operation) -> None:
    path = operation.path.replace("{model}", "m")
    for body in BODIES:

        def passed(body: bytes = body) -> None:
            envelope = dialect.read_envelope(operation, path, body)
            dialect.readdress(body, envelope, model="other", max_output=5, quirks=Quirks(drop=("stream",)))

        unless_refused(passed)


@every
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_answer_passes_or_is_refused(dialect, operation, streamed) -> None:
    for text in TEXTS:
        reader = dialect.answer_reader(Envelope("m", stream=streamed), streamed=streamed)
        stream = b"event: message\ndata: %b\n\n%b\n" % (text, text) if streamed else text
        unless_refused(lambda reader=reader, stream=stream: [reader.feed(stream), reader.feed(b"")])


@every
def test_codec_reads_it_or_says_what_is_wrong(dialect, operation) -> None:
    codec = operation.codec
    for body in BODIES if codec is not None else ():
        notes = Notes(KeyedSeal(b"k"), now=1, call_id="c")
        unless_refused(lambda body=body, notes=notes: codec.read_request(body, Envelope("m"), notes))
        unless_refused(lambda body=body, notes=notes: codec.read_response(body, notes))
        codec.read_error(500, body)
