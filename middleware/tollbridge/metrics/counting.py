"""What is counted of a call.

Every label has bounded values: no token, user, request or path, and no model a caller made up.
"""

import asyncio
import math
import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, values
from prometheus_client.exposition import choose_encoder

from tollbridge import errors
from tollbridge.call import Call, Outcome
from tollbridge.clock import Clock, SystemClock
from tollbridge.errors import GatewayError, RateLimited, UpstreamError
from tollbridge.metering.usage import UsageSource
from tollbridge.metrics.families import FAMILIES, NONE, Added, Count, Exposition, Families, Series
from tollbridge.metrics.multiprocess import VARIABLE, collect_multiprocess, join_multiprocess
from tollbridge.metrics.tally import Kind, Tally
from tollbridge.providers import Target

OTHER = "other"

_MOST_OPERATIONS = 200
_LONGEST_MODEL = 100
_CODES = frozenset(
    error.code for error in vars(errors).values() if isinstance(error, type) and issubclass(error, GatewayError)
) | {"upstream_credential", "policy_failed"}
_STATUS_CLASSES = {1: "1xx", 2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx"}
_UPSTREAM_STATUSES = frozenset((400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529))
_MOST_KINDS = 2_000
_MOST_SHOWN = 1_000

_Labels = tuple[str, str]
_Key = tuple[object, ...]


class Metrics:
    """Counts calls.

    `registry` is one of its own if not given. A model has a label of its own if it was named to `know`, its provider
    lists it, or its provider has counted tokens for it; any other is `other`, and so is each one after
    `model_label_cap` of them. Where the environment names a folder for several processes, values are kept there, and
    all `Metrics` of one process count together.
    """

    def __init__(
        self,
        *,
        registry: CollectorRegistry | None = None,
        model_label_cap: int = 200,
        clock: Clock | None = None,
    ) -> None:
        join_multiprocess()
        named = os.environ.get(VARIABLE)
        folder = Path(named) if named else None
        self._families = Families() if folder is None else _of_process(values.ValueClass)
        self._shared = folder is not None
        self._added: list[Counter] = []
        self._registry = CollectorRegistry() if registry is None else registry
        self._registry.register(Exposition(self._families, folder))
        self._clock = clock or SystemClock()
        self._cap = model_label_cap
        self._models: dict[_Labels, _Labels] = {}
        self._operations: dict[_Labels, _Labels] = {}
        self._tallies: dict[_Key, Tally] = {}
        self._dirty: list[Tally] = []
        self._due = False
        self._inflight = self._shown = 0
        if folder is not None:
            self.know(_counted_before(folder))

    def know(self, models: Iterable[_Labels]) -> None:
        """Give these models labels of their own, as provider and the provider's name for it, while there is room."""
        for labels in models:
            if len(self._models) < self._cap:
                self._models[labels] = labels

    def show(self, counter: Counter) -> None:
        """Show a counter of a plugin too, once however often a gateway starts.

        Where several processes count, it is in the files that are shown already.
        """
        if not self._shared and counter not in self._added:
            self._added.append(counter)
            self._registry.register(Added(counter))

    def entered(self) -> None:
        """Count a request in."""
        self._inflight += 1
        self._soon()

    def left(self) -> None:
        """Count it out again."""
        self._inflight -= 1
        self._soon()

    def policy_failed(self, policy: str) -> None:
        """Count a failure of a policy whose call was answered already."""
        self._families.policy_failures[(policy,)](1)

    def canary_used(self) -> None:
        """Count that somebody showed a token that nobody should have."""
        self._families.canary_uses[()](1)

    def bad_credential(self, kind: str) -> None:
        """Count a credential that opened nothing: of the kind `token` or `account`."""
        self._families.bad_credentials[(kind,)](1)

    def token_leaked(self, action: str) -> None:
        """Count a token that somebody found in the open, by what was done about it."""
        self._families.leaked_tokens[(action,)](1)

    def provider_key_refused(self, provider: str) -> None:
        """Count that a provider refused a key that the database keeps."""
        self._families.refused_keys[(provider,)](1)

    def job_ended(self, job: str, result: str) -> None:
        """Count a run of a job that ended."""
        self._families.job_runs[job, result](1)

    def webhook_attempted(self, result: str) -> None:
        """Count an attempt to send a message to a webhook."""
        self._families.webhook_attempts[(result,)](1)

    def show_burn_rates(self, rates: Mapping[tuple[str, ...], float]) -> None:
        """Show how fast the budgets of objectives burn, by service, objective and window; of all others nothing."""
        _show(self._families.burn_rates, rates)

    def show_budgets_left(self, left: Mapping[tuple[str, ...], float]) -> None:
        """Show what is left of the budgets of objectives, by service and objective; of all others nothing."""
        _show(self._families.budgets_left, left)

    def observe(self, call: Call) -> None:
        """Count a finished call, in the event loop's next turn together with others."""
        target, error, operation, cost = call.target, call.error, call.operation, call.cost
        model = None if target is None else self._model_labels(call, target)
        key = (
            call.service,
            None if operation is None else operation.label,
            call.outcome and call.outcome._value_,
            call.status,
            model,
            call.usage_source and call.usage_source._value_,
            call.reached,
            None if error is None else (type(error), error.code),
        )
        tally = self._tallies.get(key) or self._tally(key, call, model)
        if not tally.durations:
            self._dirty.append(tally)
        tally.durations.append(max(0.0, self._clock.monotonic() - call.started_s))
        if cost:
            tally.cost += cost
        if model is not None:
            if call.first_byte_s is not None:
                tally.first_bytes.append(call.first_byte_s)
            if call.usage is not None:
                tally.usages.append(call.usage)
            if cost is None and call.usage_source is not None:
                tally.unpriced += 1
        self._soon()

    def flush(self) -> None:
        """Count now what was to be counted soon."""
        self._due = False
        dirty, self._dirty = self._dirty, []
        for tally in dirty:
            tally.count(self._families)
        change, self._shown = self._inflight - self._shown, self._inflight
        if change:
            self._families.inflight.inc(change)

    def _soon(self) -> None:
        if self._due:
            return
        try:
            asyncio.get_running_loop().call_soon(self.flush)
            self._due = True
        except RuntimeError:  # no event loop
            self.flush()

    @property
    def shared(self) -> bool:
        """Whether several workers count together."""
        return self._shared

    def counted(self, name: str) -> Mapping[tuple[str, ...], float]:
        """Give what one of our counters counted, by its labels: by its key in `FAMILIES`.

        That of all workers where they share a folder, else that of this process.
        """
        self.flush()
        family = FAMILIES[name]
        return {
            tuple(sample.labels[label] for label in family.labels): sample.value
            for metric in self._registry.collect()
            for sample in metric.samples
            if sample.name == family.name
        }

    def render(self, accept: str) -> tuple[bytes, str]:
        """Write all of it as an `Accept` header asks, OpenMetrics or plain text; gives the content type too."""
        self.flush()
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def _operation(self, call: Call) -> _Labels:
        operation = call.operation
        labels = (call.service or NONE, NONE if operation is None else operation.label or NONE)
        known = self._operations.get(labels)
        if known is None:
            known = labels if len(self._operations) < _MOST_OPERATIONS else (OTHER, OTHER)
            if known is labels:
                self._operations[labels] = labels
        return known

    def _tally(self, key: _Key, call: Call, model: _Labels | None) -> Tally:
        """Begin the sums of a kind of calls that was not seen before."""
        families, error = self._families, call.error
        service, operation = named = self._operation(call)
        outcome = call.outcome or NONE
        events = [families.requests[service, operation, outcome, _STATUS_CLASSES.get(call.status // 100, NONE)]]
        if error is not None and outcome == Outcome.REFUSED:
            events.append(families.refused[(_code(error),)])
        if isinstance(error, RateLimited):
            events.append(families.limited[named])
        if model is not None and isinstance(error, UpstreamError):
            events.append(families.upstream_errors[model[0], _code(error)])
        elif model is not None and call.reached and error is None and call.status >= 400:
            events.append(families.upstream_errors[model[0], _upstream_status(call.status)])
        if len(self._tallies) >= _MOST_KINDS:
            self._tallies.clear()
        tally = self._tallies[key] = Tally(Kind(named, model, call.usage_source, events))
        return tally

    def _model_labels(self, call: Call, target: Target) -> _Labels:
        labels = (target.provider.name, target.model)
        known = self._models.get(labels)
        if known is not None:
            return known
        vouched = target.provider.models.get(target.model) is not None or call.usage_source is UsageSource.PROVIDER
        if vouched and len(self._models) < self._cap and _is_plain(target.model):
            self._models[labels] = labels
            return labels
        return (target.provider.name, OTHER)


@cache
def _of_process(value_class: type) -> Families:
    """Make the families of a process once: two sets of values in one file would overwrite each other."""
    return Families()


def _counted_before(folder: Path) -> set[_Labels]:
    """Find the models that have labels in the files already, so that a restart does not make room for as many again."""
    counted = (sample.labels for metric in collect_multiprocess(folder) for sample in metric.samples)
    return {
        (labels["provider"], labels["model"])
        for labels in counted
        if "provider" in labels and labels.get("model", NONE) not in (OTHER, NONE)
    }


def _is_plain(model: str) -> bool:
    return len(model) <= _LONGEST_MODEL and model.isascii() and model.isprintable()


def _code(error: GatewayError) -> str:
    return error.code if error.code in _CODES else OTHER


def _upstream_status(status: int) -> str:
    return f"http_{status}" if status in _UPSTREAM_STATUSES else f"http_{status // 100}xx"


def _show(series: Series[Count], values: Mapping[tuple[str, ...], float]) -> None:
    """Set a gauge for the first of its labels that fit; one that is gone is no number (several workers drop none)."""
    for labels in values:
        if len(series) >= _MOST_SHOWN:
            break
        series[labels]  # bound, and set below
    for labels, show in series.items():
        show(values.get(labels, math.nan))
