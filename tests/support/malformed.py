"""Requests that are broken or can be read in two ways, as bytes: each tries to have a model called.

All of our own making, after RFC 9110 and 9112; `FIRST` stands where the caller's token goes, `OTHER` for another's,
both as long as a token is.
Every body names `CALLED`, so that an upstream shows whether a model was called.
"""

from collections.abc import Mapping

FIRST, OTHER = b"tb_" + b"F" * 38, b"tb_" + b"O" * 38
CALLED = b"a malformed request was carried out"
PATH = b"/v1/chat/completions"
BODY = b'{"model":"gpt-4o-mini","max_tokens":9,"messages":[{"role":"user","content":"' + CALLED + b'"}]}'
SIZE = len(BODY)
CHUNKED = b"Transfer-Encoding: chunked"
LENGTH = b"Content-Length: %d" % SIZE
_HOST = b"Host: h"


def request(
    *fields: bytes,
    line: bytes = b"POST " + PATH + b" HTTP/1.1",
    host: bytes = _HOST,
    body: bytes = BODY,
    end: bytes = b"\r\n",
) -> bytes:
    """Write a request of these header lines and a body; without a framing field it says no length."""
    usual = (line, host, b"Authorization: Bearer " + FIRST, b"Content-Type: application/json", *fields)
    return end.join((*(part for part in usual if part), b"", body))


def sized(*fields: bytes, line: bytes = b"POST " + PATH + b" HTTP/1.1", host: bytes = _HOST) -> bytes:
    """Write a request whose body has its right length."""
    return request(LENGTH, *fields, line=line, host=host)


def at(target: bytes) -> bytes:
    """Write a request with this target and all else in order."""
    return sized(line=b"POST " + target + b" HTTP/1.1")


def chunk(size: bytes = b"%x" % SIZE, data: bytes = BODY, after: bytes = b"\r\n", last: bytes = b"0\r\n\r\n") -> bytes:
    """Write a chunked body of one chunk; `size` is all of its first line."""
    return size + b"\r\n" + data + after + last


def chunked(body: bytes, *fields: bytes, coding: bytes = CHUNKED) -> bytes:
    return request(coding, *fields, body=body)


INNER = request(LENGTH, b"Connection: close").replace(FIRST, OTHER)
"""A whole request of somebody else, for hiding inside another."""

HOSTS = {
    "no host": sized(host=b""),
    "two hosts": sized(b"Host: other"),
    "the same host twice": sized(_HOST),
    "host spelt twice": sized(b"hOsT: other"),
    "empty host": sized(host=b"Host:"),
    "host with a path": sized(host=b"Host: h/healthz"),
    "host with userinfo": sized(host=b"Host: a@h"),
    "host with a space": sized(host=b"Host: h h"),
    "list of hosts": sized(host=b"Host: h, other"),
    "host with a letter for a port": sized(host=b"Host: h:8o"),
    "host with a NUL": sized(host=b"Host: h\x00.example"),
    "host of other bytes": sized(host=b"Host: h\xff"),
}

LENGTHS = {
    "length and chunked": request(LENGTH, CHUNKED, body=chunk()),
    "chunked and length": request(CHUNKED, LENGTH, body=chunk()),
    "length of nothing and chunked": request(b"Content-Length: 0", CHUNKED, body=chunk()),
    "length of four and chunked": request(b"Content-Length: 4", CHUNKED, body=chunk()),
    "chunked in HTTP/1.0 with a length": request(LENGTH, CHUNKED, line=b"POST " + PATH + b" HTTP/1.0", body=chunk()),
    "length and an unknown coding": sized(b"Transfer-Encoding: x"),
    "length and an empty coding": sized(b"Transfer-Encoding:"),
    "two lengths": sized(b"Content-Length: %d" % (SIZE + 1)),
    "two lengths, the first nothing": request(b"Content-Length: 0", LENGTH),
    "the same length twice": sized(LENGTH),
    "list of lengths": request(b"Content-Length: %d, %d" % (SIZE, SIZE)),
    "list of two lengths": request(b"Content-Length: 0, %d" % SIZE),
    "length with a plus": request(b"Content-Length: +%d" % SIZE),
    "length below zero": request(b"Content-Length: -%d" % SIZE),
    "minus nothing": request(b"Content-Length: -0"),
    "length in hex": request(b"Content-Length: 0x%x" % SIZE),
    "length with a point": request(b"Content-Length: %d.0" % SIZE),
    "length with an exponent": request(b"Content-Length: 1e2"),
    "length with a space inside": request(b"Content-Length: 1 %d" % SIZE),
    "length with an underscore": request(b"Content-Length: %d_%d" % divmod(SIZE, 10)),
    "length in quotes": request(b'Content-Length: "%d"' % SIZE),
    "length with a letter": request(b"Content-Length: %dx" % SIZE),
    "length with a vertical tab": request(b"Content-Length: \x0b%d" % SIZE),
    "length with a form feed": request(b"Content-Length: %d\x0c" % SIZE),
    "length in other digits": request(b"Content-Length: " + "\u0661\u0662".encode()),
    "empty length": request(b"Content-Length:"),
    "length over 64 bits": request(b"Content-Length: %d" % (2**64 + SIZE)),
    "length over 32 bits": request(b"Content-Length: %d" % (2**32 + SIZE)),
    "length that no number holds": request(b"Content-Length: " + b"9" * 400),
    "space before the colon of the length": request(b"Content-Length : %d" % SIZE),
    "tab before the colon of the length": request(b"Content-Length\t: %d" % SIZE),
    "folded length": request(b"Content-Length:\r\n %d" % SIZE),
    "body without a length": request(),
}

CODINGS = {
    "chunked twice": chunked(chunk(), CHUNKED),
    "chunked and identity": chunked(chunk(), coding=b"Transfer-Encoding: chunked, identity"),
    "identity": chunked(chunk(), coding=b"Transfer-Encoding: identity"),
    "chunked, then another": chunked(chunk(), b"Transfer-Encoding: identity"),
    "unknown coding": chunked(chunk(), coding=b"Transfer-Encoding: xchunked"),
    "compressed alone": chunked(chunk(), coding=b"Transfer-Encoding: gzip"),
    "chunked with a parameter": chunked(chunk(), coding=b"Transfer-Encoding: chunked;q=1"),
    "chunked in quotes": chunked(chunk(), coding=b'Transfer-Encoding: "chunked"'),
    "chunked after a vertical tab": chunked(chunk(), coding=b"Transfer-Encoding: \x0bchunked"),
    "chunked with a NUL": chunked(chunk(), coding=b"Transfer-Encoding: chun\x00ked"),
    "chunked before a bare return": chunked(chunk(), coding=b"Transfer-Encoding: chunked\rx: y"),
    "chunked folded": chunked(chunk(), coding=b"Transfer-Encoding:\r\n chunked"),
    "space before the colon of the coding": chunked(chunk(), coding=b"Transfer-Encoding : chunked"),
    "empty coding": chunked(chunk(), coding=b"Transfer-Encoding:"),
    "unknown coding before chunked": chunked(chunk(), coding=b"Transfer-Encoding: x, chunked"),
    "compressed and chunked": chunked(chunk(), coding=b"Transfer-Encoding: gzip, chunked"),
    "chunked after a comma": chunked(chunk(), coding=b"Transfer-Encoding: ,chunked"),
    "chunked twice in a list": chunked(chunk(), coding=b"Transfer-Encoding: chunked, chunked"),
    "chunked in HTTP/1.0": request(CHUNKED, line=b"POST " + PATH + b" HTTP/1.0", body=chunk()),
}

CHUNKS = {
    "chunk size of letters": chunked(chunk(b"zz")),
    "empty chunk size": chunked(chunk(b"")),
    "chunk size with 0x": chunked(chunk(b"0x%x" % SIZE)),
    "chunk size with a plus": chunked(chunk(b"+%x" % SIZE)),
    "chunk size below zero": chunked(chunk(b"-%x" % SIZE)),
    "chunk size with an underscore": chunked(chunk(b"0_%x" % SIZE)),
    "chunk size after a space": chunked(chunk(b" %x" % SIZE)),
    "chunk size over 64 bits": chunked(chunk(b"%x" % (2**64 + SIZE))),
    "chunk size that no number holds": chunked(chunk(b"f" * 60)),
    "chunk size ended by a bare return": chunked(b"%x\r" % SIZE + BODY + b"\r\n0\r\n\r\n"),
    "chunk size ended by a bare feed": chunked(b"%x\n" % SIZE + BODY + b"\r\n0\r\n\r\n"),
    "chunk extension with a bare feed": chunked(chunk(b"%x;a\nb" % SIZE)),
    "chunk extension with a NUL": chunked(chunk(b"%x;a=\x00" % SIZE)),
    "chunk longer than it says": chunked(chunk(b"%x" % (SIZE - 4))),
    "chunk shorter than it says": chunked(chunk(b"%x" % (SIZE + 1), last=b"") + b"0\r\n\r\n"),
    "chunk ended by other signs": chunked(chunk(after=b"XX")),
    "chunk ended by nothing": chunked(chunk(after=b"")),
    "chunk ended by a bare feed": chunked(chunk(after=b"\n")),
    "chunk ended by a bare return": chunked(chunk(after=b"\r")),
    "trailer that is no field": chunked(chunk(last=b"0\r\nno field\r\n\r\n")),
    "trailer with a NUL": chunked(chunk(last=b"0\r\na: \x00\r\n\r\n")),
    "whole chunk of somebody else's request": chunked(chunk(b"%x" % len(INNER), INNER)),
}

LINES = {
    "bare returns": request(LENGTH, end=b"\r"),
    "bare return in a value": sized(b"X-A: 1\r2"),
    "folded field": sized(b"X-A: 1\r\n 2"),
    "folded field with a tab": sized(b"X-A: 1\r\n\t2"),
    "folded from the first line": sized(host=b" Host: h"),
    "space before the colon": sized(b"X-A : 1"),
    "space in a name": sized(b"X A: 1"),
    "field without a colon": sized(b"X-A"),
    "field without a name": sized(b": 1"),
    "NUL in a name": sized(b"X\x00A: 1"),
    "NUL in a value": sized(b"X-A: 1\x002"),
    "DEL in a value": sized(b"X-A: 1\x7f2"),
    "bell in a value": sized(b"X-A: 1\x072"),
    "name of other bytes": sized(b"X-\xe9: 1"),
    "name in brackets": sized(b"X(A): 1"),
    "long field": sized(b"X-A: " + b"a" * 20_000),
    "longer field": sized(b"X-A: " + b"a" * 200_000),
    "many fields": sized(*(b"X-%d: 1" % number for number in range(300))),
    "long name": sized(b"X" * 70_000 + b": 1"),
}

FIRST_LINES = {
    "two spaces": sized(line=b"POST  " + PATH + b" HTTP/1.1"),
    "tabs for spaces": sized(line=b"POST\t" + PATH + b"\tHTTP/1.1"),
    "space before the method": sized(line=b" POST " + PATH + b" HTTP/1.1"),
    "method in small letters": sized(line=b"post " + PATH + b" HTTP/1.1"),
    "method of other signs": sized(line=b"P@ST " + PATH + b" HTTP/1.1"),
    "method with a NUL": sized(line=b"PO\x00ST " + PATH + b" HTTP/1.1"),
    "unknown method": sized(line=b"FROB " + PATH + b" HTTP/1.1"),
    "TRACE": sized(line=b"TRACE " + PATH + b" HTTP/1.1"),
    "HTTP/0.9": b"GET " + PATH + b"\r\n",
    "no version": sized(line=b"POST " + PATH),
    "version 0.9": sized(line=b"POST " + PATH + b" HTTP/0.9"),
    "version 2.0": sized(line=b"POST " + PATH + b" HTTP/2.0"),
    "version 9.9": sized(line=b"POST " + PATH + b" HTTP/9.9"),
    "version 1.10": sized(line=b"POST " + PATH + b" HTTP/1.10"),
    "version with a comma": sized(line=b"POST " + PATH + b" HTTP/1,1"),
    "version in small letters": sized(line=b"POST " + PATH + b" http/1.1"),
    "version of something else": sized(line=b"POST " + PATH + b" HTTQ/1.1"),
    "version with a space": sized(line=b"POST " + PATH + b" HTTP/ 1.1"),
    "word after the version": sized(line=b"POST " + PATH + b" HTTP/1.1 x"),
    "NUL after the version": sized(line=b"POST " + PATH + b" HTTP/1.1\x00"),
    "no target": sized(line=b"POST HTTP/1.1"),
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "greeting of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "garbage": bytes(range(128, 256)) + b"\r\n\r\n",
}

TARGETS = {
    "absolute form": at(b"http://h" + PATH),
    "absolute form of another host": at(b"http://other" + PATH),
    "absolute form of another scheme": at(b"gopher://h" + PATH),
    "authority form": at(b"h:80"),
    "asterisk": at(b"*"),
    "no slash": at(PATH[1:]),
    "CONNECT of a host": request(line=b"CONNECT 127.0.0.1:9 HTTP/1.1", body=b""),
    "CONNECT of the path": sized(line=b"CONNECT " + PATH + b" HTTP/1.1"),
    "double slash": at(b"/" + PATH),
    "double slash inside": at(b"/v1//chat/completions"),
    "host after a double slash": at(b"//other" + PATH),
    "dot": at(b"/v1/./chat/completions"),
    "two dots": at(b"/v1/x/../chat/completions"),
    "two dots first": at(b"/.." + PATH),
    "two dots out of a public path": at(b"/healthz/.." + PATH),
    "encoded dots": at(b"/v1/x/%2e%2e/chat/completions"),
    "encoded slash": at(b"/v1%2fchat/completions"),
    "encoded backslash": at(b"/v1%5Cchat/completions"),
    "backslash": at(b"/v1\\chat/completions"),
    "encoded twice": at(b"/v1%252fchat/completions"),
    "encoded NUL": at(PATH + b"%00"),
    "NUL": at(PATH + b"\x00"),
    "encoded line": at(PATH + b"%0d%0aHost:%20other"),
    "broken escape": at(PATH + b"%zz"),
    "overlong encoding": at(b"/v1%c0%afchat/completions"),
    "parameter of a segment": at(b"/v1;x/chat/completions"),
    "space": at(b"/v1/chat /completions"),
    "tab": at(b"/v1/chat\t/completions"),
    "return": at(b"/v1/chat\r/completions"),
    "other bytes": at(PATH + b"\xff"),
    "capitals": at(PATH.upper()),
    "NUL in the query": at(PATH + b"?a=%00"),
    "long target": at(PATH + b"?" + b"a" * 9_000),
    "longer target": at(PATH + b"?" + b"a" * 90_000),
    "token in the query": at(PATH + b"?key=" + OTHER),
}

MEANINGS = {
    "two credentials": sized(b"Authorization: Bearer " + OTHER),
    "two kinds of credential": sized(b"X-Api-Key: " + OTHER),
    "two credentials in a list": sized().replace(FIRST, FIRST + b", Bearer " + OTHER),
    "the same credential twice": sized(b"Authorization: Bearer " + FIRST),
    "two media types": sized(b"Content-Type: text/plain"),
    "compressed body": sized(b"Content-Encoding: gzip"),
    "compressed and plain": sized(b"Content-Encoding: identity", b"Content-Encoding: gzip"),
    "h2c": sized(b"Upgrade: h2c", b"Connection: Upgrade, HTTP2-Settings", b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"),
    "upgrade to nobody knows what": sized(b"Upgrade: x", b"Connection: Upgrade"),
    "upgrade to a WebSocket": sized(b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13"),
    "somebody else's request for a body": request(b"Content-Length: %d" % len(INNER), body=INNER),
    "garbage for a body": request(b"Content-Length: 32", body=bytes(range(32))),
    "body of two": request(b"Content-Length: %d" % (2 * SIZE), body=BODY * 2),
    "body cut off": request(b"Content-Length: %d" % (SIZE - 1), body=BODY[:-1]),
}

MALFORMED: Mapping[str, bytes] = {
    **HOSTS,
    **LENGTHS,
    **CODINGS,
    **CHUNKS,
    **LINES,
    **FIRST_LINES,
    **TARGETS,
    **MEANINGS,
}

LENIENT: Mapping[str, bytes] = {
    "bare feeds": request(LENGTH, end=b"\n"),
    "bare feed in the head": sized(b"X-A: 1\nX-B: 2"),
    "space after the chunk size": chunked(chunk(b"%x " % SIZE)),
    "empty lines first": b"\r\n\r\n" + sized(),
    "fragment": at(PATH + b"#x"),
    "trailer of somebody else": chunked(chunk(last=b"0\r\nAuthorization: Bearer " + OTHER + b"\r\n\r\n")),
}
"""What RFC 9112 lets a server take, or what servers take though it is wrong: in one reading, the caller's own."""
