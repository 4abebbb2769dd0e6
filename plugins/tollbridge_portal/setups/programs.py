"""Set-ups of applications and libraries: Open WebUI, the vendors' SDKs, LangChain, the AI SDK.

Read on 2026-11-28: https://docs.openwebui.com/reference/env-configuration (OPENAI_API_BASE_URL, what is kept after the
first start); https://reference.langchain.com/python/langchain-openai and
https://reference.langchain.com/python/langchain-anthropic/ChatAnthropic (`base_url`, fields that are not read); the
README of @ai-sdk/openai-compatible and https://ai-sdk.dev/providers (`baseURL`). What is said of the SDKs of OpenAI,
Anthropic, LangChain and Vercel is run by tests.
"""

from tollbridge_portal.samples import chat, javascript, messages, python
from tollbridge_portal.samples.quoting import javascript as javascript_literal
from tollbridge_portal.samples.quoting import python as python_literal
from tollbridge_portal.samples.quoting import shell
from tollbridge_portal.samples.sample import Sample
from tollbridge_portal.setups import words
from tollbridge_portal.setups.agents import token_step
from tollbridge_portal.setups.shape import Block, Setup, Step, Target

SAID = "Hello"
"""What the programs ask; the same in every language, for it is code."""


def open_webui(target: Target) -> Setup:
    """Set up Open WebUI."""
    command = f"""\
docker run -d -p 3000:8080 \\
  -e OPENAI_API_BASE_URL={shell(target.openai_url)} \\
  -e OPENAI_API_KEY="${target.variable}" \\
  -v open-webui:/app/backend/data \\
  --name open-webui ghcr.io/open-webui/open-webui:main
"""
    return Setup(
        "open-webui",
        "Open WebUI",
        words.ABOUT_OPEN_WEBUI,
        (
            token_step(target),
            Step(words.OPEN_WEBUI_RUN, Block("bash", command)),
            Step(words.OPEN_WEBUI_CHOOSE, None, {"model": target.model}),
        ),
        (words.OPEN_WEBUI_KEPT, words.OPEN_WEBUI_LOCAL, words.OPEN_WEBUI_ONE, words.OPEN_WEBUI_TASKS),
        "https://docs.openwebui.com/reference/env-configuration",
    )


def openai_sdk(target: Target) -> Setup:
    """Set up OpenAI's SDKs."""
    called = chat(target.model, SAID)
    environment = f'export OPENAI_BASE_URL={shell(target.openai_url)}\nexport OPENAI_API_KEY="${target.variable}"\n'
    return Setup(
        "openai",
        "OpenAI SDK",
        words.ABOUT_OPENAI_SDK,
        (
            token_step(target),
            *_sample_steps(
                python.openai(called, target.base_url, target.variable),
                javascript.openai(called, target.base_url, target.variable),
            ),
            Step(words.OPENAI_SDK_ENV, Block("bash", environment)),
        ),
        (words.OPENAI_SDK_OTHERS,),
        "https://github.com/openai/openai-python",
    )


def anthropic_sdk(target: Target) -> Setup:
    """Set up Anthropic's SDKs."""
    called = messages(target.model, SAID)
    environment = f'export ANTHROPIC_BASE_URL={shell(target.base_url)}\nexport ANTHROPIC_API_KEY="${target.variable}"\n'
    return Setup(
        "anthropic",
        "Anthropic SDK",
        words.ABOUT_ANTHROPIC_SDK,
        (
            token_step(target),
            *_sample_steps(
                python.anthropic(called, target.base_url, target.variable),
                javascript.anthropic(called, target.base_url, target.variable),
            ),
            Step(words.ANTHROPIC_SDK_ENV, Block("bash", environment)),
        ),
        (words.ANTHROPIC_SDK_OTHERS,),
        "https://github.com/anthropics/anthropic-sdk-python",
    )


def langchain(target: Target) -> Setup:
    """Set up LangChain for Python."""
    return Setup(
        "langchain",
        "LangChain",
        words.ABOUT_LANGCHAIN,
        (
            Step(words.INSTALL_PACKAGES, Block("bash", "pip install langchain-openai langchain-anthropic\n")),
            token_step(target),
            Step(words.LANGCHAIN_OPENAI, _langchain(target, "openai", "ChatOpenAI", target.openai_url)),
            Step(words.LANGCHAIN_ANTHROPIC, _langchain(target, "anthropic", "ChatAnthropic", target.base_url)),
        ),
        (words.LANGCHAIN_EMBEDDINGS, words.LANGCHAIN_EXTRAS),
        "https://reference.langchain.com/python/langchain-openai",
    )


def ai_sdk(target: Target) -> Setup:
    """Set up Vercel's AI SDK."""
    packages = "npm install ai @ai-sdk/openai-compatible @ai-sdk/openai @ai-sdk/anthropic\n"
    named = '  name: "tollbridge",\n'
    return Setup(
        "ai-sdk",
        "Vercel AI SDK",
        words.ABOUT_AI_SDK,
        (
            Step(words.INSTALL_PACKAGES, Block("bash", packages)),
            token_step(target),
            Step(words.AI_SDK_COMPATIBLE, _ai_sdk(target, "createOpenAICompatible", "openai-compatible", named)),
            Step(words.AI_SDK_OPENAI, _ai_sdk(target, "createOpenAI", "openai")),
            Step(words.AI_SDK_ANTHROPIC, _ai_sdk(target, "createAnthropic", "anthropic")),
        ),
        (words.AI_SDK_NAMES,),
        "https://ai-sdk.dev/providers",
    )


def _sample_steps(*samples: Sample | None) -> list[Step]:
    steps = []
    for sample in samples:
        if sample:
            steps += [
                Step(words.INSTALL_PACKAGES, Block("bash", f"{sample.install}\n")),
                Step(words.RUN, Block(sample.language, sample.code, sample.file_name)),
            ]
    return steps


def _langchain(target: Target, package: str, name: str, url: str) -> Block:
    code = f"""\
import os

from langchain_{package} import {name}

model = {name}(
    model={python_literal(target.model)},
    base_url={python_literal(url)},
    api_key=os.environ[{python_literal(target.variable)}],
)
print(model.invoke({python_literal(SAID)}).text)
"""
    return Block("python", code, "sample.py")


def _ai_sdk(target: Target, function: str, package: str, more: str = "") -> Block:
    code = f"""\
import {{ {function} }} from "@ai-sdk/{package}";
import {{ generateText }} from "ai";

const tollbridge = {function}({{
{more}  baseURL: {javascript_literal(target.openai_url)},
  apiKey: process.env.{target.variable},
}});

const {{ text }} = await generateText({{
  model: tollbridge({javascript_literal(target.model)}),
  prompt: {javascript_literal(SAID)},
}});
console.log(text);
"""
    return Block("javascript", code, "sample.mjs")
