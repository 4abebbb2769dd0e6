"""The codecs of reranking: Cohere's own, and the shape many hosts took over from its first version.

Cohere: https://docs.cohere.com/reference/rerank. The others: https://jina.ai/reranker, https://docs.voyageai.com/reference/
reranker-api, https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (read 2026-11). Voyage calls `top_n`
`top_k` and `results` `data`: a null by that name among the extras says that it did.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tollbridge import GatewayError, UpstreamError, Usage
from tollbridge.formats import (
    JSON,
    RERANK,
    Codec,
    Envelope,
    Extras,
    Fields,
    Notes,
    Ranked,
    RerankRequest,
    RerankResponse,
    decode_json,
    encode_json,
    present,
)
from tollbridge_cohere.errors import read_error
from tollbridge_cohere.usage import read_usage

NAME, SHARED = "cohere-rerank", "rerank"


class _Answer(msgspec.Struct):
    usage: Any = None
    meta: Any = None


_decode = msgspec.json.Decoder(_Answer, float_hook=Decimal).decode


class _Reranking:
    """What both have in common."""

    name = ""
    kind = RERANK
    spelled: Mapping[str, str] = {"top": "top_n", "longest": "max_tokens_per_doc", "echo": "return_documents"}

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> RerankRequest:
        found = Fields(decode_json(body))
        documents = found.items("documents")
        if documents is None:
            raise found.error("documents", "is missing")
        for place, document in enumerate(documents):
            if not isinstance(document, str | dict):
                raise found.error(f"documents[{place}]", "must be a text or an object")
        return RerankRequest(
            origin=self.name,
            model=found.need("model", found.text("model")),
            query=found.need("query", found.text("query")),
            documents=tuple(documents),
            **self._options(found),
            extras=found.rest(),
        )

    def _options(self, found: Fields) -> dict[str, Any]:
        return {"top": found.whole("top_n"), "longest": found.whole("max_tokens_per_doc")}

    def read_response(self, body: bytes, notes: Notes) -> RerankResponse:
        found = Fields(decode_json(body, wrong=UpstreamError, what="the provider's answer"), wrong=None)
        place = "results" if isinstance(found.peek("results"), list) else "data"
        results = found.each(place)
        if results is None:
            raise UpstreamError("the provider's answer is no reranking")
        meta, usage = found.peek("meta"), found.peek("usage")
        wire = found.take("meta" if self.name == NAME else "usage")
        billed = (Fields(meta, wrong=None).inner("billed_units") or Fields({}, wrong=None)).whole("search_units")
        return RerankResponse(
            origin=self.name,
            id=found.text("id") or "",
            model=found.text("model") or "",
            results=tuple(_read_ranked(item, place) for place, item in enumerate(results)),
            usage=_read_tokens(usage) or read_usage(meta),
            wire_usage=wire,
            searches=billed,
            extras={**found.rest(), "data": None} if place == "data" else found.rest(),
        )

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)

    def _answer(self, response: RerankResponse, request: RerankRequest, notes: Notes) -> dict[str, JSON]:
        native = response.origin == self.name
        results = [_write_ranked(ranked, self._shown(ranked, request), notes, native) for ranked in response.results]
        place = "data" if native and "data" in response.extras and "results" not in response.extras else "results"
        id_ = response.id if native else response.id or notes.call_id
        return {**present(id=id_ or None), place: results}

    def _shown(self, ranked: Ranked, request: RerankRequest) -> JSON:
        return ranked.document


class RerankCodec(_Reranking):
    """Reads and writes Cohere's `POST /v2/rerank`, whose documents are texts."""

    name = NAME

    def write_request(self, request: RerankRequest, notes: Notes) -> bytes:
        """Write a request; documents that are wanted back are put beside their ranks by the caller's own codec."""
        native = request.origin == NAME
        members = present(
            model=request.model,
            query=request.query,
            documents=[document if native else _as_text(document, notes) for document in request.documents],
            top_n=request.top,
            max_tokens_per_doc=request.longest,
        )
        return encode_json(_with(members, request.extras, notes, native=native))

    def write_response(self, response: RerankResponse, request: RerankRequest, notes: Notes) -> bytes:
        native = response.origin == NAME
        members = self._answer(response, request, notes)
        meta = response.wire_usage if native else None
        if meta is None and not native:
            billed = present(
                search_units=response.searches,
                input_tokens=None if response.usage is None else response.usage.total,
            )
            meta = {"api_version": {"version": "2"}, "billed_units": billed}
        members.update(present(meta=meta, model=response.model or None if native else None))
        return encode_json(_with(members, response.extras, notes, native=native))


class SharedRerankCodec(_Reranking):
    """Reads and writes `POST /v1/rerank` as Jina, Voyage, vLLM and others have it."""

    name = SHARED

    def _options(self, found: Fields) -> dict[str, Any]:
        """Take what is wanted; a null `top_k` beside a `top_n` says nothing, and would be taken for Voyage's word."""
        top, echo = found.whole("top_n"), found.flag("return_documents")
        if top is not None and "top_k" in found.rest() and found.peek("top_k") is None:
            del found.rest()["top_k"]
        elif top is None and "top_n" not in found.rest() and (top := found.whole("top_k")) is not None:
            found.put_back("top_k", None)
        return {"top": top, "echo": echo}

    def write_request(self, request: RerankRequest, notes: Notes) -> bytes:
        native = request.origin == SHARED
        top = "top_k" if native and request.extras.get("top_k", "") is None else "top_n"
        members = present(
            model=request.model,
            query=request.query,
            documents=list(request.documents),
            return_documents=request.echo,
            **{top: request.top},
        )
        notes.drop_given(longest=request.longest)
        return encode_json(_with(members, request.extras, notes, native=native))

    def write_response(self, response: RerankResponse, request: RerankRequest, notes: Notes) -> bytes:
        native = response.origin == SHARED
        members = self._answer(response, request, notes)
        members.update(present(model=response.model or None))
        if native:
            members.update(present(usage=response.wire_usage))
        else:
            total = None if response.usage is None else {"total_tokens": response.usage.total}
            billed = {"billed_units": {"search_units": response.searches}} if response.searches is not None else None
            members.update(present(usage=total, meta=billed))
        return encode_json(_with(members, response.extras, notes, native=native))

    def _shown(self, ranked: Ranked, request: RerankRequest) -> JSON:
        """Give the document itself where it was asked for and the provider does not send it back."""
        if ranked.document is None and request.echo and 0 <= ranked.index < len(request.documents):
            document = request.documents[ranked.index]
            return {"text": document} if isinstance(document, str) else document
        return ranked.document


def _with(members: dict[str, JSON], extras: Extras, notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Put the extras beside the members where they are of this dialect, else leave them behind."""
    if native:
        return {**extras, **members}
    notes.drop_extras(extras)
    return members


def _as_text(document: JSON, notes: Notes) -> str:
    """Write a document as Cohere advises: its fields as lines of YAML (docs.cohere.com/docs/rerank-overview)."""
    if isinstance(document, str):
        return document
    if not all(isinstance(value, str) for value in document.values()):
        notes.refuse("documents", "the model behind this name ranks nothing but texts")
    if list(document) == ["text"]:
        return str(document["text"])
    return "\n".join(f"{name}: {value}" for name, value in document.items())


def _read_ranked(found: Fields, place: int) -> Ranked:
    index, score = found.whole("index"), found.number("relevance_score")
    document = found.take("document")
    return Ranked(
        index=place if index is None else index,
        score=0 if score is None else score,
        document=document,
        extras=found.rest(),
    )


def _write_ranked(ranked: Ranked, document: JSON, notes: Notes, native: bool) -> JSON:
    members = {"index": ranked.index, "relevance_score": ranked.score, **present(document=document)}
    return _with(members, ranked.extras, notes, native=native)


def shared_usage(body: bytes) -> Usage | None:
    """Read the usage of a whole answer of the shared shape; raises msgspec's errors."""
    found = _decode(body)
    return _read_tokens(found.usage) or read_usage(found.meta)


def _read_tokens(wire: JSON) -> Usage | None:
    """Read `usage`: all of it is input."""
    found = Fields(wire, wrong=None)
    prompt, total = found.whole("prompt_tokens"), found.whole("total_tokens")
    return None if prompt is None and total is None else Usage(input=max(0, prompt or 0, total or 0))


_: tuple[Codec[RerankRequest, RerankResponse], ...] = (RerankCodec(), SharedRerankCodec())
