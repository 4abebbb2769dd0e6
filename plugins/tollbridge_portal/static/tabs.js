// Makes tabs of code samples, which without scripts open one at a time.
for (const [at, group] of [...document.querySelectorAll("[data-tabs]")].entries()) {
  const list = document.createElement("div");
  list.className = "tablist";
  list.setAttribute("role", "tablist");
  const tabs = [];
  const panels = [...group.querySelectorAll("details")].map((folded, number) => {
    const tab = document.createElement("button");
    const summary = folded.querySelector("summary");
    tab.type = "button";
    tab.textContent = summary.textContent;
    tab.id = `tab-${at}-${number}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", `panel-${at}-${number}`);
    tabs.push(tab);
    summary.remove();
    const panel = document.createElement("div");
    panel.className = "sample";
    panel.id = `panel-${at}-${number}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    panel.append(...folded.childNodes);
    folded.replaceWith(panel);
    return panel;
  });
  const choose = (chosen, focus) => {
    for (const [number, tab] of tabs.entries()) {
      tab.setAttribute("aria-selected", number === chosen);
      tab.tabIndex = number === chosen ? 0 : -1;
      panels[number].hidden = number !== chosen;
    }
    if (focus) tabs[chosen].focus();
    try { localStorage.setItem("tollbridge-sample", tabs[chosen].textContent); } catch { /* no storage, no memory */ }
  };
  for (const [number, tab] of tabs.entries()) {
    tab.addEventListener("click", () => choose(number, false));
    tab.addEventListener("keydown", (event) => {
      const next = { ArrowRight: number + 1, ArrowLeft: number - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      choose((next + tabs.length) % tabs.length, true);
    });
  }
  list.append(...tabs);
  group.prepend(list);
  let kept = "";
  try { kept = localStorage.getItem("tollbridge-sample") ?? ""; } catch { /* none */ }
  choose(Math.max(0, tabs.findIndex((tab) => tab.textContent === kept)), false);
}
