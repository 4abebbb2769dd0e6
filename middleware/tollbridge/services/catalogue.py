"""The catalogue: which published services somebody sees, and what is said of them.

It is read from the book that calls are answered by, so it tells of what serves now, and of a service that its reader
may not see nothing: it is in no list, count, category or tag.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from tollbridge.errors import Unavailable
from tollbridge.services.book import Book, Books, Entry, Live, decoded
from tollbridge.services.ending import with_ending
from tollbridge.services.entrance import PREFIX
from tollbridge.services.kinds import About, ServiceKind, ServiceOperation
from tollbridge.services.model import Design, Service, Visibility


class Reader(msgspec.Struct, frozen=True):
    """Who reads.  `known`: somebody with a token, or who signed in; `everything`: whoever administers all services."""

    team: str = ""
    known: bool = True
    everything: bool = False

    def sees(self, service: Service, design: Design) -> bool:
        """Whether a service that is so is theirs to see."""
        if self.everything or design.visibility is Visibility.PUBLIC:
            return True
        if design.visibility is Visibility.INTERNAL:
            return self.known
        return bool(self.team) and service.team == self.team


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for: words that are all in its texts, a category or one above it, a tag, a kind, a team."""

    words: str = ""
    category: str = ""
    tag: str = ""
    kind: str = ""
    team: str = ""


class Listing(msgspec.Struct, frozen=True):
    """A service as one reader sees it: the release that serves who asks for none, and those versions that are theirs.

    `successor` is empty where that is not theirs to see.
    """

    service: Service
    live: Live
    versions: Sequence[Live]
    successor: str = ""

    @property
    def design(self) -> Design:
        """What the release that serves is made of."""
        return self.live.design

    def version(self, name: str) -> Live | None:
        """Give the release of a version, empty for that which serves who asks for none."""
        return next((one for one in self.versions if one.release.version == name), None) if name else self.live


class Category(msgspec.Struct, frozen=True):
    """A place in the tree; `services` are those in it and below."""

    path: str
    name: str
    services: int
    categories: Sequence["Category"]


class Shelves(msgspec.Struct, frozen=True):
    """How what a reader sees is sorted: how many services there are, in which categories, of which tags and kinds."""

    services: int
    categories: Sequence[Category]
    tags: Mapping[str, int]
    kinds: Mapping[str, int]
    teams: Mapping[str, int]


class Catalogue:
    """The catalogue of one gateway.  All but `Reader` raises `Unavailable` where nobody knows what serves."""

    def __init__(self, books: Books, kinds: Mapping[str, ServiceKind]) -> None:
        self._books = books
        self._kinds = kinds
        self._operations: WeakKeyDictionary[Live, Sequence[ServiceOperation]] = WeakKeyDictionary()

    async def list(
        self, reader: Reader, wanted: Wanted, *, limit: int | None = 50, after: str = ""
    ) -> Sequence[Listing]:
        """List services by their slugs, those behind `after`; all of them where `limit` is None."""
        book, found = await self._books.current(), list[Listing]()
        for slug in sorted(slug for slug in book.entries if slug > after):
            one = _seen(book, slug, reader)
            if one is not None and _fits(one, wanted):
                found.append(one)
                if len(found) == limit:
                    break
        return found

    async def get(self, reader: Reader, name: str) -> Listing | None:
        """Find one by its slug or id."""
        book = await self._books.current()
        slug = next((slug for slug, entry in book.entries.items() if entry.service.id == name), name)
        return _seen(book, slug, reader)

    async def shelves(self, reader: Reader) -> Shelves:
        """Say how what there is is sorted."""
        found = await self.list(reader, Wanted(), limit=None)
        tags = Counter(tag for one in found for tag in one.design.tags)
        kinds, teams = (Counter(getattr(one.service, name) for one in found) for name in ("kind", "team"))
        paths = Counter(path for one in found for path in _above(one.design.category))
        return Shelves(len(found), _tree(paths, ""), *(dict(sorted(each.items())) for each in (tags, kinds, teams)))

    async def operations(self, live: Live, kind: str) -> Sequence[ServiceOperation]:
        """List what can be called of a release; nothing where its kind is not offered as it was."""
        found = self._operations.get(live)
        if found is None:
            found = await asyncio.to_thread(self._read, live, kind)
            self._operations[live] = found
        return found

    async def openapi(self, listing: Listing, live: Live, *, url: str) -> dict[str, Any]:
        """Describe a release as OpenAPI 3.1; `url` is the gateway's own."""
        slug, design = listing.service.slug, live.design
        kind = self._kinds.get(listing.service.kind)
        definition = None if kind is None else _definition(kind, design)
        if kind is None or definition is None:
            raise Unavailable("this service cannot be described now", detail="its kind is not offered as it was")
        about = About(
            slug=slug,
            name=design.name,
            description=design.description,
            version=live.release.version,
            url=f"{url}{PREFIX}{slug}",
            contacts=tuple(msgspec.to_builtins(design.contacts)),
        )
        document = await asyncio.to_thread(kind.openapi, about, definition)
        return with_ending(document, listing.service, listing.successor)

    def _read(self, live: Live, kind: str) -> Sequence[ServiceOperation]:
        of = self._kinds.get(kind)
        definition = None if of is None else _definition(of, live.design)
        return () if of is None or definition is None else tuple(of.operations(definition))


def _definition(kind: ServiceKind, design: Design) -> Any:
    """Read a definition, None where it is none of its kind: another version of the plugin may be installed now."""
    try:
        return decoded(kind, design)
    except msgspec.ValidationError:
        return None


def _seen(book: Book, slug: str, reader: Reader) -> Listing | None:
    """Give a service as a reader sees it, None where there is nothing for them."""
    entry = book.entries.get(slug)
    live = _theirs(entry, reader)
    if entry is None or live is None:
        return None
    service = entry.service
    versions = [one for one in entry.versions.values() if reader.sees(service, one.design)]
    newest_first = sorted(versions, key=lambda one: one.release.number, reverse=True)
    successor = service.successor if _theirs(book.entries.get(service.successor), reader) is not None else ""
    return Listing(service, live, newest_first, successor)


def _theirs(entry: Entry | None, reader: Reader) -> Live | None:
    """Give the release that serves who asks for none, None where a reader is to see nothing of the service."""
    if entry is None or entry.live is None or not reader.sees(entry.service, entry.live.design):
        return None
    return entry.live


def _fits(one: Listing, wanted: Wanted) -> bool:
    design, service = one.design, one.service
    text = "\n".join((service.slug, design.name, design.description, *design.tags)).casefold()
    return (
        all(word in text for word in wanted.words.casefold().split())
        and wanted.category in ("", *_above(design.category))
        and (not wanted.tag or wanted.tag in design.tags)
        and wanted.kind in ("", service.kind)
        and wanted.team in ("", service.team)
    )


def _above(category: str) -> Sequence[str]:
    """Give a category and those above it, nothing for none."""
    parts = category.split("/") if category else []
    return ["/".join(parts[: number + 1]) for number in range(len(parts))]


def _tree(paths: Mapping[str, int], above: str) -> Sequence[Category]:
    """Give the categories right below one, with what is below them."""
    direct = sorted(path for path in paths if path.rpartition("/")[0] == above)
    return [Category(path, path.rpartition("/")[2], paths[path], _tree(paths, path)) for path in direct]
