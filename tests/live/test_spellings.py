"""One path in forty spellings, hosts, identities a caller claims, and values that are echoed or logged."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from tests.live.looking import chat, eventually
from tests.support.live import LiveGateway, mock_config
from tests.support.wire import WireAnswer, answers, exchange

from tollbridge.testing.upstream import ScriptedUpstream

CHAT = "/v1/chat/completions"
POSTED = {CHAT: chat(), "/v1/embeddings": {"model": "gpt-4o-mini", "input": "a"}}
READ = ("/v1/models", "/v1/models/gpt-4o-mini", "/_tollbridge/tokens", "/nothing")
LINE_ENDS = "\r\n\x00\x1b[31m\u2028\u2029\x85\x0b"


def swapped(path: str) -> str:
    head, _, tail = path.rpartition("/")
    return f"{head}/{tail.swapcase()}"


def last_escaped(path: str) -> str:
    return path[:-1] + f"%{ord(path[-1]):02x}"


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda path: path,
    "query": lambda path: f"{path}?x=1",
    "query with a path": lambda path: f"{path}?/../../healthz",
    "fragment": lambda path: f"{path}#/healthz",
    "slash at the end": lambda path: f"{path}/",
    "two slashes at the end": lambda path: f"{path}//",
    "slash before": lambda path: f"/{path}",
    "slashes within": lambda path: path.replace("/", "//"),
    "backslash": lambda path: path.replace("/", "\\"),
    "backslash within": lambda path: "/" + path[1:].replace("/", "\\"),
    "dot before": lambda path: f"/.{path}",
    "dot within": lambda path: path[:3] + "/./" + path[4:],
    "dot at the end": lambda path: f"{path}/.",
    "dot behind": lambda path: f"{path}.",
    "dots": lambda path: f"/x/..{path}",
    "dots over the top": lambda path: f"/..{path}",
    "dots at the end": lambda path: f"{path}/x/..",
    "dots from a public path": lambda path: f"/healthz/..{path}",
    "dots from the metrics": lambda path: f"/metrics/..{path}",
    "dots from the dashboard": lambda path: f"/_tollbridge/..{path}",
    "escaped dot": lambda path: f"/%2e{path}",
    "escaped dots": lambda path: f"/x/%2e%2e{path}",
    "half escaped dots": lambda path: f"/x/.%2E{path}",
    "escaped slash": lambda path: "/" + path[1:].replace("/", "%2f"),
    "escaped slash in capitals": lambda path: "/" + path[1:].replace("/", "%2F"),
    "escaped slash at the end": lambda path: f"{path}%2f",
    "escaped backslash": lambda path: "/" + path[1:].replace("/", "%5c"),
    "escaped letter": last_escaped,
    "every letter escaped": lambda path: "/".join(
        "".join(f"%{ord(sign):02X}" for sign in part) for part in path.split("/")
    ),
    "double escape": lambda path: path[:-1] + f"%25{ord(path[-1]):02x}",
    "overlong slash": lambda path: f"/%c0%af{path[1:]}",
    "capitals": str.upper,
    "capitals at the end": swapped,
    "matrix parameter": lambda path: f"{path};a=b",
    "matrix parameter within": lambda path: path[:3] + ";x" + path[3:],
    "escaped semicolon": lambda path: f"{path}%3b",
    "NUL": lambda path: f"{path}%00",
    "NUL and an end": lambda path: f"{path}%00.json",
    "line end": lambda path: f"{path}%0d%0aX-A:%201",
    "space behind": lambda path: f"{path}%20",
    "tab behind": lambda path: f"{path}%09",
    "no UTF-8": lambda path: f"{path}%ff",
    "full-width": lambda path: quote("/\uff56\uff11" + path[3:]),
    "letter that composes": lambda path: quote(f"{path}\u0301"),
    "absolute": lambda path: f"http://h{path}",
    "absolute of another host": lambda path: f"http://evil.example{path}",
    "no slash": lambda path: path[1:],
}


@dataclass(slots=True)
class Bridge:
    gateway: LiveGateway
    upstream: ScriptedUpstream
    good: str
    narrow: str

    def ask(self, target: str, *, token: str = "", fields: bytes = b"", post: object = None) -> list[WireAnswer]:
        body = b"" if post is None else json.dumps(post).encode()
        length = b"Content-Length: %d\r\n" % len(body) if body else b""
        credential = f"Authorization: Bearer {token}\r\n".encode() if token else b""
        method = "POST" if body else "GET"
        head = f"{method} {target} HTTP/1.1\r\n".encode()
        fields = fields if b"Host:" in fields else b"Host: h\r\n" + fields
        end = length + b"Connection: close\r\n\r\n"
        return answers(exchange(self.gateway.port, head + fields + credential + end + body, quiet_s=20))

    def status(self, target: str, **more: object) -> int:
        """Give the status of the one answer."""
        (answer,) = self.ask(target, **more)  # type: ignore[arg-type]  # passed on as they are
        return answer.status


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    folder = tmp_path_factory.mktemp("spellings")
    with ScriptedUpstream.in_thread() as upstream, LiveGateway(folder, mock_config(upstream.url)) as gateway:
        good, narrow = (gateway.token(*more)["token"] for more in ((), ("--scope", "model:another")))
        yield Bridge(gateway, upstream, good, narrow)


@pytest.mark.parametrize("path", [*POSTED, *READ])
def test_every_spelling_of_a_path_is_refused_or_decided_as_the_plain_one(bridge: Bridge, path: str) -> None:
    post = POSTED.get(path)
    shown = {"nobody": "", "narrow": bridge.narrow, "good": bridge.good}
    plain = {who: bridge.status(path, token=token, post=post) for who, token in shown.items()}
    called = len(bridge.upstream.requests)

    found = {
        (spelling, who): bridge.status(spell(path), token=token, post=post)
        for spelling, spell in SPELLINGS.items()
        for who, token in shown.items()
    }

    assert len(SPELLINGS) >= 40
    refused = {400, 401, 403, 404, 405, 414, 422}
    assert {asked: seen for asked, seen in found.items() if seen not in {*refused, plain[asked[1]]}} == {}
    assert {seen for (_, who), seen in found.items() if who == "nobody"} <= refused | {plain["nobody"]}
    served = sum(seen == 200 for (_, who), seen in found.items() if who == "good" and post)
    new = bridge.upstream.requests[called:]
    assert len(new) == served
    assert {(request.method, request.path) for request in new} <= {("POST", path)}


HOSTS = [
    b"Host: h:1\r\n",
    b"Host: evil.example\r\n",
    b"Host: 127.0.0.1:8800\r\n",
    b"Host: h\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 1\r\n",
    b"Host: h\r\nForwarded: for=127.0.0.1;host=evil.example;proto=https\r\nX-Forwarded-Prefix: /evil\r\n",
    b"Host: h\r\nX-Original-Url: /healthz\r\nX-Rewrite-Url: /healthz\r\nX-Forwarded-For: 127.0.0.1\r\n",
]
NO_HOSTS = [
    b"Host:\r\n",
    b"Host: h\r\nHost: h\r\n",
    b"Host: x/health?y=\r\n",
    b"Host: user@h\r\n",
    b"Host: user:secret@h:1\r\n",
    b"Host: h:\r\n",
    b"Host: h:x\r\n",
    b"Host: h:1:2\r\n",
    b"Host: h#x\r\n",
    b"Host: h\\x\r\n",
    b"Host: [::1\r\n",
    b"Host: -\r\n",
]


@pytest.mark.parametrize("path", [CHAT, "/v1/models", "/_tollbridge/", "/_tollbridge/sign-in"])
def test_host_decides_nothing_and_is_in_no_answer(bridge: Bridge, path: str) -> None:
    def outcome(fields: bytes, token: str) -> tuple[int, str, bool]:
        (answer,) = bridge.ask(path, fields=fields, token=token, post=POSTED.get(path))
        told = b"evil" in answer.body or "evil" in str(answer.headers)
        return answer.status, answer.headers.get("location", ""), told

    for token in ("", bridge.good):
        plain = outcome(b"", token)
        assert {outcome(fields, token) for fields in HOSTS} == {plain}
        assert {bridge.status(path, fields=fields, token=token, post=POSTED.get(path)) for fields in NO_HOSTS} == {400}


CLAIMS = {
    "X-Tollbridge-Principal": "admin",
    "x_tollbridge_principal": "admin",
    "X-Forwarded-User": "admin",
    "X-Forwarded-Email": "admin@example.com",
    "X-Forwarded-Groups": "admins",
    "X-Remote-User": "admin",
    "Remote-User": "admin",
    "X-Auth-Request-User": "admin",
    "X-Forwarded-For": "127.0.0.1",
    "Forwarded": "for=127.0.0.1",
    "X-Hop": "1",
    "Keep-Alive": "timeout=9",
    "TE": "trailers",
    "Proxy-Authorization": "Basic YTpi",
    "Cookie": "tollbridge_session=x",
}


def test_identity_a_caller_claims_and_headers_of_the_hop_reach_no_provider(bridge: Bridge) -> None:
    fields = "".join(f"{name}: {value}\r\n" for name, value in CLAIMS.items()).encode()

    nobody = bridge.status(CHAT, fields=fields, post=chat())
    (answer,) = bridge.ask(
        CHAT, fields=fields + b"X-Mine: kept\r\nConnection: X-Hop\r\n", token=bridge.good, post=chat()
    )

    assert nobody == 401
    assert answer.status == 200
    sent = {name.lower(): value for name, value in bridge.upstream.requests[-1].headers}
    assert {name.lower() for name in CLAIMS} & sent.keys() <= {"connection"}
    assert sent["x-mine"] == "kept"
    assert sent["authorization"] == "Bearer sk-upstream-secret"


@pytest.mark.parametrize(
    ("target", "post"),
    [
        (CHAT, chat(model=f"m{LINE_ENDS}n")),
        (CHAT, chat(**{f"x{LINE_ENDS}y": 1, "max_tokens": "many"})),
        ("/v1/models/" + quote("a\u2028b\u2029c\u0085d"), None),
        ("/v1/models/a%1b[31mb", None),
        ("/v1/models/a%0d%0aSet-Cookie:%20b", None),
    ],
    ids=["model", "field", "path", "ANSI", "CRLF"],
)
def test_what_is_echoed_and_logged_is_one_record_and_splits_no_header(
    bridge: Bridge, target: str, post: object
) -> None:
    before = len(bridge.gateway.output)

    (answer,) = bridge.ask(target, token=bridge.good, post=post)
    (last,) = bridge.ask("/healthz/none", token=bridge.good)

    assert 400 <= answer.status < 500
    assert "set-cookie" not in answer.headers
    assert not {"\r", "\n", "\x00", "\x1b", "\u2028", "\u2029", "\x85", "\x0b"} & set(str(answer.headers.values()))
    assert json.loads(answer.body)["error"]["message"]
    eventually(lambda: any(last.headers["x-request-id"] in line for line in bridge.gateway.output), "the last line")
    records = [json.loads(line) for line in bridge.gateway.output[before:]]
    (one,) = [record for record in records if answer.headers["x-request-id"] == record.get("call_id")]
    assert one["status"] == answer.status
    for line in bridge.gateway.output[before:]:
        assert line.rstrip("\n").isprintable()
