"""Set-ups of coding agents: Claude Code, Codex CLI, Cursor.

Read on 2026-11-28: https://code.claude.com/docs/en/llm-gateway-connect and https://code.claude.com/docs/en/llm-gateway
(address without `/v1`, ANTHROPIC_AUTH_TOKEN, apiKeyHelper, models in the picker);
https://developers.openai.com/codex/config-advanced and, for what recent versions refuse, the post of 2026-10-19 on
https://dev.to/aihubmix/codex-configtoml-a-working-setup-and-what-each-error-means-2ghj (`wire_api = "responses"` alone,
names that are taken, no provider in a project's file); https://ngrok.com/docs/ai-gateway/agents/cursor,
https://www.tokenbay.com/docs/tools/cursor and https://docs.litellm.ai/docs/proxy/cursor, for Cursor's own page was not
to be had (address with `/v1`, what the override does not cover, which bodies it sends). Claude Code 2.1.197 and Codex
CLI 0.171.0 are run by tests where they are installed.
"""

from tollbridge_portal.samples.quoting import shell, toml
from tollbridge_portal.samples.values import json_text
from tollbridge_portal.setups import words
from tollbridge_portal.setups.shape import Block, Setup, Step, Target


def token_step(target: Target) -> Step:
    """Have the token put where the rest finds it, and not into the history of a shell."""
    code = f"read -rs {target.variable} && export {target.variable}\n"
    return Step(words.TOKEN, Block("bash", code), {"variable": target.variable})


def claude_code(target: Target) -> Setup:
    """Set up Claude Code."""
    model = shell(target.model)
    environment = f"""\
export ANTHROPIC_BASE_URL={shell(target.base_url)}
export ANTHROPIC_AUTH_TOKEN="${target.variable}"
export ANTHROPIC_MODEL={model}
export ANTHROPIC_DEFAULT_HAIKU_MODEL={model}
unset ANTHROPIC_API_KEY
claude
"""
    settings = json_text(
        {
            "apiKeyHelper": f"printenv {target.variable}",
            "env": {
                "ANTHROPIC_BASE_URL": target.base_url,
                "ANTHROPIC_MODEL": target.model,
                "ANTHROPIC_DEFAULT_HAIKU_MODEL": target.model,
            },
        }
    )
    return Setup(
        "claude-code",
        "Claude Code",
        words.ABOUT_CLAUDE_CODE,
        (
            Step(words.INSTALL, Block("bash", "npm install -g @anthropic-ai/claude-code\n")),
            token_step(target),
            Step(words.CLAUDE_CODE_ENV, Block("bash", environment)),
            Step(words.CLAUDE_CODE_STATUS),
            Step(words.CLAUDE_CODE_KEEP, Block("json", f"{settings}\n", "~/.claude/settings.json")),
        ),
        (words.CLAUDE_CODE_PICKER, words.CLAUDE_CODE_TOOLS, words.CLAUDE_CODE_CLOUD),
        "https://code.claude.com/docs/en/llm-gateway-connect",
    )


def codex(target: Target) -> Setup:
    """Set up Codex CLI."""
    config = f"""\
model = {toml(target.model)}
model_provider = "tollbridge"

[model_providers.tollbridge]
name = "Tollbridge"
base_url = {toml(target.openai_url)}
env_key = {toml(target.variable)}
wire_api = "responses"
"""
    return Setup(
        "codex",
        "Codex CLI",
        words.ABOUT_CODEX,
        (
            Step(words.INSTALL, Block("bash", "npm install -g @openai/codex\n")),
            Step(words.CODEX_CONFIG, Block("toml", config, "~/.codex/config.toml")),
            token_step(target),
            Step(words.CODEX_RUN, Block("bash", "codex\n")),
        ),
        (words.CODEX_METADATA, words.CODEX_SEARCH, words.CODEX_NAMES),
        "https://developers.openai.com/codex/config-advanced",
    )


def cursor(target: Target) -> Setup:
    """Set up Cursor."""
    return Setup(
        "cursor",
        "Cursor",
        words.ABOUT_CURSOR,
        (
            Step(words.CURSOR_OPEN),
            Step(words.CURSOR_KEY),
            Step(words.CURSOR_URL, Block("text", f"{target.openai_url}\n")),
            Step(words.CURSOR_MODEL, Block("text", f"{target.model}\n")),
        ),
        (words.CURSOR_PUBLIC, words.CURSOR_SHAPE, words.CURSOR_TAB, words.CURSOR_GLOBAL, words.CURSOR_PLAN),
        "https://cursor.com/docs/settings/api-keys",
    )
