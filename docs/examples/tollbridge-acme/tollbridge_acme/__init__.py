"""Acme for tollbridge.  API: https://docs.acme.example/api"""

from collections.abc import Callable

from tollbridge import Bearer, Models, Provider, hookimpl


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    register(
        Provider(
            name="acme",
            base_url="https://api.acme.example/v1",
            dialect="openai-chat",
            auth=Bearer(env="ACME_API_KEY"),
            models=Models.from_package(__name__),
        )
    )
