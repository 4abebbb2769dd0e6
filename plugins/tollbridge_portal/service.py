"""The page of a service: what it takes, code that calls it, a place to try it, and how to get access."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tollbridge import NotFound, Page
from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Calling, Heard, Pages, Refused, hear, viewer
from tollbridge_portal.access import access_of
from tollbridge_portal.acting import listed, principal_of, standing_of, ways
from tollbridge_portal.operations import Operation, read_operations
from tollbridge_portal.sampling import TOKEN, samples_of
from tollbridge_portal.trying import STREAM, Untyped, call_of

PORTAL = "/portal"
_ONE = f"{PORTAL}/services/{{service}}"
_SCRIPT = "x-portal-script"
_LONGEST = 200
_SAID = {
    "asked": N_("The owners of the service were asked. This page says when they have decided."),
    "opened": N_("Your application may call it from now on."),
}


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    service = Service(pages)
    return (
        Page("GET", _ONE, service.show),
        Page("POST", f"{_ONE}/try", service.call),
        Page("POST", f"{_ONE}/subscribe", service.subscribe),
        Page("GET", f"{_ONE}/openapi.json", service.document),
    )


class Service:
    """The pages about one service."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Show it."""
        return await self._show(request)

    async def document(self, request: Request) -> Response:
        """Give its OpenAPI document as a file."""
        slug = request.path_params["service"]
        found = await self._pages.asking(request).get(f"/catalogue/services/{slug}/openapi", **_version(request))
        return JSONResponse(found, headers={"content-disposition": f'attachment; filename="{slug}.openapi.json"'})

    async def call(self, request: Request) -> Response:
        """Try an operation: to a script the answer as it comes, else a page with all of it."""
        typed = await read_form(request)
        operations = await self._operations(request)
        operation = _chosen(operations, field_of(typed, "operation"))
        by_script = _SCRIPT in request.headers
        try:
            asked = call_of(operation, typed)
        except Untyped as exc:
            if by_script:
                return JSONResponse({"errors": exc.errors}, 400)
            return await self._show(request, operation=operation, typed=typed, errors=exc.errors)
        principal = await principal_of(self._pages, request, field_of(typed, "as"))
        if by_script:
            return Calling(self._pages.gateway, principal, asked)
        heard = await hear(self._pages.gateway, principal, asked, request.scope)
        return await self._show(request, operation=operation, typed=typed, heard=heard)

    async def subscribe(self, request: Request) -> Response:
        """Ask for it, for an application of theirs."""
        typed, slug = await read_form(request), request.path_params["service"]
        said = {name: field_of(typed, name).strip() for name in ("application", "plan", "why")}
        try:
            made = await self._pages.asking(request).post("/subscriptions", {"service": slug, **said})
        except Refused as exc:
            return await self._show(request, refused=exc)
        told = "opened" if made["state"] == "approved" else "asked"
        return self._pages.back(request, f"{PORTAL}/services/{slug}", said=told)

    async def _operations(self, request: Request) -> Sequence[Operation]:
        path = f"/catalogue/services/{request.path_params['service']}/openapi"
        document = await self._pages.asking(request).get(path, **_version(request))
        return read_operations(document, urlsplit(self._pages.gateway.config.server.public_url).path)

    async def _show(
        self,
        request: Request,
        *,
        operation: Operation | None = None,
        typed: Mapping[str, Sequence[str]] | None = None,
        errors: Mapping[str, str] | None = None,
        heard: Heard | None = None,
        refused: Refused | None = None,
    ) -> Response:
        service = await self._pages.asking(request).get(f"/catalogue/services/{request.path_params['service']}")
        operations = await self._operations(request)
        if operation is None and operations:
            operation = _chosen(operations, request.query_params.get("operation", "") or operations[0].name)
        applications = await listed(self._pages, request, "/applications")
        access = await access_of(self._pages.asking(request), viewer(request), service, applications)
        wrong = bool(errors) or refused is not None
        return self._pages.render(
            request,
            "service.html",
            status=400 if wrong else 200,
            nav=PORTAL,
            service=service,
            standing=standing_of(service, "" if access is None else access.best),
            operations=operations,
            operation=operation,
            samples=samples_of(self._pages.address(request), service, operation) if operation else (),
            token=TOKEN,
            ways=await ways(self._pages, request, service, applications or ()),
            typed=typed or {},
            errors=errors or {},
            heard=heard,
            refused=refused,
            access=access,
            stream=STREAM,
            said=self._pages.told(request, _SAID),
        )


def _chosen(operations: Sequence[Operation], name: str) -> Operation:
    """Find an operation; raises `NotFound`."""
    found = next((one for one in operations if one.name == name), None)
    if found is None:
        raise NotFound(_("the service has no such operation"))
    return found


def _version(request: Request) -> dict[str, str]:
    version = request.query_params.get("version", "")[:_LONGEST]
    return {"version": version} if version else {}
