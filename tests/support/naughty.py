"""Credentials that nobody should send, as bytes; made here by rule, so that the list says what it covers."""

import itertools
from collections.abc import Iterator

from tollbridge.tokens.secret import make_secret

_SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_CODE_POINTS = (
    *(0x85, 0xA0, 0xAD, 0x34F, 0x61C, 0x115F, 0x1680, 0x180E, 0x3000, 0x3164, 0xFEFF, 0xFFF9, 0xFFFC, 0xFFFD),
    *range(0x2000, 0x2010),  # spaces and signs of no width
    *range(0x2028, 0x2030),  # ends of lines; turns of direction
    *range(0x2060, 0x206A),
    *(0x300, 0x489, 0x20E3, 0xFE0F, 0x1F3FB, 0xE0001, 0xE0041),  # what clings to its neighbour
    *(0xFDD0, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF, 0xE000, 0xF8FF, 0x100000),  # what is no character, or a private one
    *(0x130, 0x131, 0x17F, 0x1E9E, 0xDF, 0xFB01, 0x212A, 0x2126, 0xFF21, 0x1D400),  # what changes with its case or form
    *(0x661, 0x6F1, 0x967, 0xFF11, 0xB2, 0x2460, 0x1D7D8),  # other digits
    *(0x1F600, 0x1F4A9, 0x1F1E9, 0x200D, 0x1F468),
)
_TEXTS = (
    "مرحبا بالعالم",
    "שלום עולם",
    "токен доступа",
    "ключ",
    "密钥",
    "パスワード",
    "비밀번호",
    "θησαυρός",
    "tb_\u202egnitrats",
    "\u2066tb_\u2069",
    "👨\u200d👩\u200d👧",
    "🇩🇪🇫🇷",
    "a" + "\u0301" * 300,
    "ﷺ" * 50,
    "Ω≈ç√∫",
    "¡™£¢∞§¶",
    "％００",
    "＇ OR １＝１",
)
_BROKEN_UTF8 = (
    b"\x80",
    b"\xbf" * 8,
    b"\xc0\x80",
    b"\xc0\xaf",
    b"\xc1\x81",
    b"\xc3",
    b"\xc3\x28",
    b"\xe0\x80\xaf",
    b"\xe2\x82",
    b"\xe2\x28\xa1",
    b"\xed\xa0\x80",
    b"\xed\xa0\xbd\xed\xb8\x80",
    b"\xed\xbf\xbf",
    b"\xf0\x80\x80\xaf",
    b"\xf0\x9f\x98",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xfe\xff\x00t\x00b",
    b"\xff\xfet\x00b\x00",
    b"\xef\xbb\xbftb_",
    b"+ADw-script+AD4-",
)
_OPENERS = ("", "'", '"', "')", "'))", '")', "`", "tb_'", "\\'", "1")
_SQL = (
    " OR 1=1 --",
    " OR 'a'='a",
    " OR TRUE #",
    " AND 1=randomblob(500000000) --",
    " UNION SELECT digest, token_id FROM secret --",
    " UNION ALL SELECT NULL,NULL,NULL,NULL --",
    "; DROP TABLE token; --",
    "; DELETE FROM secret; --",
    "; UPDATE token SET revoked_at = NULL, scopes = '*'; --",
    "; INSERT INTO budget VALUES ('x', 0, 0); --",
    "; ATTACH DATABASE 'x.db' AS x; --",
    "; PRAGMA journal_mode = DELETE; --",
    "; SELECT load_extension('x'); --",
    "; SELECT pg_sleep(30); --",
    "; WAITFOR DELAY '0:0:30' --",
    "/**/OR/**/1/**/LIKE/**/1",
    " GROUP BY id HAVING 1=1 --",
    " || (SELECT hint FROM token) || ",
)
_LOOKUPS = (
    "${jndi:ldap://127.0.0.1:9/x}",
    "${jndi:dns://127.0.0.1:9/x}",
    "${${lower:j}ndi:rmi://127.0.0.1:9/x}",
    "${${::-j}${::-n}di:ldap://127.0.0.1:9/x}",
    "${env:MOCK_KEY}",
    "$MOCK_KEY",
    "$(MOCK_KEY)",
    "%MOCK_KEY%",
    "env:MOCK_KEY",
    "file:/etc/passwd",
    "stored:mock",
    "{{7*7}}",
    "{{config}}",
    "{% print(7*7) %}",
    "<%= 7*7 %>",
    "#{7*7}",
    "*{7*7}",
    "@(7*7)",
    "{{''.__class__.__mro__}}",
    "{0.__class__.__init__.__globals__}",
    "__import__('os').abort()",
    "eval(compile('1/0','','eval'))",
)
_FORMATS = (
    *("%s", "%d", "%n", "%x", "%p", "%c", "%5$s", "%*d", "%99999999d", "%.9999999f", "%(token)s", "%%", "%", "%1"),
    *("{}", "{0}", "{-1}", "{token}", "{token!r}", "{:>99999999}", "{", "}", "{{", "}}", "$token", "${token}", "$"),
    *("\\0", "\\x00", "\\u0000", "\\n", "\\r\\n", "\\", "\\\\", "%00", "%0a", "%0d%0a", "&#0;", "=0D=0A"),
)
_WORDS = (
    *("null", "NULL", "nil", "none", "None", "undefined", "undef", "true", "True", "false", "(null)", "NaN", "void"),
    *("admin", "root", "system", "default", "anonymous", "public", "guest", "localhost", "self", "this", "*", "tb_*"),
    *("tb", "tb_", "TB_", "tb-", "tb_null", "tb_tb_", "sk-", "tok_1", "Bearer", "Bearer ", "Bearer tb_x", "Basic"),
    *("bearer bearer", "Token x", "Digest username=x", "Negotiate", "AWS4-HMAC-SHA256 Credential=x", "a,b", "a, b"),
    *("constructor", "__proto__", "toString", "hasOwnProperty", "__class__", "CON", "NUL", "COM1", "AUX"),
)
_NUMBERS = (
    *("0", "1", "-1", "-0", "+1", "00", "0x0", "0xffffffff", "0b1", "0o7", "1e0", "1e309", "-1e309", "1e-400", "1/0"),
    *("2147483647", "2147483648", "-2147483649", "4294967296", "9007199254740993", "9223372036854775808"),
    *("18446744073709551616", "1.0", "1,0", "1.", ".1", "0.1e", "Infinity", "-Infinity", "inf", "nan"),
    *(
        "1_000",
        "1 000",
        "9" * 100,
        "0." + "0" * 100 + "1",
        "1E+02",
        "0e99",
        "12345678901234567890123456789012345678901",
    ),
)
_MARKUP = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "<!--",
    "-->",
    "]]>",
    "<![CDATA[x]]>",
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "&lt;&amp;&#x27;",
    "<?xml version='1.0'?>",
    "[]",
    "{}",
    "[[]]",
    '{"$ne":null}',
    '{"$gt":""}',
    '{"a":' * 50,
    "[" * 500,
    '"',
    "'",
    "*)(uid=*))(|(uid=*",
    "' or count(/*)=1 or 'a'='b",
    "!!python/object/apply:os.abort []",
    "cos\\nsystem\\n(S'x'\\ntR.",
    'O:8:"stdClass":0:{}',
    "rO0ABXNyAA==",
    "gASVAAAAAAAAAAAu",
)
_SHELL = (
    *("; id", "| id", "& id", "&& id", "|| id", "`id`", "$(id)", "; sleep 30 #", "$(sleep 30)", "> x", "< x", "--help"),
    *("-rf", "() { :;}; id", "%COMSPEC%", "~", "~root", "*?[a]", "a;b;c", "!!", "\\$x"),
)
_FILES = ("etc/passwd", "tollbridge.db", ".tollbridge/pepper")
_CLIMBS = ("../", "..\\", "%2e%2e%2f", "%252e%252e%252f", "....//", "..%c0%af")
_LINES = (
    b"\rX-A: 1",
    b"\nX-A: 1",
    b"\r\nX-A: 1",
    b"a\r\nX-Tollbridge-Principal: tok_1",
    b"a\r\nX-Forwarded-User: root",
    b"a\r\n b",
    b"a\r\n\tb",
    b"a\r\nAuthorization: Bearer b",
    b"a\r\nContent-Length: 0",
    b"a\r\nTransfer-Encoding: chunked",
    b"a\r\n\r\n",
    b"a\r\n\r\nGET /v1/models HTTP/1.1\r\n\r\n",
    b"\x1b[31mred",
    b"\x1b]0;title\x07",
    b"\x08\x08\x08",
)
LONGEST = 1_000_000
_LENGTHS = (42, 255, 256, 1_024, 4_096, 8_192, 15_000, 16_384, 16_385, 32_768, 60_000, 65_536, 131_072, LONGEST)
LONG = 16_384
"""A credential over this many bytes is more than the gateway reads; the server may close on it."""


def credentials() -> list[bytes]:
    """Give the whole list, in one order, each once."""
    return list(dict.fromkeys(_all()))


def _all() -> Iterator[bytes]:
    yield from (b"", b" ", b"\t", b"  \t  ")
    for number in (*range(0x20), 0x7F):
        yield bytes((number,))
        yield b"tb_%cabc" % number
    yield from (bytes((number,)) for number in range(0x80, 0x100))
    yield from (sign.encode() for sign in _SIGNS)
    for point in _CODE_POINTS:
        yield chr(point).encode()
        yield f"tb_{chr(point)}abc".encode()
    yield from _BROKEN_UTF8
    yield from _LINES
    for parts in (_TEXTS, _LOOKUPS, _FORMATS, _WORDS, _NUMBERS, _MARKUP, _SHELL):
        yield from (part.encode() for part in parts)
    yield from ((opener + rest).encode() for opener, rest in itertools.product(_OPENERS, _SQL))
    for climb, depth, file in itertools.product(_CLIMBS, (1, 3, 9), _FILES):
        yield (climb * depth + file).encode()
    yield from (b"A" * length for length in _LENGTHS)
    yield b"tb_" + b"\xff" * 38
    yield b"%00" * 5_000


def unknown(count: int) -> list[bytes]:
    """Make tokens in perfect form that no gateway gave out: they alone are looked up."""
    return [make_secret().encode("ascii") for _ in range(count)]


def damaged(token: bytes) -> list[bytes]:
    """Give spellings of a valid token that are not the token."""
    found = [token[:length] for length in range(len(token))]
    found += [token[:at] + (b"a" if sign != 0x61 else b"b") + token[at + 1 :] for at, sign in enumerate(token)]
    found += [token.upper(), token.lower(), token.swapcase(), token[::-1], token[3:], token * 2, token.hex().encode()]
    found += [b'"%b"' % token, b"'%b'" % token, b"<%b>" % token, b"Bearer " + token, b"token=" + token, token + b"=="]
    found += [token + b"\x00", b"\x00" + token, token + b"\x00x", token + b"%00", token + b",", token + b", " + token]
    found += [token + b"\xe2\x80\x8b", b"\xef\xbb\xbf" + token, token + b"\xc2\xa0", token + b" x", b"x " + token]
    found += [token + b"'", token + b"' OR 1=1 --", token + b";", token + b"#", token + b"\\", token + b"/../" + token]
    found += [token.replace(b"tb_", b"tb%5f"), token.replace(b"_", b"-"), b"%74" + token[1:], b"\xff" + token[1:]]
    return list(dict.fromkeys(found))
