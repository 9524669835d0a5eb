// Up to four models picked in the table, and the bar that leads to their comparison.
import { element, said, spoken } from "./elements.js";
import { sideBySide } from "./sidebyside.js";

export const comparison = (board, change) => {
  const { config, rows, table, state } = board;
  const boxes = new WeakMap();
  const pick = (slug, on) => {
    const picked = state.picked.filter((other) => other !== slug);
    change({ picked: on ? [...picked, slug] : picked, page: state.page });
  };
  const box = (index) => {
    const row = table.row(index);
    if (!boxes.has(row)) {
      const label = said(config.words.pick, { model: rows.label(index) });
      const made = element("input", { type: "checkbox", "aria-label": label });
      made.addEventListener("change", () => pick(rows.held.slug[index], made.checked));
      row.prepend(element("td", { class: "cb-pick" }, made));
      boxes.set(row, made);
    }
    return boxes.get(row);
  };
  table.head.prepend(
    element("th", { scope: "col", class: "cb-pick" }, spoken(config.words.compare)),
  );

  const bar = pickedBar(board, pick, () => change({ picked: [], page: state.page }));
  const side = sideBySide(board);
  const first = firstTwo(board, change);
  return (view) => {
    first(view);
    const full = state.picked.length >= config.mostCompared;
    for (const index of table.onPage(view, state.page)) {
      const one = box(index);
      one.checked = state.picked.includes(rows.held.slug[index]);
      one.disabled = full && !one.checked;
    }
    bar();
    side();
  };
};

/** Return a function that offers to compare the two best models in view. */
const firstTwo = ({ rows, state }, change) => {
  let best = [];
  const ask = document.querySelector(".cb-ask");
  ask.addEventListener("click", () => {
    change({ picked: best.map((index) => rows.held.slug[index]), page: state.page });
    const section = document.getElementById("comparison");
    section.scrollIntoView();
    section.focus({ preventScroll: true });
  });
  return (view) => {
    best = view.slice(0, 2);
    ask.hidden = best.length < 2 || state.sort.column !== "rank" || state.sort.down;
  };
};

/** Return a function that shows the picked models in a bar at the foot of the window. */
const pickedBar = ({ config, rows, state }, pick, clear) => {
  const bar = document.getElementById("cb-picked");
  const { words } = config;
  const button = (action, ...content) => {
    const made = element("button", { type: "button", class: "cb-chip" }, ...content);
    made.addEventListener("click", () => {
      action();
      (bar.querySelector("button") ?? document.getElementById("table").closest(".cb-scroll")).focus();
    });
    return made;
  };
  return () => {
    bar.hidden = !state.picked.length;
    const chips = state.picked.map((slug) => {
      const name = element("bdi", {}, rows.held.name[rows.places.get(slug)]);
      const cross = element("span", { "aria-hidden": "true" }, "×");
      return button(() => pick(slug, false), name, " ", cross, spoken(words.unpick));
    });
    const counted = said(words.picked, { n: state.picked.length, most: config.mostCompared });
    const go =
      state.picked.length > 1
        ? element("a", { href: "#comparison", class: "cb-button cb-go" }, words.compare)
        : element("span", { class: "cb-none" }, words.another);
    bar.replaceChildren(
      element("span", { role: "status" }, counted),
      ...chips,
      button(clear, words.clear),
      go,
    );
  };
};
