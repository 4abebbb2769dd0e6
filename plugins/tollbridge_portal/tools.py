"""How tools and libraries are pointed at the gateway."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import NotFound, Page
from tollbridge.browsing import gettext as _
from tollbridge.screens import Pages
from tollbridge_portal.sampling import TOKEN
from tollbridge_portal.setups import Setup, setups

SETUP = "/portal/setup"
_LONGEST = 200
_MOST_MODELS = 200


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    tools = Tools(pages)
    return (Page("GET", SETUP, tools.list), Page("GET", f"{SETUP}/{{tool}}", tools.show))


class Tools:
    """The pages about tools."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def list(self, request: Request) -> Response:
        """Show all of them."""
        return self._pages.render(request, "tools.html", nav=SETUP, setups=self._setups(request))

    async def show(self, request: Request) -> Response:
        """Show one, for the model that is chosen."""
        found = [one for one in self._setups(request) if one.name == request.path_params["tool"]]
        if not found:
            raise NotFound(_("there is no such tool"))
        models = [entry.id for entry in self._pages.gateway.models()][:_MOST_MODELS]
        return self._pages.render(
            request, "tool.html", nav=SETUP, setup=found[0], models=models, model=self._model(request), token=TOKEN
        )

    def _model(self, request: Request) -> str:
        models = self._pages.gateway.models()
        wanted = request.query_params.get("model", "")[:_LONGEST]
        return wanted if any(entry.id == wanted for entry in models) else models[0].id if models else "MODEL"

    def _setups(self, request: Request) -> Sequence[Setup]:
        return setups(self._pages.address(request), self._model(request), TOKEN)
