"""Explain: what became of a call, or would become of one, layer by layer."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Need, Page
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.browsing import read_form, read_query
from tollbridge.screens import Cell, Field, Form, Pages, Refused, cells, sentence
from tollbridge.screens.viewing import viewer

EXPLAIN = "/explain"
READS_TOKENS = "admin:tokens:read"
_SCOPE = "admin:explain:read"
_CALL = re.compile(r"\breq_[0-9a-z]{8,64}\b")
_TOKEN = re.compile(r"tok_[0-9a-z]{8,64}")
_METHODS = tuple((name, name) for name in ("POST", "GET", "PUT", "PATCH", "DELETE", "WS"))
_SECRET = "tb_"
"""How the secret of a token begins."""
_DECIDED = {
    "passes": (N_("Passes"), "ok"),
    "refuses": (N_("Refuses"), "bad"),
    "not_reached": (N_("Not reached"), "off"),
    "not_asked": (N_("Not asked"), "warn"),
}
_PASTED = Field(
    name="pasted",
    label=N_("A request's id, or the refusal as it arrived"),
    kind="area",
    rows=4,
    hint=N_("The id is x-request-id of the answer's head, and begins with req_."),
)
_ASKED = (
    Field(name="token", label=N_("Token"), hint=N_("Its id, or its secret, which is kept nowhere.")),
    Field(name="model", label=N_("Model"), hint=N_("For a chat call of one short message; else leave it empty.")),
    Field(name="method", label=N_("Method"), kind="choice", choices=_METHODS),
    Field(name="path", label=N_("Path"), hint=N_("Such as /v1/embeddings, with its query.")),
    Field(name="client", label=N_("From the address"), api="from", hint=N_("For tokens of some networks alone.")),
    Field(name="body", label=N_("Body"), kind="area", rows=5, hint=N_("As it would be sent; it is kept nowhere.")),
)


class Told(msgspec.Struct, frozen=True):
    """What was read of a refusal that somebody pasted: the id of its request, its code, and what it says."""

    call: str = ""
    code: str = ""
    message: str = ""


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    explain = Explain(pages)
    pages.environment.globals["sentence"] = sentence
    need = Need(_SCOPE)
    return (Page("GET", EXPLAIN, explain.show, need), Page("POST", EXPLAIN, explain.ask, need))


class Explain:
    """The page that explains."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Show the forms; with the id of a call in the address, what became of it too."""
        query = request.query_params
        id = query.get("id", "").strip()
        pasted = Form.read((_PASTED,), {"pasted": [id]}, posted=True)
        asked = self._asked(read_query(request), posted=False)
        return await (
            self._explained(request, pasted, asked, {"call": id}) if id else self._page(request, pasted, asked)
        )

    async def ask(self, request: Request) -> Response:
        """Explain what was pasted, or the call that was described."""
        typed = await read_form(request)
        if "pasted" in typed:
            pasted, asked = Form.read((_PASTED,), typed, posted=True), self._asked({}, posted=False)
            told = read_refusal(pasted.text("pasted"))
            if told.call:
                return await self._explained(request, pasted, asked, {"call": told.call}, told)
            pasted.errors["pasted"] = _("No id of a request stands in it: it begins with req_.")
            return await self._page(request, pasted, asked, told=told)
        pasted, asked = Form.read((_PASTED,), {}, posted=True), self._asked(typed, posted=True)
        wish = asked.body("token", "model", "path", "body")
        if asked.text("client"):
            wish["from"] = asked.text("client")
        if not wish.get("model"):
            wish["method"] = asked.text("method") or "POST"
        if wish.get("token", "").startswith(_SECRET):
            wish["secret"] = wish.pop("token")
            asked.values["token"] = []  # so that no page shows it
        elif not wish.get("token"):
            asked.errors["token"] = _("Name the token that would call.")
            return await self._page(request, pasted, asked)
        return await self._explained(request, pasted, asked, wish)

    def _asked(self, given: Mapping[str, Sequence[str]], *, posted: bool) -> Form:
        return Form.read(_ASKED, given, posted=posted)

    async def _explained(
        self, request: Request, pasted: Form, asked: Form, wish: Mapping[str, str], told: Told | None = None
    ) -> Response:
        try:
            found = await self._pages.asking(request).post(EXPLAIN, wish)
        except Refused as exc:
            (pasted if "call" in wish else asked).refuse(exc)
            return await self._page(request, pasted, asked, told=told)
        return await self._page(request, pasted, asked, found=found, told=told)

    async def _page(
        self,
        request: Request,
        pasted: Form,
        asked: Form,
        *,
        found: Mapping[str, Any] | None = None,
        told: Told | None = None,
    ) -> Response:
        wrong = pasted.is_wrong or asked.is_wrong
        missing = request.method == "GET" and wrong
        return self._pages.render(
            request,
            "explain.html",
            status=404 if missing else 400 if wrong else 200,
            nav=EXPLAIN,
            pasted=pasted,
            asked=asked,
            found=found,
            told=told,
            steps=_steps(found) if found is not None else (),
            whose=await self._whose(request, found),
        )

    async def _whose(self, request: Request, found: Mapping[str, Any] | None) -> Mapping[str, str] | None:
        """Give the token that it is about, by its name, where whoever looks may see it."""
        if found is None or not found["token"] or not viewer(request).teams(READS_TOKENS):
            return None
        try:
            token = await self._pages.asking(request).get(f"/tokens/{found['token']}")
        except Refused:
            return None
        return {"id": token["id"], "name": token["name"]}


def _steps(found: Mapping[str, Any]) -> Sequence[tuple[Cell, Mapping[str, Any], Sequence[Mapping[str, Any]]]]:
    """Give each layer that had a say: its decision, itself, and its rules."""
    steps = []
    for layer in found["layers"]:
        word, tone = _DECIDED.get(layer["decided"], (layer["decided"], "off"))
        steps.append((cells.pill(_(word), tone), layer, [_rule(one) for one in layer["rules"]]))
    return steps


def _rule(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a rule, with the id of the token whose it is where it is one's."""
    values = [(name.replace("_", " "), value) for name, value in rule["values"].items() if value is not None]
    return {**rule, "values": values, "token": rule["of"] if _TOKEN.fullmatch(rule["of"]) else ""}


def read_refusal(pasted: str) -> Told:
    """Read what somebody pasted: a refusal in any dialect, the head of an answer, a line of a log, or an id."""
    found = _CALL.search(pasted)
    call = found[0] if found is not None else ""
    begin, end = pasted.find("{"), pasted.rfind("}")
    try:
        said = msgspec.json.decode(pasted[begin : end + 1]) if 0 <= begin < end else None
    except (msgspec.DecodeError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return Told(call)
    error = said.get("error", said)
    if not isinstance(error, dict):
        return Told(call, message=str(error))
    code = error.get("code") or error.get("type") or error.get("status") or ""
    return Told(call, str(code), str(error.get("message") or error.get("detail") or ""))
