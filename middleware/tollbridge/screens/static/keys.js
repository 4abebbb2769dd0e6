// Keyboard: "/" or Ctrl K goes to the search, "n" makes something, "j" and "k" go through rows, "g" and a letter to a page,
// "?" lists all of it. Copy buttons, which only exist with scripts.
const typing = (target) => target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");

const search = () => document.getElementById("search")?.focus();
const step = (by) => {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
  const next = rows[Math.min(rows.length - 1, Math.max(0, rows.indexOf(document.activeElement) + by))];
  next?.focus();
};
let going = -Infinity; // never, also in the first second of a page
const does = {
  "/": search,
  n: () => document.querySelector("[data-new]")?.click(),
  j: () => step(1),
  k: () => step(-1),
  "?": () => document.getElementById("keys")?.showPopover(),
};

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k" && !event.isComposing) {
    event.preventDefault();
    search();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (event.timeStamp - going < 1500) {
    going = -Infinity;
    document.querySelector(`[data-go="${CSS.escape(event.key)}"]`)?.click();
    return;
  }
  if (event.key === "g") going = event.timeStamp;
  if (!does[event.key]) return;
  event.preventDefault();
  does[event.key]();
});

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue; // only there on https and on this machine
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
