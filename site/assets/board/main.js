// Bring a board to life: sort, search, choose, compare, export. Without it every row can be read.
import { readState, writeState } from "./address.js";
import { columnPicker } from "./columns.js";
import { comparison } from "./compare.js";
import { edges, emptiness } from "./edges.js";
import { exporter } from "./export.js";
import { config, file } from "./file.js";
import { filterPanel } from "./filters.js";
import { headers } from "./headers.js";
import { pager } from "./pager.js";
import { presets } from "./presets.js";
import { Rows } from "./rows.js";
import { Table } from "./table.js";
import { chosen, defaults } from "./view.js";

const tools = document.getElementById("cb-tools");

const start = (held) => {
  const rows = new Rows(config, held, document.documentElement.lang);
  const table = new Table(config, rows, document.getElementById("table"));
  const usual = defaults(table.hidden);
  const state = readState(usual, rows, { tools, most: config.mostCompared });
  const board = { config, rows, table, tools, state, usual };

  // The parts of the page that show the view and change it. Each is a function of what is in view.
  const all = [headers, presets, filterPanel, columnPicker, pager, comparison, exporter, emptiness];
  const parts = all.map((part) =>
    part(board, (change) => {
      Object.assign(state, "page" in change ? {} : { page: 1 }, change);
      update();
    }),
  );
  const update = () => {
    const view = chosen(rows, state);
    state.page = Math.min(state.page, table.pages(view));
    table.show(view, state);
    for (const show of parts) show(view);
    writeState(state, usual);
  };

  update();
  tools.hidden = false;
  edges();
  performance.mark("cb-ready");
  // What the first search and the first sort by words need is made ready while nobody waits.
  (globalThis.requestIdleCallback ?? setTimeout)(() => rows.prepare());
};

for (const button of tools.querySelectorAll("[aria-controls]")) {
  const panel = document.getElementById(button.getAttribute("aria-controls"));
  button.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    button.click();
    button.focus();
  });
}

const held = await file;
if (held) start(held);
