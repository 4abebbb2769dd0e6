"""The query of a request as it goes up: byte for byte as it came, but for what a route changes.  Pure."""

from urllib.parse import quote, quote_plus, unquote_plus

from tollbridge_rest.definition import QueryEdit

_PLAIN = "".join(char for char in map(chr, range(0x21, 0x7F)) if char not in '#"<>\\')


def query_up(query: bytes, edit: QueryEdit) -> str:
    """Give the query for the upstream, empty for none.  What a URL cannot hold as it is gets escaped."""
    text = quote(query, safe=_PLAIN) if query else ""
    if not (edit.remove or edit.set or edit.add):
        return text
    gone = {*edit.remove, *edit.set}
    kept = [part for part in text.split("&") if part and unquote_plus(part.partition("=")[0]) not in gone]
    kept += [f"{quote_plus(name)}={quote_plus(value)}" for name, value in (*edit.set.items(), *edit.add.items())]
    return "&".join(kept)
