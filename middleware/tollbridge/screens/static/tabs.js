// Folded blocks become tabs: arrow keys, Home and End go through them, as the pattern of WAI-ARIA has it. The style sheet
// shows both states at the same place (`scripting: enabled`), so that nothing moves when this runs.
const KEPT = "tollbridge-tab";

const remembered = () => {
  try { return localStorage.getItem(KEPT) ?? ""; } catch { return ""; } // no storage, no memory
};

const remember = (title) => {
  try { localStorage.setItem(KEPT, title); } catch { /* no storage, no memory */ }
};

const opened = (folded, tab, id) => {
  const panel = document.createElement("div");
  panel.className = folded.className;
  panel.id = id;
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", tab.id);
  folded.querySelector("summary").remove();
  panel.append(...folded.childNodes);
  folded.replaceWith(panel);
  return panel;
};

const make = (group, at) => {
  const list = group.querySelector(".tablist");
  const tabs = [...list.children];
  list.setAttribute("role", "tablist");
  const panels = [...group.querySelectorAll("details")].map((folded, k) => {
    tabs[k].id = `tab-${at}-${k}`;
    tabs[k].setAttribute("role", "tab");
    tabs[k].setAttribute("aria-controls", `panel-${at}-${k}`);
    return opened(folded, tabs[k], `panel-${at}-${k}`);
  });
  const choose = (chosen) => {
    for (const [k, tab] of tabs.entries()) {
      tab.setAttribute("aria-selected", String(k === chosen));
      tab.tabIndex = k === chosen ? 0 : -1;
      panels[k].hidden = k !== chosen;
    }
  };
  const pick = (k) => {
    choose(k);
    remember(tabs[k].textContent);
  };
  for (const [k, tab] of tabs.entries()) tab.addEventListener("click", () => pick(k));
  list.addEventListener("keydown", (event) => {
    const k = tabs.indexOf(document.activeElement);
    const to = { ArrowRight: k + 1, ArrowLeft: k - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined || k < 0) return;
    event.preventDefault();
    const next = (to + tabs.length) % tabs.length;
    pick(next);
    tabs[next].focus();
  });
  choose(Math.max(0, tabs.findIndex((tab) => tab.textContent === remembered())));
};

if (matchMedia("(scripting: enabled)").matches) {
  for (const [at, group] of [...document.querySelectorAll("[data-tabs]")].entries()) make(group, at);
}
