"""Writes the table of docs/providers.md from services.toml.

To renew the page: python -m tollbridge_compatible.page docs/providers.md
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tollbridge_compatible.catalogue import Service, load_services

BEGIN = "<!-- from services.toml: begin -->"
END = "<!-- from services.toml: end -->"
CHAT, RESPONSES = "openai-chat", "openai-responses"
WORDS = {
    CHAT: "Chat Completions",
    RESPONSES: "Responses",
    "openai-embeddings": "embeddings",
    "anthropic-messages": "Messages",
}


def main(path: Path) -> None:
    """Renew the page at `path`."""
    path.write_text(renew(path.read_text("utf-8"), load_services()), "utf-8")


def renew(page: str, services: Iterable[Service]) -> str:
    """Give the page with its table made anew; raises `ValueError` when a marker is missing."""
    before, found, rest = page.partition(BEGIN)
    _, found_too, after = rest.partition(END)
    if not found or not found_too:
        raise ValueError(f"the page needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table(services)}{END}{after}"


def table(services: Iterable[Service]) -> str:
    """Write one line a host, as Markdown."""
    lines = ["| id | base URL | key | notes |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{service.id}` | {_code(_main_url(service))} | {_key(service)} | {'; '.join(_notes(service))} |"
        for service in services
    ]
    return "\n".join(lines) + "\n"


def _main_url(service: Service) -> str:
    return next(iter(service.base_urls.values()))


def _key(service: Service) -> str:
    if not service.env:
        return "none"
    asked = _code(*service.env, joined=" or ") + (" ?" if service.env_guess else "")
    return f"{asked}, if it asks for one" if service.local else asked


def _notes(service: Service) -> Iterator[str]:
    if service.name != service.id:
        yield service.name
    if service.note:
        yield service.note
    if service.variables:
        yield f"set {_code(*service.variables, joined=' and ')}"
    if service.header:
        yield f"key in the header {_code(service.header)}"
    spoken = [_spoken(service, dialect) for dialect in service.base_urls if dialect != CHAT]
    yield from spoken if CHAT in service.base_urls else [f"{' and '.join(spoken)} only"]
    if service.quirks.keeps_answers:
        yield "keeps answers"
    if service.quirks.free_text:
        yield "takes tools of free text"
    for old, new in service.quirks.rename.items():
        yield f"{_code(old)} becomes {_code(new)}"
    if service.quirks.drop:
        yield f"drops {_code(*service.quirks.drop, joined=', ')}"
    for name, refused in service.quirks.drop_values.items():
        yield f"drops {_code(name)} where it is {_code(*map(json.loads, refused), joined=' or ')}"
    for dialect in service.quirks.rewritten:
        yield f"{WORDS[dialect]} written anew"
    if service.quirks.stream_usage == "never":
        yield "no usage in streams"


def _spoken(service: Service, dialect: str) -> str:
    url = service.base_urls[dialect]
    word = f"{WORDS[dialect]} to count tokens" if dialect in service.quirks.only_counts else WORDS[dialect]
    return word if url == _main_url(service) else f"{word} at {_code(url)}"


def _code(*words: str, joined: str = " ") -> str:
    return joined.join(f"`{word}`" for word in words)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
