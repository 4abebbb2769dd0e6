// Sends what is tried and shows the answer as it comes. Without this the form does the same with a page of its own.
const form = document.querySelector("[data-try]");
const result = document.getElementById("result");

// Words of an event: of a prompt API, of chat completions, of messages. What has none of these is shown as it came.
const words = (name, event) => {
  if (name === "delta") return event.text ?? "";
  return event.choices?.[0]?.delta?.content ?? event.delta?.text ?? "";
};

const show = (text, isStream) => {
  if (!isStream) {
    try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
  }
  let said = "";
  for (const block of text.split(/\r?\n\r?\n/)) {
    const data = block.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
    const name = /^event: *(\w+)/m.exec(block)?.[1] ?? "";
    if (name === "reset") said = "";
    try { said += words(name, JSON.parse(data)); } catch { /* the end, or half an event */ }
  }
  return said || text;
};

const put = (name, text) => { result.querySelector(`[data-${name}]`).textContent = text; };

const tone = (name) => { result.querySelector("[data-status]").className = `pill ${name}`; };

const mark = (errors) => {
  for (const place of form.querySelectorAll("[data-error]")) {
    place.textContent = errors[place.dataset.error] ?? "";
    place.hidden = !place.textContent;
  }
};

const send = async (event) => {
  event.preventDefault();
  const button = form.querySelector("button.primary");
  const began = performance.now();
  button.disabled = true;
  result.hidden = false;
  mark({});
  tone("info");
  put("status", form.dataset.waiting);
  put("facts", "");
  put("answer", "");
  try {
    const answer = await fetch(form.action.split("#")[0], {
      method: "POST",
      headers: { "x-portal-script": "1" },
      body: new URLSearchParams(new FormData(form)),
    });
    const tried = answer.headers.get("x-tried-status");
    if (!tried) {
      mark((await answer.json().catch(() => ({}))).errors ?? {});
      result.hidden = answer.status === 400;
      tone("bad");
      put("status", answer.status);
      return;
    }
    tone(Number(tried) < 400 ? "ok" : "bad");
    put("status", tried);
    const facts = [answer.headers.get("x-request-id")];
    const cost = answer.headers.get("x-tollbridge-cost-usd");
    if (cost) facts.push(`$${cost}`);
    const isStream = (answer.headers.get("content-type") ?? "").startsWith("text/event-stream");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (!text) facts.push(form.dataset.ms.replace("{ms}", Math.round(performance.now() - began)));
      text += part.value;
      put("answer", show(text, isStream));
      put("facts", facts.filter(Boolean).join(" · "));
    }
    facts.push(form.dataset.whole.replace("{ms}", Math.round(performance.now() - began)));
    put("facts", facts.filter(Boolean).join(" · "));
  } catch {
    tone("bad");
    put("status", form.dataset.failed);
  } finally {
    button.disabled = false;
  }
};

form?.addEventListener("submit", send);
