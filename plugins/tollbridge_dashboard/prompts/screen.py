"""The pages about prompt APIs."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Listing, Pages, cells, viewer
from tollbridge_dashboard.prompts.comparing import Comparing
from tollbridge_dashboard.prompts.editor import Editor
from tollbridge_dashboard.services.common import ALL, ONE, PROMPT, READ, STATES, WRITE, prepare
from tollbridge_dashboard.services.list import columns

PROMPTS = "/prompts"


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    prepare(pages)
    editor, comparing = Editor(pages), Comparing(pages)
    sees, writes = Need(READ), Need(WRITE)
    return (
        Page("GET", PROMPTS, Prompts(pages).page, sees),
        Page("GET", f"{ONE}/prompt", editor.show, sees),
        Page("POST", f"{ONE}/prompt", editor.save, writes),
        Page("POST", f"{ONE}/prompt/run", editor.run, writes),
        Page("GET", f"{ONE}/prompt/compare", comparing.show, writes),
        Page("POST", f"{ONE}/prompt/compare", comparing.run, writes),
    )


class Prompts:
    """The page with all of them."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._list = Listing(
            name="prompts",
            label=N_("Prompt APIs"),
            path="/service-figures",
            columns=_columns(),
            filters=("q", "state", "team"),
            scope=READ,
            fixed={"kind": PROMPT},
            empty=N_("No prompt API is like that."),
            unfiltered_empty=N_("There is no prompt API yet: begin with a starter."),
        )

    async def page(self, request: Request) -> Response:
        """Show them."""
        makes = bool(viewer(request).teams(WRITE))
        states = [("", _("All states")), *((name, _(word)) for name, (word, _tone) in STATES.items())]
        return await self._list.page(
            self._pages,
            request,
            "prompts.html",
            nav=PROMPTS,
            heading=N_("Prompt APIs"),
            about=N_("Templates with typed variables that callers reach by HTTP and as a model."),
            new_path=f"{ALL}/new?kind={PROMPT}" if makes else "",
            new_label=N_("New prompt API"),
            segments=(("state", states, N_("State")),),
        )


def _columns() -> Sequence[Column]:
    """Give those of services, but for the kind, which is the same for all."""
    found = [column for column in columns(end="/prompt") if column.name != "kind"]
    model = Column("model", N_("As a model"), lambda row: cells.code(f"api/{row['slug']}"), wide=True)
    return [*found[:2], model, *found[2:]]
