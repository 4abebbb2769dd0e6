// Keeps Home fresh: asks for the same page every 15 seconds, not while hidden. The browser parses it as a document of its
// own (no markup is ever set from a string), and what is marked `data-live` takes the place of its namesake.
const EVERY_MS = 15000;
const live = document.querySelector("[data-live]");
let etag = "";

const busy = (part) => part.contains(document.activeElement) || document.querySelector(".tip:popover-open") !== null;

const replace = (fresh) => {
  const part = document.querySelector("[data-live]");
  const next = document.importNode(fresh.querySelector("[data-live]"), true);
  for (const open of part.querySelectorAll("details[open]")) {
    const same = open.id && next.querySelector(`#${open.id}`);
    if (same) same.open = true;
  }
  part.replaceWith(next);
};

const refresh = () => {
  if (document.hidden || busy(document.querySelector("[data-live]"))) return;
  const request = new XMLHttpRequest();
  request.open("GET", location.href);
  request.responseType = "document";
  request.timeout = EVERY_MS;
  if (etag) request.setRequestHeader("if-none-match", etag);
  const say = (stale) => { document.getElementById("stale").hidden = !stale; };
  request.addEventListener("error", () => say(true));
  request.addEventListener("timeout", () => say(true));
  request.addEventListener("load", () => {
    say(request.status >= 500);
    if (request.status === 401) location.reload();
    if (request.status === 200 && request.response?.querySelector("[data-live]")) {
      etag = request.getResponseHeader("etag") ?? "";
      replace(request.response);
    }
    const asOf = request.getResponseHeader("x-as-of");
    if (asOf && (request.status === 200 || request.status === 304)) document.getElementById("as-of").textContent = asOf;
  });
  request.send();
};

if (live) {
  setInterval(refresh, EVERY_MS);
  document.addEventListener("visibilitychange", refresh);
}

// The page of a new token waits for its first call.
const pill = document.querySelector("[data-wait]");
const look = async () => {
  if (document.hidden) return;
  const answer = await fetch(pill.dataset.wait).catch(() => null);
  if (!answer?.ok || !(await answer.json()).used) return;
  clearInterval(waiting);
  const done = pill.querySelector(".pill");
  done.className = "pill ok";
  done.textContent = pill.dataset.done;
};
const waiting = pill ? setInterval(look, 3000) : 0;
