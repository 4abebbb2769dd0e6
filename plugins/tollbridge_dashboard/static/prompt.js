// The editor of a prompt: variables in templates are marked as they are typed, rows are added, and a run shows that it runs.
const VARIABLE = /(\\*)\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

function names() {
  return new Set([...document.querySelectorAll("input[name=v_name]")].map((one) => one.value.trim()));
}

function mark(area) {
  const place = document.getElementById(area.dataset.template);
  const known = names();
  const parts = [];
  let at = 0;
  for (const found of area.value.matchAll(VARIABLE)) {
    const [whole, signs, name] = found;
    if (signs.length % 2) continue;
    parts.push(area.value.slice(at, found.index + signs.length));
    const chip = document.createElement("span");
    chip.className = known.has(name) ? "chip" : "chip unknown";
    chip.textContent = name;
    parts.push(chip);
    at = found.index + whole.length;
  }
  parts.push(area.value.slice(at));
  place.replaceChildren(...parts.filter((part) => part !== ""));
}

function markAll() {
  for (const area of document.querySelectorAll("[data-template]")) mark(area);
}

function renumber(row, at) {
  for (const part of row.querySelectorAll("[id], [for], [aria-describedby]")) {
    for (const name of ["id", "for", "aria-describedby"]) {
      const value = part.getAttribute(name);
      if (value) part.setAttribute(name, value.replace(/_\d+$/, `_${at}`));
    }
  }
}

function addRow(list, blank) {
  const row = blank.cloneNode(true);
  renumber(row, list.children.length);
  list.append(row);
  row.querySelector("input, textarea").focus();
}

for (const list of document.querySelectorAll("[data-rows]")) {
  const blank = list.lastElementChild; // without this script it is where a new one is written
  blank.remove();
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small";
  button.textContent = list.dataset.rows;
  button.addEventListener("click", () => addRow(list, blank));
  list.after(button);
}

for (const button of document.querySelectorAll("[data-busy]")) {
  button.form.addEventListener("submit", (event) => {
    if (event.submitter !== button) return;
    button.textContent = button.dataset.busy;
    button.setAttribute("aria-busy", "true");
  });
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-template]")) mark(event.target);
  if (event.target.matches("input[name=v_name]")) markAll();
});
markAll();
