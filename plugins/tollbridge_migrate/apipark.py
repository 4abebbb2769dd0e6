"""The archive of APIPark's `/api/v1/system/_export` (controller/system/iml.go of APIParkLab/APIPark at 9192b399).

It leaves out what its code does not fill in: kinds of services, methods of routes, documents, mappings of models, who
may do what, and providers of models with their keys.
"""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tollbridge_migrate.aiservices import prompt_definition
from tollbridge_migrate.archive import read_archive
from tollbridge_migrate.gathering import Gathering, names_of
from tollbridge_migrate.naming import slug
from tollbridge_migrate.readiness import lacking
from tollbridge_migrate.reading import BadForeign, a_list, a_text, an_object, texts
from tollbridge_migrate.restservices import plugins_of, rest_definition

FILES = frozenset(("team", "service", "app", "api", "upstream", "authorization", "catalogue", "subscribe", "apply"))
_DEEPEST = 5
_MOST_TAGS = 20
_PROMPTS = ("ai_prompt", "ai_formatter")
_TEXT, _NAME, _DOCS = 1_000, 100, 200_000
_LOGOS = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "webp": b"RIFF", "gif": b"GIF8"}
_LONGEST_LOGO = 65_536
_VERSION = "1"
_ASKED = (
    "as a request, made once the service is published, for you to approve: the export does not say whether it was "
    "granted there, refused, or ended"
)

Row = Mapping[str, Any]


class Export:
    """Reads an export into documents."""

    def __init__(self, found: Mapping[str, Any], gathering: Gathering) -> None:
        if not {"team", "service"} <= found.keys():
            raise BadForeign("this is no export of APIPark: it lacks team.json and service.json")
        self._found = found
        self._gathering = gathering
        self._teams: dict[str, str] = {}
        self._services: dict[str, list[str]] = {}
        self._applications: dict[str, tuple[str, str]] = {}
        self._categories = _categories(list(self._rows("catalogue")))

    @classmethod
    def of(cls, path: Path, gathering: Gathering) -> "Export":
        """Open the archive at a path; raises `BadForeign`."""
        return cls(read_archive(path, FILES), gathering)

    def read(self) -> None:
        """Gather everything, in the order in which one thing needs another."""
        for row in self._rows("team"):
            self._team(row)
        routes, upstreams = self._by_service("api"), self._by_service("upstream")
        for row in self._rows("service"):
            self._service(row, routes.get(a_text(row.get("id")), []), upstreams.get(a_text(row.get("id")), []))
        for row in self._rows("app"):
            self._application(row)
        for row in self._rows("subscribe"):
            self._subscription(row)
        self._rest()

    def _rows(self, name: str) -> Iterator[Row]:
        yield from (an_object(row) for row in a_list(self._found.get(name)))

    def _by_service(self, name: str) -> Mapping[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self._rows(name):
            found.setdefault(a_text(row.get("service")), []).append(row)
        return found

    def _team(self, row: Row) -> None:
        name = self._gathering.free("Team", slug(a_text(row.get("name")), "team"))
        spec = {"title": _line(row.get("name")), "description": _shortened(row.get("description"), _TEXT)}
        if self._gathering.document("Team", name, spec):
            self._teams[a_text(row.get("id"))] = name
            self._gathering.partly("team", row.get("name"), f"as {name}, without its members, which the export lacks")

    def _service(self, row: Row, routes: list[Row], upstreams: list[Row]) -> None:
        """Make a service of what is proxied, and one of each prompt."""
        name = a_text(row.get("name"))
        team = self._teams.get(a_text(row.get("team")))
        if team is None:
            self._gathering.left("service", name, "its team is not in the export")
            return
        prompts = [route for route in routes if _is_prompt(route)]
        plain = [route for route in routes if not _is_prompt(route)]
        wish = slug(a_text(row.get("prefix")).strip("/"), "") or slug(name, "service")
        made = self._services.setdefault(a_text(row.get("id")), [])
        about = self._about(row)
        for route in prompts:
            its = self._gathering.free("Service", wish if not made else slug(f"{wish}-{a_text(route.get('name'))}"))
            definition = prompt_definition(a_text(route.get("name")) or its, plugins_of(route), self._gathering)
            self._add(its, team, "prompt", {**about, "definition": definition}, made)
        if plain or not prompts:
            its = self._gathering.free("Service", wish if not made else f"{wish}-rest")
            definition = rest_definition(name, row, plain, upstreams, place=(team, its), gathering=self._gathering)
            self._add(its, team, "rest", {**about, "definition": definition}, made)
        if made:
            told = f"as {names_of(made)}: look at each before it is published"
            self._gathering.partly("service", name, "; ".join([told, *_cut(row)]))

    def _add(self, name: str, team: str, kind: str, design: Row, made: list[str]) -> None:
        """Make a service; one that could not be published as it is gets no version, so that it stays a draft."""
        spec: dict[str, Any] = {"type": kind, "team": team, "publish": False, "design": design}
        lacks = lacking(kind, design)
        if not lacks:
            spec["version"] = _VERSION
        if self._gathering.document("Service", name, spec):
            made.append(name)
            if lacks:
                why = f"as a draft without a version, for it cannot be published yet: {lacks}"
                self._gathering.partly("draft", name, why)

    def _about(self, row: Row) -> Row:
        tags = list(dict.fromkeys(slug(tag, "") for tag in texts(row.get("tags"))[:_MOST_TAGS]))
        said = {
            "name": _line(row.get("name")),
            "description": _shortened(row.get("description"), _TEXT),
            "docs": _shortened(row.get("doc"), _DOCS),
            "logo": _logo(row.get("logo")),
            "category": self._categories.get(a_text(row.get("catalogue")), ""),
            "tags": [tag for tag in tags if tag],
            "visibility": "public" if row.get("service_type") == "public" else "internal",
        }
        return {key: value for key, value in said.items() if value}

    def _application(self, row: Row) -> None:
        name, team = a_text(row.get("name")), self._teams.get(a_text(row.get("team")))
        if team is None:
            self._gathering.left("application", name, "its team is not in the export")
            return
        its = self._gathering.free("Application", slug(name, "application"))
        if self._gathering.document(
            "Application", its, {"team": team, "description": _shortened(row.get("description"), _TEXT)}
        ):
            self._applications[a_text(row.get("id"))] = its, team
            self._gathering.carried("application", name, f"as {its} of {team}")

    def _subscription(self, row: Row) -> None:
        application = self._applications.get(a_text(row.get("subscriber")))
        services = self._services.get(a_text(row.get("service")), [])
        shown = f"{application[0] if application else '?'} to {names_of(services) or '?'}"
        if application is None or not services:
            self._gathering.left("subscription", shown, "its application or its service was not carried over")
            return
        for service in services:
            name = self._gathering.free("Subscription", slug(f"{application[0]}-{service}"))
            spec = {"application": application[0], "team": application[1], "service": service}
            if self._gathering.document("Subscription", name, spec):
                self._gathering.partly("subscription", f"{application[0]} to {service}", _ASKED)

    def _rest(self) -> None:
        """Say what is not carried over at all."""
        for row in self._rows("authorization"):
            application = self._applications.get(a_text(row.get("application")))
            why = "callers get another one: tollbridge application add-token" if application else "nobody uses it"
            kind = a_text(row.get("driver")) or "unknown"
            self._gathering.left("credential", f"{kind} {a_text(row.get('name'))}", why)
        decided = {(a_text(row.get("subscriber")), a_text(row.get("service"))) for row in self._rows("subscribe")}
        for row in self._rows("apply"):
            asked = (a_text(row.get("application")), a_text(row.get("service")))
            if asked not in decided:
                name, _ = self._applications.get(asked[0], ("?", ""))
                self._gathering.left("request", name, "it was not granted")
        if self._services:
            why = "the export does not say which were disabled: those come along too"
            self._gathering.left("state", "of services and routes", why)
        self._gathering.left("providers", "of models", "the export lacks them: docs/providers.md says how keys are set")


def _is_prompt(route: Row) -> bool:
    return any(plugin in plugins_of(route) for plugin in _PROMPTS)


def _categories(rows: list[Row]) -> Mapping[str, str]:
    """Give the path of each category in the tree: slugs with slashes between."""
    by_id = {a_text(row.get("id")): row for row in rows}
    found: dict[str, str] = {}
    for id in by_id:
        parts: list[str] = []
        at = id
        while at in by_id and len(parts) < _DEEPEST:
            parts.append(slug(a_text(by_id[at].get("name")), "category"))
            at = a_text(by_id[at].get("parent"))
        found[id] = "/".join(reversed(parts))
    return found


def _logo(value: Any) -> str:
    """Give a picture that a service may show, empty for what is none of those."""
    said = a_text(value)
    kind, _, packed = said.removeprefix("data:image/").partition(";base64,")
    if not said.startswith("data:image/") or kind not in _LOGOS or len(packed) > 2 * _LONGEST_LOGO:
        return ""
    try:
        content = base64.b64decode(packed, validate=True)
    except ValueError:
        return ""
    return said if len(content) <= _LONGEST_LOGO and content.startswith(_LOGOS[kind]) else ""


def _cut(row: Row) -> list[str]:
    """Say what describes a service and is not all there."""
    lost = [
        f"its {name} is cut to {most:,} characters"
        for name, most in (("name", _NAME), ("description", _TEXT), ("doc", _DOCS))
        if len(a_text(row.get(name))) > most
    ]
    if row.get("logo") and not _logo(row["logo"]):
        lost.append("without its logo, which is no PNG, JPEG, WebP or GIF of up to 64 KiB")
    if len(texts(row.get("tags"))) > _MOST_TAGS:
        lost.append(f"with the first {_MOST_TAGS} of its tags")
    if row.get("model_mapping"):
        lost.append("without its mapping of models")
    return lost


def _line(value: Any) -> str:
    return "".join(letter for letter in a_text(value) if letter.isprintable())[:_NAME].strip()


def _shortened(value: Any, most: int) -> str:
    return a_text(value).replace("\0", "")[:most]
