"""Azure OpenAI: OpenAI's dialects at a resource of one's own.

`azure` is the v1 surface, where the model is the name of a deployment; it keeps answers of the Responses API 30 days
(https://learn.microsoft.com/azure/ai-services/openai/how-to/responses, read 2026-11), and its GPT-5 takes tools of free
text (https://learn.microsoft.com/azure/foundry/openai/how-to/reasoning, read 2026-11). `azure-deployments` is the older
one, where the deployment stands in the path and the query names a version. Both take a key, or a token of Entra ID by
the auth schemes `azure-entra` and `azure-managed-identity`. The variables are those of OpenAI's own Azure client
(openai-python 3.57, `openai/lib/azure.py`).
"""

from collections.abc import Callable

from tollbridge import Auth, Header, Models, Provider, Quirks, hookimpl

_V1 = "{AZURE_OPENAI_ENDPOINT}/openai/v1"
KEYS = ("AZURE_OPENAI_API_KEY", "AZURE_API_KEY")
_SOURCE = "https://learn.microsoft.com/en-us/azure/foundry/openai/api-version-lifecycle, read 2026-11-27"


@hookimpl
def register_auth_schemes(register: Callable[[str, type[Auth]], None]) -> None:
    from tollbridge_azure.entra import EntraClient, EntraManaged

    register("azure-entra", EntraClient)
    register("azure-managed-identity", EntraManaged)


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    models = Models.from_package("tollbridge_azure")
    register(
        Provider(
            "azure",
            base_urls={"openai-chat": _V1, "openai-responses": _V1},
            auth=Header("api-key", KEYS),
            models=models,
            quirks=Quirks(keeps_answers=True, free_text=True),
            display_name="Azure OpenAI",
            homepage="https://azure.microsoft.com/products/ai-services/openai-service",
            source=_SOURCE,
        )
    )
    register(
        Provider(
            "azure-deployments",
            base_url="{AZURE_OPENAI_ENDPOINT}/openai/deployments/{model}?api-version={OPENAI_API_VERSION}",
            dialect="openai-chat",
            auth=Header("api-key", KEYS),
            models=models,
            price_id="azure",
            display_name="Azure OpenAI, dated API versions",
            homepage="https://azure.microsoft.com/products/ai-services/openai-service",
            source="https://learn.microsoft.com/en-us/azure/ai-services/openai/reference, read 2026-11-27",
        )
    )
