// Headers that sort, the search field, and the line that says what is in view.
import { element, said } from "./elements.js";

export const headers = ({ config, rows, table, tools, state }, change) => {
  const buttons = new Map();
  for (const { name, descends } of rows.columns.values()) {
    const header = table.header(name);
    const button = element("button", { type: "button" }, ...header.childNodes);
    header.append(button);
    buttons.set(name, button);
    button.addEventListener("click", () => {
      const again = state.sort.column === name;
      change({ sort: { column: name, down: again ? !state.sort.down : descends } });
    });
  }

  const find = tools.querySelector("#cb-find");
  find.value = state.find;
  find.addEventListener("input", () => change({ find: find.value.trim() }));

  const status = tools.querySelector("#cb-status");
  const ordered = ({ column, down }) => {
    const words = down ? config.words.descending : config.words.ascending;
    return said(words, { column: buttons.get(column).textContent.trim() });
  };

  return (view) => {
    for (const [name, button] of buttons) {
      const header = button.parentElement;
      if (name !== state.sort.column) header.removeAttribute("aria-sort");
      else header.setAttribute("aria-sort", state.sort.down ? "descending" : "ascending");
    }
    if (find.value.trim() !== state.find) find.value = state.find;
    const counted = said(config.words.count, { shown: view.length, total: rows.size });
    const text = `${counted} · ${ordered(state.sort)}`;
    if (status.textContent !== text) status.textContent = text;
  };
};
