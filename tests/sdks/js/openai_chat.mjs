// The official `openai` SDK, Chat Completions.
import * as shared from "./running.mjs";

const { OpenAI } = shared.need("openai");
const ASKED = { role: "user", content: shared.QUESTION };
const TOOLS = [
  {
    type: "function",
    function: { name: shared.TOOL, description: shared.TOOL_TEXT, parameters: shared.TOOL_SCHEMA },
  },
];
const FORMAT = {
  type: "json_schema",
  json_schema: { name: shared.ANSWER_NAME, schema: shared.ANSWER_SCHEMA, strict: true },
};
const PICTURE = {
  role: "user",
  content: [
    { type: "text", text: shared.QUESTION },
    { type: "image_url", image_url: { url: shared.IMAGE_URL } },
  ],
};

const client = (task) =>
  new OpenAI({ baseURL: `${task.base}/v1`, apiKey: task.token, maxRetries: 0, timeout: shared.TIMEOUT_MS });

const ask = (task, messages, more = {}) =>
  client(task).chat.completions.create({ model: task.model, messages, ...more });

async function follow(task, more = {}) {
  const asked = { model: task.model, messages: [ASKED], stream_options: { include_usage: true }, ...more };
  const stream = client(task).chat.completions.stream(asked);
  return said(await stream.finalChatCompletion());
}

function said(answer) {
  const [choice] = answer.choices;
  const calls = (choice.message.tool_calls ?? []).map((call) => [call.function.name, call.function.arguments]);
  const tokens = answer.usage ? [answer.usage.prompt_tokens, answer.usage.completion_tokens] : null;
  return shared.result(choice.message.content, calls, choice.finish_reason, tokens);
}

async function tools(task) {
  const first = await ask(task, [ASKED], { tools: TOOLS });
  const { message } = first.choices[0];
  const given = (message.tool_calls ?? []).map((call) => ({
    role: "tool",
    tool_call_id: call.id,
    content: shared.TOOL_RESULT,
  }));
  const last = await ask(task, [ASKED, message, ...given], { tools: TOOLS });
  return { ...said(first), then: said(last).text };
}

await shared.run({
  plain: async (task) => said(await ask(task, [ASKED])),
  stream: follow,
  tools,
  tools_stream: (task) => follow(task, { tools: TOOLS }),
  structured: async (task) => said(await ask(task, [ASKED], { response_format: FORMAT })),
  image: async (task) => said(await ask(task, [PICTURE])),
});
