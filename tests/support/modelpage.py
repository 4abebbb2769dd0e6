"""Writes docs/models.md from the tables of the installed packages.

To renew the page: python -m tests.support.modelpage docs/models.md
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, time
from functools import partial
from itertools import groupby
from pathlib import Path

from tests.support.priced import installed

from tollbridge.metering.prices import Price
from tollbridge.metering.provided import ProviderPrices
from tollbridge.models import Model
from tollbridge.providers import Provider

HEAD = """# Models

What the packages of this repository know of their providers' models. A model that is not here is passed on all the
same; its limits are then not known. Its price is looked for in the data of genai-prices, and so is that of a model that
stands here without one. [Providers](providers.md#models) says how these tables are written; a price of your own, in
`[models]`, goes before all of them.

Prices are USD per million tokens at the provider's usual speed: uncached text that goes in, and what comes out. Cached
tokens, sound and pictures have rates of their own in a package's `models.toml`; `tollbridge models --json` shows those
of the providers you have a key for. What is said of calls above so many tokens holds for every token of such a call;
what changes on a day does so at 00:00 UTC; "besides" is what the provider charges for and nothing here counts.
The last column is where the figures are from and the day they were read; what that is worth, each file says at its
head.

This page is written by `python -m tests.support.modelpage docs/models.md`.
"""


def main(path: Path) -> None:
    """Write the page at `path`."""
    path.write_text(page(installed()), "utf-8")


def page(providers: Mapping[str, Provider]) -> str:
    """Give the page: a section for each table of models, with the providers that have it."""
    with_models = sorted((p for p in providers.values() if p.models.by_name), key=lambda p: (_table(p), p.name))
    grouped = (list(group) for _, group in groupby(with_models, key=_table))
    sections = sorted(_section(group) for group in grouped)
    return HEAD + "".join(sections)


def _table(provider: Provider) -> tuple[str, ...]:
    return tuple(str(model) for model in provider.models)


def _section(sharing: Iterable[Provider]) -> str:
    providers = list(sharing)
    names = ", ".join(f"`{provider.name}`" for provider in providers)
    prices = ProviderPrices({providers[0].name: providers[0]})
    rows = "\n".join(
        _row(model, partial(prices.find, providers[0].price_id, model.name)) for model in providers[0].models
    )
    return (
        f"\n## {names}\n\n"
        "| model | context | most output | USD per million tokens | read |\n| --- | ---: | ---: | --- | --- |\n"
        f"{rows}\n"
    )


def _row(model: Model, price: Callable[[datetime], Price | None]) -> str:
    names, shown = " or ".join(_names(model)), "; ".join(_prices(model, price))
    return f"| {' | '.join((names, _count(model.context), _count(model.max_output), shown, _read(model)))} |"


def _names(model: Model) -> Iterator[str]:
    for name in (model.name, *model.also):
        yield f"`{name}`"


def _count(tokens: int | None) -> str:
    return f"{tokens:,}" if tokens is not None else ""


def _prices(model: Model, price: Callable[[datetime], Price | None]) -> Iterator[str]:
    """Say what a model costs, today and after each change, and what is charged for besides."""
    first = price(datetime.min.replace(tzinfo=UTC))
    if first is None:
        return
    yield first.shown()
    for change in model.changes:
        then = price(datetime.combine(change.day, time(), UTC))
        assert then is not None, model.name
        yield f"from {change.day}: {then.shown()}"
    if first.left_out:
        yield f"besides: {', '.join(first.left_out)}"


def _read(model: Model) -> str:
    day = f"{model.checked}" if model.checked is not None else ""
    return f"[{_place(model.source)}]({model.source}) {day}".rstrip() if model.source else day


def _place(url: str) -> str:
    """Name the site of a page; on GitHub, the repository."""
    host, _, path = url.partition("://")[2].removeprefix("www.").partition("/")
    return "/".join(path.split("/")[:2]) if host == "github.com" else host


if __name__ == "__main__":
    main(Path(sys.argv[1]))
