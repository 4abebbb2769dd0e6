"""What every provider must be: subclass `ProviderContract`, say which, and run it."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache

from tollbridge.auth import Signer, check_auth, needs_key, sendable
from tollbridge.config import Config
from tollbridge.formats.dialect import Dialect
from tollbridge.metering.prices import Price
from tollbridge.plugins import Plugins
from tollbridge.providers import Provider
from tollbridge.routes import ModelRoutes

KEY = "sk-contract-0123456789"
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VARIABLE = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
_READ = re.compile(r"read (\d{4}-\d\d(?:-\d\d)?)")
_HERE = re.compile(r"http://(127\.0\.0\.1|localhost)[:/]")


@cache
def installed_dialects() -> Mapping[str, Dialect]:
    """Give the dialects of the installed plugins, by name."""
    return Plugins().register_all().dialects


def variables(provider: Provider) -> dict[str, str]:
    """Set every variable of a provider: one that is the whole beginning of a URL holds a URL, any other a word."""
    found = {}
    for url in provider.base_urls.values():
        for name in _VARIABLE.findall(url):
            found[name] = "https://host.example" if url.startswith(f"{{{name}}}") else "word-1"
    return found


class ProviderContract:
    """What holds for each provider, whoever ships it."""

    provider: Provider

    def routes(self, env: Mapping[str, str]) -> ModelRoutes:
        """Give the models of a gateway that knows this provider alone."""
        known = {self.provider.name: self.provider}
        return ModelRoutes(
            Config(), known, installed_dialects(), env=env, read_key=lambda reference, _: env[reference[4:]]
        )

    def test_id_can_stand_before_a_models_name(self) -> None:
        assert _ID.fullmatch(self.provider.name)
        assert self.provider.display_name

    def test_every_base_url_is_of_a_dialect_and_is_safe(self) -> None:
        assert self.provider.base_urls
        dialects = installed_dialects()
        for dialect, url in self.provider.base_urls.items():
            assert dialect in dialects, dialect
            whole_is_a_variable = url.startswith("{")
            here = _HERE.match(url) is not None and self.provider.allow_private
            assert url.startswith("https://") or whole_is_a_variable or here, url
            assert "@" not in url.partition("/")[0]

    def test_where_its_facts_are_from_is_said_with_a_date(self) -> None:
        read = _READ.search(self.provider.source)
        on_this_machine = self.provider.allow_private and not self.provider.source
        assert on_this_machine or (read is not None and date.fromisoformat(f"{read[1]}-01"[:10]))

    def test_key_goes_into_headers_and_nowhere_else(self) -> None:
        auth = self.provider.auth
        check_auth(auth, self.provider.name)
        if not isinstance(auth, Signer):
            shown = auth.headers(KEY)
            assert sendable(shown)
            assert not needs_key(auth) or KEY.encode() in b" ".join(value for _, value in shown)
        assert all("key" not in url.lower().partition("?")[2] for url in self.provider.base_urls.values())

    def test_it_is_offered_to_who_has_its_key_and_to_nobody_else(self) -> None:
        provider, settings = self.provider, variables(self.provider)
        assert provider.name not in self.routes(settings).hosts or not provider.auth.env
        if provider.allow_private or not provider.auth.env:
            return  # what runs on this machine is asked for by a section of the configuration
        targets = self.routes({**settings, provider.auth.env[0]: KEY}).resolve(f"{provider.name}/some/model:1")

        assert [target.model for target in targets] == ["some/model:1"]
        assert KEY not in repr(targets)

    def test_prices_can_be_read_with_what_changes_above_so_many_tokens(self) -> None:
        for model in self.provider.models:
            if model.price or model.tiers:
                price = Price.from_table(model.price, id=model.name, tiers=model.tiers)
                assert [tier.above for tier in price.tiers] == sorted(model.tiers), model.name

    def test_names_and_limits_of_models_are_of_one_model_each(self) -> None:
        models = self.provider.models
        names = [name for model in models for name in (model.name, *model.also)]
        assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})
        for model in models:
            assert all(limit is None or limit > 0 for limit in (model.context, model.max_output)), model.name
