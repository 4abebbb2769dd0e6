"""Whether a request is as its operation says."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from tollbridge_rest.documents.bodies import FORM, base_of, choose_media, is_json
from tollbridge_rest.documents.bounds import BadDocument
from tollbridge_rest.documents.findings import MAX_FINDINGS, Finding
from tollbridge_rest.documents.forms import check_form, check_multipart, grouped, read_pairs
from tollbridge_rest.documents.model import Media, Operation, Parameter, Place, Style
from tollbridge_rest.documents.schemas import Side
from tollbridge_rest.documents.slotvalues import (
    Checking,
    absent,
    check_header,
    check_json,
    read_exploded,
    read_named,
    undecoded,
)
from tollbridge_rest.documents.styles import (
    BadText,
    Written,
    decode_query,
    decode_text,
    is_below,
    read_deep,
    read_path,
)


class Asked(msgspec.Struct, frozen=True, gc=False):
    """A request.  `values` are those of the path as `Paths` gives them, `query` is without its question mark.

    `headers` have lower-case names; `body` is None where it was not read, and then it is not checked.
    """

    values: Mapping[str, str]
    query: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes | None = b""

    def header(self, name: str) -> list[str]:
        """Give the values of a header."""
        wanted = name.encode("latin-1", "replace")
        return [value.decode("latin-1") for key, value in self.headers if key == wanted]


class Requests:
    """Checks requests against one document.

    `strict_query`: parameters of the query that no operation knows are refused. `supplied` are headers that the
    gateway puts in itself, so that a caller need not send them.
    """

    def __init__(self, checking: Checking, *, strict_query: bool = False, supplied: Collection[str] = ()) -> None:
        self._checking = checking
        self._strict = strict_query
        self._supplied = frozenset(name.lower() for name in supplied)

    def check(self, operation: Operation, asked: Asked) -> list[Finding]:
        """Tell what is wrong, at most 20 things; empty where all is right.

        A schema that cannot be used lets nothing pass.
        """
        try:
            found = [*self._parameters(operation, asked), *self._body(operation, asked)]
        except BadDocument as exc:
            return [Finding("document", exc.message, 500)]
        return found[:MAX_FINDINGS]

    def _parameters(self, operation: Operation, asked: Asked) -> list[Finding]:
        try:
            pairs = read_pairs(asked.query.decode("latin-1"))
        except BadText as exc:
            return [Finding("query", str(exc), 400)]
        query, cookies, found = grouped(pairs), _cookies(asked), list[Finding]()
        known = {each.name for each in operation.parameters if each.place is Place.QUERY}
        for slot in operation.parameters:
            match slot.place:
                case Place.PATH:
                    found += self._path(slot, asked.values.get(slot.name, ""))
                case Place.QUERY:
                    mine = {name: texts for name, texts in query.items() if name == slot.name or name not in known}
                    found += self._query(slot, mine, pairs)
                case Place.QUERYSTRING:
                    found += self._querystring(slot, asked.query)
                case Place.HEADER if slot.name not in self._supplied:
                    found += check_header(slot, asked.header(slot.name), self._checking, Side.REQUEST)
                case Place.COOKIE:
                    found += self._cookie(slot, cookies.get(slot.name, []))
        return found + (self._unknown(operation, query) if self._strict else [])

    def _path(self, slot: Parameter, raw: str) -> list[Finding]:
        def read(kind: str, loose: bool) -> Written:
            text = decode_text(raw) if loose else raw
            return read_path(slot.name, text, slot.style, kind, slot.explode)

        if slot.media is not None:
            return self._content(slot, raw)
        return self._checking.slot(slot, read, len(raw), Side.REQUEST)

    def _query(
        self, slot: Parameter, query: Mapping[str, Sequence[str]], pairs: Sequence[tuple[str, str]]
    ) -> list[Finding]:
        texts, size = query.get(slot.name, []), sum(map(len, query.get(slot.name, [])))
        if texts and slot.empty and not any(texts):
            return []
        if slot.media is not None:
            return self._content(slot, *texts) if len(texts) == 1 else absent(slot, texts)
        shape = self._checking.shapes.of(slot.schema)
        below = [pair for pair in pairs if is_below(pair[0], slot.name)] if slot.style is Style.DEEP else []
        if below:
            return self._checking.slot(slot, lambda kind, loose: read_deep(slot.name, below), len(below), Side.REQUEST)
        if slot.style is Style.FORM and slot.explode and "object" in shape.kinds and not texts:
            return self._exploded(slot, query)
        if not texts:
            return absent(slot, texts)
        return self._checking.slot(slot, read_named(texts, slot.style, slot.explode), size, Side.REQUEST)

    def _exploded(self, slot: Parameter, query: Mapping[str, Sequence[str]]) -> list[Finding]:
        try:
            fields = read_exploded(slot, query, self._checking.shapes)
        except BadText as exc:
            return [Finding(slot.where, str(exc))]
        if fields is None:
            return absent(slot, [])
        return self._checking.slot(slot, lambda kind, loose: dict(fields), len(fields), Side.REQUEST)

    def _querystring(self, slot: Parameter, raw: bytes) -> list[Finding]:
        if not raw or slot.media is None:
            return absent(slot, [])
        if slot.media.type == FORM:
            found = check_form(slot.media, raw, self._checking)
            return [msgspec.structs.replace(each, where=each.where.replace("body", slot.where, 1)) for each in found]
        return self._content(slot, raw.decode("latin-1"))

    def _cookie(self, slot: Parameter, texts: Sequence[str]) -> list[Finding]:
        if not texts:
            return absent(slot, texts)
        if slot.media is not None:
            return self._content(slot, texts[0])
        if slot.style is Style.FORM:
            read = read_named(texts, slot.style, slot.explode)
        else:
            read = undecoded(texts[0], slot.explode)
        return self._checking.slot(slot, read, sum(map(len, texts)), Side.REQUEST)

    def _content(self, slot: Parameter, raw: str) -> list[Finding]:
        try:
            text = decode_text(raw) if slot.place is Place.PATH else decode_query(raw)
        except BadText as exc:
            return [Finding(slot.where, str(exc))]
        return self._checking.content(slot, text, Side.REQUEST)

    def _unknown(self, operation: Operation, query: Mapping[str, Sequence[str]]) -> list[Finding]:
        known: set[str] = set()
        for slot in operation.parameters:
            if slot.place is Place.QUERYSTRING:
                return []
            if slot.place is Place.QUERY:
                known.add(slot.name)
                if slot.style is Style.DEEP:
                    known |= {name for name in query if is_below(name, slot.name)}
                if slot.style is Style.FORM and slot.explode:
                    shape = self._checking.shapes.of(slot.schema)
                    if "object" in shape.kinds and shape.additional not in (None, False):
                        return []
                    known |= shape.properties.keys()
        return [Finding(f"query.{_visible(name)}", "is not known") for name in query if name not in known]

    def _body(self, operation: Operation, asked: Asked) -> list[Finding]:
        data, body = asked.body, operation.body
        if data is None:
            return []
        if body is None:
            return [Finding("body", "must not be there")] if data else []
        if not data:
            return [Finding("body", "is missing")] if body.required else []
        content_type = ", ".join(asked.header("content-type"))
        media = choose_media(body.content, base_of(content_type))
        if media is None:
            known = ", ".join(each.written for each in body.content[:10])
            return [Finding("body", f"must be of one of these media types: {known}", 415)]
        return self._content_of(media, data, content_type)

    def _content_of(self, media: Media, data: bytes, content_type: str) -> list[Finding]:
        kind = base_of(content_type)
        if is_json(kind):
            return check_json(media, data, self._checking, Side.REQUEST)
        if kind == FORM:
            return check_form(media, data, self._checking)
        if kind == "multipart/form-data":
            return check_multipart(media, data, content_type, self._checking)
        return []


def _cookies(asked: Asked) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in "; ".join(asked.header("cookie")).split(";", 1_000):
        name, equals, value = part.strip().partition("=")
        if equals:
            found.setdefault(name, []).append(value)
    return found


def _visible(name: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in name[:64])
