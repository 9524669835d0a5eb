// Pages of a long board, in place of the numbered pages that the site has for browsers without us.
import { element, said } from "./elements.js";

export const pager = ({ config, table, state }, change) => {
  const nav = document.getElementById("cb-pages");
  if (!config.rowsAPage) return () => {};
  for (const other of document.querySelectorAll("article .cb-pager")) if (other !== nav) other.remove();

  const { words } = config;
  const region = table.table.closest(".cb-scroll");
  const go = (page) => {
    change({ page });
    region.scrollTop = 0;
  };
  const target = { first: () => 1, previous: () => state.page - 1, next: () => state.page + 1 };
  let last = 1;
  const buttons = ["first", "previous", "next", "last"].map((name) => {
    const button = element("button", { type: "button", class: "cb-button" }, words[name]);
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") !== "true") go(target[name]?.() ?? last);
    });
    return button;
  });
  const here = element("span", {});
  nav.append(buttons[0], buttons[1], here, buttons[2], buttons[3]);

  return (view) => {
    last = table.pages(view);
    nav.hidden = last === 1;
    const from = (state.page - 1) * config.rowsAPage;
    const to = Math.min(from + config.rowsAPage, view.length);
    here.textContent = said(words.pages, { from: from + 1, to, total: view.length });
    for (const [place, button] of buttons.entries()) {
      const ends = place < 2 ? state.page === 1 : state.page === last;
      button.setAttribute("aria-disabled", String(ends));
    }
  };
};
