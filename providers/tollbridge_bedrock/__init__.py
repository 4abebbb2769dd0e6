"""AWS Bedrock: the Converse dialect and its host.

API: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (read 2026-11).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import Auth, Models, Provider, Quirks, hookimpl

if TYPE_CHECKING:
    from tollbridge.formats import Dialect


@hookimpl
def register_dialects(register: "Callable[[Dialect], None]") -> None:
    from tollbridge_bedrock.dialect import ConverseDialect

    register(ConverseDialect())


@hookimpl
def register_auth_schemes(register: Callable[[str, type[Auth]], None]) -> None:
    from tollbridge_bedrock.sigv4 import SigV4

    register("sigv4", SigV4)


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    from tollbridge_bedrock.sigv4 import BedrockAuth

    register(
        Provider(
            "bedrock",
            base_url="https://bedrock-runtime.{AWS_REGION}.amazonaws.com",
            dialect="bedrock-converse",
            auth=BedrockAuth(),
            models=Models.from_package("tollbridge_bedrock"),
            quirks=Quirks(stream_usage="always"),
            price_id="aws",
            display_name="Amazon Bedrock",
            homepage="https://console.aws.amazon.com/bedrock",
            source="https://docs.aws.amazon.com/general/latest/gr/bedrock.html, read 2026-11-27",
        )
    )
