"""What is logged at the loudest level holds no secret and no prompt."""

import re

import httpx2
from tests.live.looking import PROMPT, bearer, chat, settled
from tests.support.live import LiveGateway, mock_config

PATH = "/v1/chat/completions"
KEY = "sk-upstream-secret"
ANSWER = "an answer that nobody may keep"


def test_debug_log_holds_no_token_no_key_no_prompt_and_no_answer(tmp_path, upstream) -> None:
    config = mock_config(upstream.url).replace("[logging]", '[logging]\nlevel = "debug"')
    wrong = {"error": {"message": f"Incorrect API key provided: {KEY}", "type": "x", "code": None, "param": None}}
    with LiveGateway(tmp_path, config) as gateway:
        token = gateway.token()["token"]
        with httpx2.Client(base_url=gateway.url, headers=bearer(token), timeout=20) as client:
            upstream.answer({"choices": [{"message": {"role": "assistant", "content": ANSWER}}]})
            client.post(PATH, json=chat())
            client.post(PATH, json=chat(stream=True))
            upstream.answer(wrong, status=401)
            client.post(PATH, json=chat())
            upstream.answer(wrong, status=500)
            client.post(PATH, json=chat())
            upstream.raw(KEY.encode() + b"\r\n\r\n")
            client.post(PATH, json=chat())
            upstream.raw(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n" + ANSWER.encode())
            client.post(PATH, json=chat())
            client.post(PATH, json=chat(model=f"x{PROMPT}"))
            client.post(PATH, content=b'{"model": "gpt-4o-mini", "messages": "' + PROMPT.encode())
            client.post(PATH, json=chat(), headers={"x-api-key": "tb_another_token_of_mine"})
            client.get("/v1/models", params={"key": token})
            client.get(f"/v1/{token}")
            refused = client.post(PATH, json=chat(), headers={"authorization": f"Bearer {token}x"})
            assert refused.status_code == 401
        settled(tmp_path, 8)
    text = gateway.text

    assert text.count('"status":200') + text.count('"status": 200') >= 2, "nothing was logged"
    secrets = [token[start : start + 12] for start in range(7, len(token) - 11)]
    for secret in (*secrets, KEY, "another_token_of_mine", ANSWER):
        assert secret not in text
    found = [line for line in text.splitlines() if PROMPT in line]
    assert [line for line in found if not re.search(f"x{PROMPT}", line)] == []  # a model's name is no secret
