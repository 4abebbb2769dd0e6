// Figures of a chart's column, under the pointer or by the arrow keys. Listens at the document, so that charts may come and go.
const tip = document.createElement("div");
tip.className = "tip";
tip.popover = "manual";
tip.setAttribute("role", "status");
document.body.append(tip);

const line = (row) => {
  const div = document.createElement("div");
  const [colour, label, value] = row.split("\t");
  if (value === undefined) {
    div.textContent = row;
    return div;
  }
  if (colour) {
    const dot = document.createElement("i");
    dot.className = colour;
    div.append(dot);
  }
  const figure = document.createElement("b");
  figure.textContent = value;
  div.append(label, figure);
  return div;
};

const show = (column, x, y) => {
  tip.replaceChildren(...column.dataset.tip.split("\n").map(line));
  if (!tip.matches(":popover-open")) tip.showPopover();
  const { offsetWidth: width, offsetHeight: height } = tip;
  const left = x + width + 24 > innerWidth ? x - width - 14 : x + 14;
  tip.style.left = `${Math.min(innerWidth - width - 8, Math.max(8, left))}px`;
  tip.style.top = `${Math.max(8, Math.min(innerHeight - height - 8, y - height / 2))}px`;
};

const hide = () => {
  if (tip.matches(":popover-open")) tip.hidePopover();
  for (const column of document.querySelectorAll(".col.on")) column.classList.remove("on");
};

const columnAt = (target) => (target instanceof Element ? target.closest("[data-chart] .col") : null);

document.addEventListener("pointermove", (event) => {
  const column = columnAt(event.target);
  if (column) show(column, event.clientX, event.clientY);
  else if (!document.activeElement?.matches("[data-chart]")) hide();
});
document.addEventListener("focusout", hide);
document.addEventListener("scroll", hide, { passive: true });
document.addEventListener("keydown", (event) => {
  const chart = event.target;
  if (!(chart instanceof Element) || !chart.matches("[data-chart]")) return;
  if (event.key === "Escape") hide();
  const columns = [...chart.querySelectorAll(".col")];
  const now = columns.findIndex((column) => column.classList.contains("on"));
  const next = { ArrowRight: now + 1, ArrowLeft: now < 0 ? columns.length - 1 : now - 1, Home: 0, End: columns.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  hide();
  const column = columns[(next + columns.length) % columns.length];
  column.classList.add("on");
  const place = column.getBoundingClientRect();
  show(column, place.right, place.top + place.height / 2);
});
