"""How it is said of a service that it is to end, where there are no headers to say it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tollbridge.services.model import Service

_METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace"))


def ending_of(service: Service, successor: str | None = None) -> str:
    """Say it in a sentence, empty where a service is not deprecated; `successor` is said in place of its own."""
    if service.deprecated_at is None:
        return ""
    instead = service.successor if successor is None else successor
    said = f"It is deprecated since {_day(service.deprecated_at)}"
    said += "" if service.sunset_at is None else f", and ends on {_day(service.sunset_at)}"
    return f"{said}; use {instead} instead." if instead else f"{said}."


def with_ending(document: Mapping[str, Any], service: Service, successor: str | None = None) -> dict[str, Any]:
    """Give an OpenAPI document of a service that says so, and has each operation `deprecated`, where that is so."""
    ending = ending_of(service, successor)
    if not ending:
        return dict(document)
    info, paths = document.get("info", {}), document.get("paths", {})
    described = "\n\n".join(filter(None, (info.get("description"), ending)))
    return {
        **document,
        "info": {**info, "description": described},
        "paths": {path: _marked(item) for path, item in paths.items()},
    }


def _marked(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: {**node, "deprecated": True} if name in _METHODS else node for name, node in item.items()}


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d}"
