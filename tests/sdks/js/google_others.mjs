// The official `@google/genai` SDK, embedContent, countTokens and models.
import * as shared from "./running.mjs";

const { GoogleGenAI } = shared.need("@google/genai");

const client = (task) =>
  new GoogleGenAI({ apiKey: task.token, httpOptions: { baseUrl: task.base, timeout: shared.TIMEOUT_MS } });

/** Embeds; this SDK shows no usage of embeddings. */
async function embed(task, contents, config) {
  const answer = await client(task).models.embedContent({ model: task.model, contents, config });
  return shared.embedded(answer.embeddings.map((item) => item.values));
}

async function count(task) {
  const answer = await client(task).models.countTokens({ model: task.model, contents: shared.QUESTION });
  return shared.counted(answer.totalTokens, answer.sdkHttpResponse.headers[shared.ESTIMATED] ?? null);
}

async function models(task) {
  const names = [];
  for await (const model of await client(task).models.list()) names.push(model.name);
  return shared.listed(names);
}

const model = async (task) => shared.listed([(await client(task).models.get({ model: task.model })).name]);

await shared.run({
  embed: (task) => embed(task, shared.TEXT),
  embed_several: (task) => embed(task, shared.TEXTS),
  embed_short: (task) => embed(task, shared.TEXT, { outputDimensionality: shared.DIMENSIONS }),
  count,
  list_models: models,
  get_model: model,
  get_no_model: model,
});
