// The official `@google/genai` SDK, generateContent.
import * as shared from "./running.mjs";

const { GoogleGenAI } = shared.need("@google/genai");
const ASKED = { role: "user", parts: [{ text: shared.QUESTION }] };
const DECLARED = { name: shared.TOOL, description: shared.TOOL_TEXT, parametersJsonSchema: shared.TOOL_SCHEMA };
const TOOLS = { tools: [{ functionDeclarations: [DECLARED] }] };
const FORMAT = { responseMimeType: "application/json", responseJsonSchema: shared.ANSWER_SCHEMA };
const PICTURE = {
  role: "user",
  parts: [{ inlineData: { mimeType: "image/png", data: shared.IMAGE } }, { text: shared.QUESTION }],
};

const client = (task) =>
  new GoogleGenAI({ apiKey: task.token, httpOptions: { baseUrl: task.base, timeout: shared.TIMEOUT_MS } });

const ask = (task, contents, config = {}) =>
  client(task).models.generateContent({ model: task.model, contents, config });

async function follow(task, config = {}) {
  const chunks = [];
  const asked = { model: task.model, contents: [ASKED], config };
  for await (const chunk of await client(task).models.generateContentStream(asked)) chunks.push(chunk);
  return said(chunks);
}

function said(chunks) {
  const candidates = chunks.flatMap((chunk) => chunk.candidates?.slice(0, 1) ?? []);
  const parts = candidates.flatMap((candidate) => candidate.content?.parts ?? []);
  const text = parts.filter((part) => part.text && !part.thought).map((part) => part.text);
  const calls = parts.filter((part) => part.functionCall).map(({ functionCall: call }) => [call.name, call.args]);
  const stop = candidates.map((candidate) => candidate.finishReason).filter(Boolean).at(-1);
  const usage = chunks.map((chunk) => chunk.usageMetadata).filter(Boolean).at(-1);
  const tokens = usage && [
    (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
    (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
  ];
  return shared.result(text.join(""), calls, stop, tokens);
}

async function tools(task) {
  const first = await ask(task, [ASKED], TOOLS);
  const { content } = first.candidates[0];
  const given = content.parts
    .filter((part) => part.functionCall)
    .map(({ functionCall: call }) => ({
      functionResponse: { id: call.id, name: call.name, response: { result: shared.TOOL_RESULT } },
    }));
  const last = await ask(task, [ASKED, content, { role: "user", parts: given }], TOOLS);
  return { ...said([first]), then: said([last]).text };
}

await shared.run({
  plain: async (task) => said([await ask(task, [ASKED])]),
  stream: follow,
  tools,
  tools_stream: (task) => follow(task, TOOLS),
  structured: async (task) => said([await ask(task, [ASKED], FORMAT)]),
  image: async (task) => said([await ask(task, [PICTURE])]),
});
