"""What is demanded of every page in a browser: of its look, its stillness, and of what it asks for."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.chromium import COLOURS, SIZES, violations

LARGEST_BYTES, MOST_REQUESTS, MOST_MOVED = 60_000, 10, 0.01
TALLEST = 1_800
"""Of a picture, in pixels."""
PICTURES = os.environ.get("TOLLBRIDGE_SCREENS", "")
WATCH = """
window.moved = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.moved += one.value;
}).observe({ type: "layout-shift", buffered: true });
"""
MOVED = "window.moved"
OUTSIDE = """() => [...document.querySelectorAll(".card *")].filter((part) => {
  if (part.closest("pre, svg, .hidden, .segments, thead, .scroll, textarea, .tablist")) return false;
  const own = part.getBoundingClientRect(), card = part.closest(".card").getBoundingClientRect();
  return own.width > 0 && (own.right > card.right + 1.5 || own.left < card.left - 1.5);
}).map((part) => part.outerHTML.slice(0, 200))"""
FITS = "document.documentElement.scrollWidth <= innerWidth"
NARROWER = {1440: (1000, 780), 390: (320,)}


def faults(page: Any, width: int, *, picture: str = "", themes: tuple[str, ...] = ("light", "dark")) -> Iterator[Any]:
    """Give what is wrong with a page, if anything: how it moved, what axe finds in each theme, what does not fit.

    Of all that axe knows, a second theme can break what is about colours alone. A `picture` is made under that name, of
    a wide page in light and of a narrow one in dark.
    """
    if page.evaluate(MOVED) > MOST_MOVED:
        page.reload()  # a machine that is busy paints half a page now and then: what moves by itself moves again
        yield from (moved for moved in [page.evaluate(MOVED)] if moved > MOST_MOVED)
    for place, theme in enumerate(themes):
        page.emulate_media(color_scheme=theme)
        yield from violations(page, rules=COLOURS if place else ())
        if PICTURES and picture and theme == ("light" if width > 1000 else "dark"):
            take(page, f"{picture}-{width}-{theme}")
    for narrow in (width, *NARROWER[width]):
        page.set_viewport_size({"width": narrow, "height": SIZES[width]})
        yield from ((narrow, part) for part in page.evaluate(OUTSIDE))
        if not page.evaluate(FITS):
            yield f"wider than a window of {narrow}"
    page.set_viewport_size({"width": width, "height": SIZES[width]})
    page.emulate_media(color_scheme="light")


def take(page: Any, name: str) -> None:
    """Keep a picture of a page, from its top, in the folder that `TOLLBRIDGE_SCREENS` names."""
    folder = Path(PICTURES)
    folder.mkdir(parents=True, exist_ok=True)
    height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    clip = {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": height}
    page.screenshot(path=folder / f"{name}.jpg", full_page=True, type="jpeg", quality=55, clip=clip)


class Wire:
    """What a page asks for, with nothing kept from before."""

    def __init__(self, page: Any) -> None:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.on("Network.loadingFinished", self._finished)
        self.begin()

    def begin(self) -> None:
        """Count from here on."""
        self._sizes: list[float] = []

    def faults(self) -> Iterator[str]:
        """Say what is too much, if anything."""
        if not (sum(self._sizes) <= LARGEST_BYTES and 0 < len(self._sizes) <= MOST_REQUESTS):
            yield f"{sum(self._sizes)} bytes in {len(self._sizes)} answers"

    def _finished(self, event: dict[str, Any]) -> None:
        self._sizes.append(event["encodedDataLength"])
