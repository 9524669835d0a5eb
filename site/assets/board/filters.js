// Filters, and a chip for each one that is in force.
import { element, spoken } from "./elements.js";

export const filterPanel = ({ config, rows, table, tools, state }, change) => {
  const panels = new Map();
  for (const fields of tools.querySelectorAll("[data-filter]")) {
    const name = fields.dataset.filter;
    panels.set(name, fields);
    fields.addEventListener("input", () => {
      const filters = new Map(state.filters);
      const filter = told(fields);
      if (filter) filters.set(name, filter);
      else filters.delete(name);
      change({ filters });
    });
  }

  const chips = tools.querySelector("#cb-chips");
  const button = tools.querySelector('[aria-controls="cb-filters"]');
  const find = tools.querySelector("#cb-find");
  const without = (name) => {
    const filters = new Map(state.filters);
    filters.delete(name);
    return filters;
  };
  const title = (name) => table.title(name);
  const chip = (action, ...content) => {
    const made = element("button", { type: "button", class: "cb-chip" }, ...content);
    made.addEventListener("click", () => {
      const place = [...chips.children].indexOf(made);
      action();
      (chips.children[Math.min(place, chips.children.length - 1)] ?? find).focus();
    });
    return made;
  };
  const removable = (text, remove) => {
    const cross = element("span", { "aria-hidden": "true" }, "×");
    return chip(remove, element("bdi", {}, text), " ", cross, spoken(config.words.remove));
  };

  return () => {
    for (const [name, fields] of panels) tell(fields, state.filters.get(name));
    const shown = [...state.filters].map(([name, filter]) =>
      removable(`${title(name)}: ${words(rows, name, filter)}`, () => change({ filters: without(name) })),
    );
    if (state.find) shown.push(removable(`“${state.find}”`, () => change({ find: "" })));
    if (shown.length) {
      shown.push(chip(() => change({ find: "", filters: new Map() }), config.words.clear));
    }
    chips.replaceChildren(...shown);
    chips.hidden = !shown.length;
    if (button) button.classList.toggle("cb-active", state.filters.size > 0);
  };
};

const boxesOf = (fields) => [...fields.querySelectorAll("[type=checkbox]")];
const endsOf = (fields) =>
  ["low", "high"].map((end) => fields.querySelector(`[data-end="${end}"]`));

/** Return the filter that the fields tell of; all values together are as good as none. */
const told = (fields) => {
  const boxes = boxesOf(fields);
  if (boxes.length) {
    const values = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    return values.size && values.size < boxes.length ? { values } : null;
  }
  const [low, high] = endsOf(fields).map((input) => input.value);
  return low || high ? { low, high } : null;
};

/** Make the fields tell of *filter*. What a reader has typed himself is left alone. */
const tell = (fields, filter) => {
  const boxes = boxesOf(fields);
  const all = boxes.length && boxes.every((box) => box.checked);
  for (const box of boxes) {
    if (filter || !all) box.checked = filter?.values.has(box.value) ?? false;
  }
  if (boxes.length) return;
  for (const input of endsOf(fields)) {
    const value = filter?.[input.dataset.end] ?? "";
    if (input.value !== value && input !== document.activeElement) input.value = value;
  }
};

const words = (rows, name, { values, low, high }) => {
  if (!values) return `${low || "…"} – ${high || "…"}`;
  const { missing } = rows.columns.get(name);
  return [...values].map((value) => (value ? rows.words(name, value) : missing)).join(", ");
};
