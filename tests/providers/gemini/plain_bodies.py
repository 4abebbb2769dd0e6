"""Bodies of Gemini's that are plain, and such as are nearly so, for the tests of what is read at once."""

from hypothesis import strategies as st
from tests.providers.gemini.support import SEAL
from tests.support.nearly import lists, objects, said

from tollbridge.formats import Reasoning, State, carry
from tollbridge_gemini.signatures import pack_call, pack_state, pack_thought

_STATE = State("anthropic-messages", {"signature": "s"})
_THOUGHT = Reasoning(text="Hm.", summary=True, state=_STATE)
SIGNED = {
    "thoughtSignature": said(
        *("c2lnbmVk", "", "no base64"),
        *(pack_state(_STATE, SEAL), pack_thought(_THOUGHT, SEAL), pack_call(_STATE, [_THOUGHT], SEAL)),
    )
}
IDS = said("call_1", "", "call_2__tb1x", carry("call_3", State("openai-chat", {"a": 1}), [_THOUGHT], SEAL))
WORDS = said("Hi", "", "Grüße", '{"a": 1.50}')
NAMES = said("f", "g", "")
OBJECT = st.sampled_from(['{"a":1.50,"b":[null]}', "{}", '{"output":"15"}', '{"error":"no"}', '{"error":{"a":1}}'])
TEXT = objects({"text": WORDS}, {**SIGNED, "thought": said(True, False)})
PROTO = {"thought_signature": SIGNED["thoughtSignature"]}
CALLED = objects({"name": NAMES}, {"args": OBJECT, "id": IDS})
ANSWERED = objects({"name": NAMES}, {"response": OBJECT, "id": IDS})
CALL = objects({"functionCall": CALLED}, SIGNED) | objects({"function_call": CALLED}, PROTO)
RESULT = objects({"functionResponse": ANSWERED}, SIGNED) | objects({"function_response": ANSWERED}, PROTO)
PARTS = lists(st.one_of(TEXT, TEXT, CALL, RESULT), 4)
SCHEMA = said(
    {"type": "OBJECT", "properties": {"a": {"type": "NUMBER", "minimum": 1.5}}},
    {"type": "object", "properties": {"a": {"type": ["string", "null"]}}},
    {},
)
FUNCTION = objects({"name": NAMES}, {"description": WORDS})
SCHEMED = st.sampled_from(("parameters", "parametersJsonSchema", "parameters_json_schema")).flatmap(
    lambda name: objects({"name": NAMES, name: SCHEMA}, {"description": WORDS})
)
NUMBER = st.sampled_from(["0", "1", "0.70", "1e2", "null"])
CONFIG = objects(
    {},
    {
        "temperature": NUMBER,
        "topP": NUMBER,
        "top_k": said(3),
        "maxOutputTokens": said(5),
        "stopSequences": said(["a"], []),
        "responseModalities": said(["TEXT"], ["IMAGE"]),
        "responseMimeType": said("application/json"),
        "thinkingConfig": said({"thinkingBudget": 0}, {"includeThoughts": True}, {}),
    },
)
REQUESTS = objects(
    {"contents": lists(objects({"parts": PARTS}, {"role": said("user", "model")}))},
    {
        "systemInstruction": objects({"parts": lists(TEXT)}, {"role": said("user", "")}),
        "generationConfig": CONFIG,
        "tools": lists(objects({"functionDeclarations": lists(FUNCTION | SCHEMED)})),
        "toolConfig": said({"functionCallingConfig": {"mode": "ANY"}}, {"retrievalConfig": {}}, {}),
        "safetySettings": said([], None),
        "cachedContent": said("cachedContents/1", ""),
        "labels": said({"a": "b"}),
        "model": said("models/m", None, 5),
    },
)
USAGE = said(
    {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7, "serviceTier": "STANDARD"},
    {"promptTokenCount": "3"},
    {"serviceTier": "flex", "rate": 0.5},
    {},
)
HEAD = {
    "usageMetadata": USAGE,
    "modelVersion": said("gemini-2.5-flash", "gemini-3-pro", ""),
    "responseId": said("r1", ""),
    "createTime": said("2026-01-02T03:04:05.6Z", "never"),
}
ENDED = {"finishReason": said("STOP", "MAX_TOKENS", "ODD", ""), "index": said(0, 1)}
CANDIDATE = objects(
    {"content": objects({"parts": PARTS}, {"role": said("model", "user")})},
    {
        **ENDED,
        "avgLogprobs": said(-0.5, None),
        "safetyRatings": said([], [{"category": "A"}]),
        "finishMessage": said("M"),
        "groundingMetadata": said({"webSearchQueries": ["a"]}),
    },
)
ANSWERS = objects({"candidates": lists(CANDIDATE, 2)}, HEAD)
PIECE = objects(
    {},
    {
        **ENDED,
        "content": objects({"parts": lists(TEXT, 1) | PARTS}, {"role": said("model")}),
        "groundingMetadata": said({"webSearchQueries": ["a"]}),
    },
)
WORD = objects({"text": WORDS}, {"thought": said(True)})
WORDY = objects({"content": objects({"parts": WORD.map("[{}]".format)}, {"role": said("model")})}, ENDED)
CHUNKS = objects({"candidates": WORDY.map("[{}]".format) | lists(PIECE, 2)}, HEAD)
