// Keyboard: "/" goes to the search, "n" makes a token. Copy buttons, which only exist with scripts.
const typing = (target) => target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("search")?.focus();
  } else if (event.key === "n") {
    event.preventDefault();
    document.getElementById("new-token")?.click();
  }
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
