"""What releases cost and how they fared when they were tried, side by side."""

from collections.abc import Iterator

import msgspec

from tollbridge import Gateway, SetupError
from tollbridge.administering import Design, Evaluation, Service, compared, decoded
from tollbridge_admin.proofshapes import FiguresShown, ModelPriceShown, SideShown, evaluation_shown, figures_shown


class Figures:
    """Compares what trials of two sides gave; of a draft there are none."""

    def __init__(self, gateway: Gateway, service: Service) -> None:
        self._gateway = gateway
        self._service = service

    async def of(self, before: tuple[str, Design], after: tuple[str, Design]) -> FiguresShown:
        """Give the figures of both, each with the id of its release, empty for the draft."""
        had, has = await self._last(before[0]), await self._last(after[0])
        return figures_shown(self._side(had, before[1]), self._side(has, after[1]), compared(had, has))

    async def _last(self, release_id: str) -> Evaluation | None:
        if not release_id:
            return None
        found = await (await self._gateway.store.services()).list_evaluations(release_id, limit=1)
        return found[0] if found else None

    def _side(self, last: Evaluation | None, design: Design) -> SideShown:
        models = tuple(self._models(design))
        return SideShown(models=models, evaluation=None if last is None else evaluation_shown(last))

    def _models(self, design: Design) -> Iterator[ModelPriceShown]:
        kind = self._gateway.services.kinds.get(self._service.kind)
        if kind is None:
            return
        try:
            models = kind.models(decoded(kind, design))
        except msgspec.ValidationError:
            return
        for model in models:
            yield self._priced(model)

    def _priced(self, model: str) -> ModelPriceShown:
        """Give a model with the price of the target that is asked first."""
        try:
            targets = self._gateway.routes.resolve(model)
        except SetupError:  # a provider's key is not there, on a machine where nothing is served
            targets = ()
        price = None
        if targets:
            first, now = targets[0], self._gateway.clock.now()
            price = self._gateway.prices.find(first.provider.price_id, first.model, now, alias=model)
        if price is None:
            return ModelPriceShown(model=model, input_usd=None, output_usd=None)
        table = price.table()
        return ModelPriceShown(model=model, input_usd=str(table["input"]), output_usd=str(table["output"]))
