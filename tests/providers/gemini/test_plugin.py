"""The package as a plugin."""

import subprocess
import sys

import tollbridge_gemini
from tollbridge import Header, Provider
from tollbridge.formats import Dialect
from tollbridge_gemini.names import NAME


def test_dialect_and_provider_are_offered() -> None:
    dialects: list[Dialect] = []
    providers: list[Provider] = []

    tollbridge_gemini.register_dialects(dialects.append)
    tollbridge_gemini.register_providers(providers.append)

    assert [dialect.name for dialect in dialects] == [NAME]
    [provider] = providers
    assert provider.base_urls == {NAME: "https://generativelanguage.googleapis.com/v1beta"}
    assert provider.auth == Header("x-goog-api-key", ("GEMINI_API_KEY", "GOOGLE_API_KEY"))


def test_import_of_the_package_loads_no_codec() -> None:
    code = (
        "import sys, tollbridge_gemini; print([name for name in sys.modules if name.startswith('tollbridge_gemini.')])"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
