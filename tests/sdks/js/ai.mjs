// The `ai` SDK (Vercel), with its provider for the dialect that the command line names.
import * as shared from "./running.mjs";

const { generateText, jsonSchema, Output, streamText, tool } = shared.need("ai");

const PROVIDERS = {
  "openai-chat": (task) =>
    shared.need("@ai-sdk/openai").createOpenAI({ baseURL: `${task.base}/v1`, apiKey: task.token }).chat(task.model),
  "openai-responses": (task) =>
    shared.need("@ai-sdk/openai").createOpenAI({ baseURL: `${task.base}/v1`, apiKey: task.token }).responses(task.model),
  "anthropic-messages": (task) =>
    shared.need("@ai-sdk/anthropic").createAnthropic({ baseURL: `${task.base}/v1`, apiKey: task.token })(task.model),
  "gemini-generate-content": (task) =>
    shared.need("@ai-sdk/google").createGoogleGenerativeAI({ baseURL: `${task.base}/v1beta`, apiKey: task.token })(
      task.model,
    ),
};
const model = PROVIDERS[process.argv[2]];
const ASKED = { role: "user", content: shared.QUESTION };
const PICTURE = {
  role: "user",
  content: [
    { type: "text", text: shared.QUESTION },
    { type: "image", image: shared.IMAGE, mediaType: "image/png" },
  ],
};
// The recorded answers call tools of other names, which this SDK marks as invalid and gives all the same.
const TOOLS = {
  [shared.TOOL]: tool({ description: shared.TOOL_TEXT, inputSchema: jsonSchema(shared.TOOL_SCHEMA) }),
};
const FORMAT = Output.object({ schema: jsonSchema(shared.ANSWER_SCHEMA) });

const asked = (task, messages, more) => ({
  model: model(task),
  messages,
  maxRetries: 0,
  maxOutputTokens: shared.MOST_TOKENS,
  ...more,
});

const ask = (task, messages, more = {}) => generateText(asked(task, messages, more));

async function follow(task, more = {}) {
  let failure;
  const onError = ({ error }) => (failure = error);
  const stream = streamText({ ...asked(task, [ASKED], more), onError });
  await stream.consumeStream({ onError: (error) => (failure = error) });
  if (failure) throw failure;
  const [text, toolCalls, finishReason, usage] = await Promise.all([
    stream.text,
    stream.toolCalls,
    stream.finishReason,
    stream.usage,
  ]);
  return said({ text, toolCalls, finishReason, usage });
}

function said(answer) {
  const calls = answer.toolCalls.map((call) => [call.toolName, call.input]);
  const { inputTokens, outputTokens } = answer.usage;
  const tokens = inputTokens === undefined ? null : [inputTokens, outputTokens];
  return shared.result(answer.text, calls, answer.finishReason, tokens);
}

async function tools(task) {
  const first = await ask(task, [ASKED], { tools: TOOLS });
  const given = first.toolCalls.map((call) => ({
    type: "tool-result",
    toolCallId: call.toolCallId,
    toolName: call.toolName,
    output: { type: "text", value: shared.TOOL_RESULT },
  }));
  const calls = first.response.messages.filter((message) => message.role === "assistant");
  const last = await ask(task, [ASKED, ...calls, { role: "tool", content: given }], { tools: TOOLS });
  return { ...said(first), then: said(last).text };
}

await shared.run({
  plain: async (task) => said(await ask(task, [ASKED])),
  stream: follow,
  tools,
  tools_stream: (task) => follow(task, { tools: TOOLS }),
  structured: async (task) => said(await ask(task, [ASKED], { output: FORMAT })),
  image: async (task) => said(await ask(task, [PICTURE])),
});
