// What a form comes to in plain words, said anew as somebody types. Each sentence names its fields; where the first of them
// is empty the other sentence stands, or none. The server says the same before any script does.
const list = document.querySelector("[data-summary]");
const form = list && document.getElementById(list.dataset.summary);

const said = (name) => {
  const found = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
  if (found[0]?.type === "checkbox") {
    const ticked = found.filter((box) => box.checked);
    return ticked.map((box) => box.closest("label").querySelector("b").textContent).join(", ");
  }
  if (found[0] instanceof HTMLSelectElement) return found[0].selectedOptions[0].textContent;
  return found[0]?.value.trim() ?? "";
};

const say = () => {
  for (const line of list.children) {
    const fields = line.dataset.fields.split(" ");
    const full = said(fields[0]) !== "";
    const text = full ? line.dataset.text : line.dataset.without;
    line.textContent = fields.reduce((whole, name) => whole.replace(`%(${name})s`, () => said(name)), text);
    line.hidden = text === "";
  }
};

if (form) {
  form.addEventListener("input", say);
  form.addEventListener("change", say);
  say();
}
