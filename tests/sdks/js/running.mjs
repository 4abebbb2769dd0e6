// What the runners of the JavaScript SDKs share; py/running.py says the same in Python.
import { Console } from "node:console";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

// Standard output is for what came; what an SDK has to say goes elsewhere.
globalThis.console = new Console(process.stderr);

/** Loads a package from the folder where the SDKs are installed. */
export const need = createRequire(join(process.env.TOLLBRIDGE_NODE_SDKS, "package.json"));

export const QUESTION = "What is the weather in Paris?";
export const TOOL = "get_weather";
export const TOOL_TEXT = "Tells the weather of a city.";
export const TOOL_SCHEMA = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
export const TOOL_RESULT = "sunny-4711";
export const ANSWER_NAME = "forecast";
export const ANSWER_SCHEMA = {
  type: "object",
  properties: { chance_of_rain: { type: "string" } },
  required: ["chance_of_rain"],
  additionalProperties: false,
};
export const IMAGE =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const IMAGE_URL = `data:image/png;base64,${IMAGE}`;
export const MOST_TOKENS = 256;
export const SYSTEM = "You are a terse assistant.";
export const TEXT = "Ruby is a programmer's best friend";
export const TEXTS = ["Ruby", "Python", "JavaScript"];
export const DIMENSIONS = 512;
export const ESTIMATED = "x-tollbridge-estimated";
export const TIMEOUT_MS = 30_000;

const STOPS = {
  ...Object.fromEntries(["stop", "end_turn", "stop_sequence", "STOP", "completed"].map((word) => [word, "stop"])),
  ...Object.fromEntries(["length", "max_tokens", "MAX_TOKENS", "max_output_tokens"].map((word) => [word, "length"])),
  ...Object.fromEntries(["content_filter", "content-filter", "refusal", "SAFETY"].map((word) => [word, "filter"])),
};

/** Says what came; `calls` are pairs of a name and its arguments, as text or read; `tokens` input and output. */
export function result(text, calls, stop, tokens) {
  const read = (given) => (typeof given === "string" ? JSON.parse(given || "{}") : (given ?? {}));
  const found = calls.map(([name, given]) => ({ name, arguments: read(given) }));
  const usage = tokens ? { input: tokens[0], output: tokens[1] } : null;
  return { text: text ?? "", tool_calls: found, stop: found.length ? "tools" : (STOPS[stop] ?? stop ?? ""), usage };
}

/** Says what embeddings came, each as the bytes of 32-bit floats; `usage` where the SDK has a place for it. */
export const embedded = (vectors, usage = {}) => ({
  vectors: vectors.map((vector) => Buffer.from(new Float32Array(vector).buffer).toString("base64")),
  ...usage,
});

/** Gives the floats that base64 holds. */
export function unpacked(text) {
  const bytes = Buffer.from(text, "base64");
  return Array.from({ length: bytes.length / 4 }, (_, place) => bytes.readFloatLE(4 * place));
}

/** Says what was counted, and what the header says of it. */
export const counted = (tokens, estimated) => ({ tokens, estimated });

/** Says which models there are, whatever their vendor puts before their names. */
export const listed = (names) => ({ models: names.map((name) => name.replace(/^models\//, "")).sort() });

/** Carries out tasks until standard input ends. */
export async function run(features) {
  for await (const line of createInterface({ input: process.stdin })) {
    const task = JSON.parse(line);
    let found;
    try {
      found = await features[task.do](task);
    } catch (error) {
      const status = error.status ?? error.statusCode ?? null;
      found = {
        error_class: error.constructor.name,
        status: Number.isInteger(status) ? status : null,
        message: String(error.message).slice(0, 500),
      };
    }
    process.stdout.write(`${JSON.stringify(found)}\n`);
  }
  process.exit(); // connections that are kept would delay the end
}
