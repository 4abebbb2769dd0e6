"""docs/providers.md says what services.toml says."""

from pathlib import Path

import pytest

from tollbridge_compatible.catalogue import load_services, read_services
from tollbridge_compatible.page import BEGIN, END, main, renew, table

PAGE = Path(__file__).parents[3] / "docs" / "providers.md"


def test_page_is_equal_to_the_data():
    page = PAGE.read_text("utf-8")

    # When this fails: python -m tollbridge_compatible.page docs/providers.md
    assert page == renew(page, load_services())


def test_program_fills_the_page_and_keeps_the_text_around_the_table(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(f"above\n{BEGIN}\nstale\n{END}\nbelow\n", "utf-8")

    main(page)

    assert page.read_text("utf-8") == f"above\n{BEGIN}\n{table(load_services())}{END}\nbelow\n"


def test_page_has_a_line_for_each_host():
    page = PAGE.read_text("utf-8")

    assert all(f"\n| `{service.id}` | " in page for service in load_services())


def test_line_tells_everything_that_differs_from_the_usual():
    services = read_services(
        """
        [plain]
        base_url = "https://plain.example/v1"
        env = ["PLAIN_KEY"]
        source = "x"
        read = 2026-11-24

        [rich]
        name = "Rich"
        base_urls.openai-chat = "https://{RICH_HOST}/v1"
        base_urls.openai-responses = "https://{RICH_HOST}/v1"
        base_urls.anthropic-messages = "https://{RICH_HOST}/anthropic/v1"
        env = ["RICH_KEY", "RICH_TOKEN"]
        env_guess = true
        auth = { header = "api-key" }
        rename = { max_completion_tokens = "max_tokens" }
        drop = ["logit_bias", "seed"]
        drop_values = { shape = ["round", "flat"] }
        keeps_answers = true
        free_text = true
        stream_usage = "never"
        note = "old"
        source = "x"
        read = 2026-11-24

        [claude-only]
        base_urls.anthropic-messages = "https://m.example/v1"
        env = ["M_KEY"]
        source = "x"
        read = 2026-11-24

        [no-chat]
        base_urls.openai-responses = "https://n.example/v1"
        base_urls.openai-embeddings = "https://n.example/v1"
        rewritten = ["openai-embeddings"]
        env = ["N_KEY"]
        source = "x"
        read = 2026-11-24

        [here]
        base_urls.openai-chat = "http://127.0.0.1:1/v1"
        base_urls.anthropic-messages = "http://127.0.0.1:1/v1"
        local = true
        env = ["HERE_KEY"]
        source = "x"
        read = 2026-11-24

        [open]
        base_url = "http://127.0.0.1:2/v1"
        local = true
        source = "x"
        read = 2026-11-24
        """,
        "rows",
    )

    assert table(services).splitlines()[2:] == [
        "| `plain` | `https://plain.example/v1` | `PLAIN_KEY` |  |",
        "| `rich` | `https://{RICH_HOST}/v1` | `RICH_KEY` or `RICH_TOKEN` ? | Rich; old; set `RICH_HOST`; "
        "key in the header `api-key`; Responses; Messages at `https://{RICH_HOST}/anthropic/v1`; keeps answers; "
        "takes tools of free text; "
        "`max_completion_tokens` becomes `max_tokens`; drops `logit_bias`, `seed`; "
        "drops `shape` where it is `round` or `flat`; no usage in streams |",
        "| `claude-only` | `https://m.example/v1` | `M_KEY` | Messages only |",
        "| `no-chat` | `https://n.example/v1` | `N_KEY` | Responses and embeddings only; embeddings written anew |",
        "| `here` | `http://127.0.0.1:1/v1` | `HERE_KEY`, if it asks for one | Messages |",
        "| `open` | `http://127.0.0.1:2/v1` | none |  |",
    ]


@pytest.mark.parametrize("page", ["", BEGIN, END, f"{END}{BEGIN}"])
def test_page_without_its_markers_is_refused(page: str):
    with pytest.raises(ValueError, match="the page needs the lines"):
        renew(page, [])
