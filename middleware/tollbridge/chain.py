"""The chain: layers as data, checked, then folded around the app."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp

from tollbridge.errors import PluginError
from tollbridge.layers.layer import Layer


@dataclass(frozen=True, slots=True)
class Link:
    """One layer with its options; `origin` says who provided it."""

    layer: type[Layer]
    options: dict[str, Any] = field(default_factory=dict)
    origin: str = "tollbridge"

    @property
    def name(self) -> str:
        return self.layer.name


def check_order(links: Sequence[Link]) -> None:
    """Refuse a chain in which a layer stands before one it needs, or twice; raises `PluginError`."""
    seen: set[str] = set()
    for link in links:
        if link.name in seen:
            raise PluginError(f"the layer {link.name!r} is in the chain twice")
        missing = [need for need in link.layer.needs if need not in seen]
        if missing:
            raise PluginError(f"the layer {link.name!r} needs {missing[0]!r} before it in the chain")
        seen.add(link.name)


def insert(links: Sequence[Link], extra: Sequence[Link]) -> list[Link]:
    """Put plugins' layers behind the layer each names in `after`; raises `PluginError` if there is none such."""
    ordered = list(links)
    for link in extra:
        places = [place for place, other in enumerate(ordered) if other.name == link.layer.after]
        if not places:
            raise PluginError(
                f"the layer {link.name!r} wants to stand after {link.layer.after!r}, which is not in the chain: "
                f"{', '.join(other.name for other in ordered)}"
            )
        ordered.insert(places[0] + 1, link)
    return ordered


def fold(links: Sequence[Link], app: ASGIApp) -> ASGIApp:
    """Wrap the app in the layers, the first one outermost."""
    for link in reversed(links):
        app = link.layer(app, **link.options)
    return app
