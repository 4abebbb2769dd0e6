"""The whole reference of an API by Swagger UI, where the extra `apidocs` is installed, and as a document anyway.

Swagger UI is code of others, so its page is told less than ours are: no trusted types. It runs no inline script, and
loads nothing from elsewhere.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from importlib.util import find_spec

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tollbridge import NotFound, Page
from tollbridge.browsing import gettext as _
from tollbridge.screens import Pages

REFERENCE = "/portal/reference"
EXTRA = "tollbridge[apidocs]"
_PACKAGE = "mkdocs_swagger_ui_tag"
_FILES = {
    "swagger-ui.css": ("stylesheets", "text/css; charset=utf-8"),
    "swagger-ui-bundle.js": ("javascripts", "text/javascript; charset=utf-8"),
}
_FOR_EVER = "public, max-age=31536000, immutable"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_MOST = 50


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    reference = Reference(pages)
    return (
        Page("GET", REFERENCE, reference.list),
        Page("GET", f"{REFERENCE}/admin.json", reference.document),
        Page("GET", f"{REFERENCE}/swagger/{{version}}/{{name}}", reference.file),
        Page("GET", f"{REFERENCE}/{{kind}}", reference.show),
        Page("GET", f"{REFERENCE}/{{kind}}/{{slug}}", reference.show),
    )


class Reference:
    """The pages of references."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def list(self, request: Request) -> Response:
        """Name the documents, and say how they are shown."""
        services = await self._pages.asking(request).get("/catalogue/services", limit=_MOST)
        return self._pages.render(
            request,
            "references.html",
            nav="/portal",
            services=services["items"],
            is_there=self.is_there,
            extra=EXTRA,
        )

    async def document(self, request: Request) -> Response:
        """Give the document of the admin API."""
        return JSONResponse(await self._pages.asking(request).get("/openapi.json"))

    async def show(self, request: Request) -> Response:
        """Show one by Swagger UI; 404 for one that is not there, and where Swagger UI is not."""
        kind, slug = request.path_params["kind"], request.path_params.get("slug", "")
        if not self.is_there or (kind, bool(slug)) not in (("admin", False), ("service", True)):
            raise NotFound(_("there is no such reference"))
        title = _("Admin API")
        if slug:
            service = await self._pages.asking(request).get(f"/catalogue/services/{slug}")
            title = service["name"] or slug
        page = self._pages.render(
            request,
            "reference.html",
            title=title,
            document=f"/portal/services/{slug}/openapi.json" if slug else f"{REFERENCE}/admin.json",
            swagger=f"{REFERENCE}/swagger/{self._version}",
        )
        page.headers["content-security-policy"] = POLICY
        return page

    async def file(self, request: Request) -> Response:
        """Give a file of Swagger UI; its address holds a digest of all of them."""
        name = request.path_params["name"]
        if not self.is_there or name not in _FILES or request.path_params["version"] != self._version:
            raise HTTPException(404)
        return Response(self._held[name], headers={"content-type": _FILES[name][1], "cache-control": _FOR_EVER})

    @cached_property
    def is_there(self) -> bool:
        """Whether Swagger UI is installed."""
        return find_spec(_PACKAGE) is not None

    @cached_property
    def _held(self) -> Mapping[str, bytes]:
        place = files(_PACKAGE) / "swagger-ui"
        return {name: (place / folder / name).read_bytes() for name, (folder, _kind) in _FILES.items()}

    @cached_property
    def _version(self) -> str:
        return hashlib.sha256(b"".join(self._held.values())).hexdigest()[:16]
