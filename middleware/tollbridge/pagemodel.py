"""What a plugin offers to people in a browser: screens, their pages, places in the menu, and columns of tables."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tollbridge.gateway import Gateway
    from tollbridge.screens.cells import Cell
    from tollbridge.screens.pages import Pages
    from tollbridge.screens.viewing import Viewer

Show = Callable[["Request"], Awaitable["Response"]]
"""Answers a request for a page."""
Count = Callable[["Gateway", "Viewer"], Awaitable[int]]
"""Counts what waits for whoever looks."""
Row = Mapping[str, Any]
"""One row of a table, as the admin API gives it."""


@dataclass(frozen=True, slots=True)
class Need:
    """A scope, in some team or, where it is `whole`, in the whole bridge; `proved`: by who showed so lately.

    `elsewhere`: whoever lacks it is led to the first page of the menu that is theirs, if there is one.
    """

    scope: str = ""
    whole: bool = False
    proved: bool = False
    elsewhere: bool = False


ANYBODY = Need()
"""Whoever is signed in."""


@dataclass(frozen=True, slots=True)
class Page:
    """One method of one path below the prefix (as Starlette writes paths), and what it needs of who looks."""

    method: str
    path: str
    show: Show
    need: Need = ANYBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuEntry:
    """A link in the menu, for whoever has its `scope` in some team, or in the whole bridge where it is `whole`.

    `title` is English, and shown as the screen's catalogue says it. `icon` is a name that `marks.html` knows, or the
    path of a drawing of 24 by 24 units (SVG's `d`). `group` is one of `GROUPS` or a title of its own. Of a group the
    least `order` comes first. `key` is what follows `g` on the keyboard. `own`: it is about what is somebody's own, so
    the operator does not see it, nor does whoever is nowhere a member; `member`: the operator sees it too. `count` says
    how much waits there, and stands beside it; it is asked for with every page, and may be written as
    `package.module:function`.
    """

    title: str
    path: str
    icon: str = "dot"
    group: str = ""
    order: int = 500
    scope: str = ""
    whole: bool = False
    key: str = ""
    own: bool = False
    member: bool = False
    count: Count | str | None = None


GROUPS = ("", "Build", "Access", "System")
"""The groups of the menu that come first, in this order."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a search found: its name, the path of its page, and what it is in a few words."""

    name: str
    path: str
    note: str = ""


Search = Callable[["Request", str], Awaitable[Sequence[Hit]]]
"""Looks for what somebody typed, among what they may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A subject that has pages: `make` gives them, called once with what they are rendered by.

    `package` holds the folders `templates`, `static` and `locale`, any of which may be missing. Paths of two screens
    never meet. `search` makes what adds to the search of every page. Both may be written as `package.module:function`,
    which is imported when the pages are made and not with every command.
    """

    name: str
    package: str
    make: "Callable[[Pages], Sequence[Page]] | str"
    menu: tuple[MenuEntry, ...] = ()
    search: "Callable[[Pages], Search] | str | None" = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: `name` heads it in CSV, `title` on the page; `cell` makes what one row has there.

    `wide`: left out where there is little room. `csv_only`: it is on no page.
    """

    name: str
    title: str
    cell: "Callable[[Row], Cell]"
    wide: bool = False
    number: bool = False
    csv_only: bool = False
