// Headers that sort, the search field, and the line that says what is in view.
import { element, said } from "./elements.js";

export const headers = ({ config, rows, table, tools, state }, change) => {
  const buttons = new Map();
  for (const { name, descends } of rows.columns.values()) {
    const header = table.header(name);
    const head = header.querySelector(".cb-head");
    const button = element("button", { type: "button" }, ...head.childNodes);
    head.append(button);
    buttons.set(name, button);
    button.addEventListener("click", () => {
      const again = state.sort.column === name;
      change({ sort: { column: name, down: again ? !state.sort.down : descends } });
    });
  }

  const find = tools.querySelector("#cb-find");
  find.value = state.find;
  find.addEventListener("input", () => change({ find: find.value.trim() }));

  const status = document.getElementById("cb-status");
  const ordered = ({ column, down }) => {
    const words = down ? config.words.descending : config.words.ascending;
    return said(words, { column: table.title(column) });
  };

  return (view) => {
    for (const [name, button] of buttons) {
      const header = button.closest("th");
      if (name !== state.sort.column) header.removeAttribute("aria-sort");
      else header.setAttribute("aria-sort", state.sort.down ? "descending" : "ascending");
    }
    if (find.value.trim() !== state.find) find.value = state.find;
    const counted = said(config.words.count, { shown: view.length, total: rows.size });
    const text = `${counted} · ${ordered(state.sort)}`;
    if (status.textContent !== text) status.textContent = text;
  };
};
