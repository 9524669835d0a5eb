// Sort and search a board where the browser runs scripts; without them every row is there to read.
(() => {
  "use strict";
  const table = document.querySelector("table[data-complete]");
  if (!table) return;

  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const words = table.dataset;
  const region = table.closest(".cb-scroll");
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });

  const cellText = (row, column) => {
    const cell = row.cells[column];
    if ("value" in cell.dataset) return cell.dataset.value;
    return cell.querySelector(".cb-none") ? null : cell.textContent.trim();
  };
  const value = (row, column, number) => {
    const text = cellText(row, column);
    return text !== null && number ? Number.parseFloat(text) : text;
  };

  const input = document.createElement("input");
  input.type = "search";
  input.autocomplete = "off";
  const label = document.createElement("label");
  label.append(words.search, " ", input);
  const status = document.createElement("output");
  const tools = document.createElement("div");
  tools.className = "cb-tools";
  tools.append(label, status);
  region.before(tools);

  const texts = rows.map((row) => row.textContent.toLowerCase());
  const search = () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    rows.forEach((row, index) => {
      row.hidden = !texts[index].includes(wanted);
      shown += row.hidden ? 0 : 1;
    });
    status.textContent = words.count.replace("%shown", shown).replace("%total", rows.length);
  };
  input.addEventListener("input", search);

  const sort = (header, column) => {
    const number = "number" in header.dataset;
    const usual = "descends" in header.dataset ? "descending" : "ascending";
    const other = usual === "ascending" ? "descending" : "ascending";
    const direction = header.getAttribute("aria-sort") === usual ? other : usual;
    const sign = direction === "ascending" ? 1 : -1;
    const keyed = rows.map((row) => [value(row, column, number), row]);
    keyed.sort(([left], [right]) => {
      // What is unknown comes last, whichever way.
      if (left === null || right === null) return (left === null) - (right === null);
      return sign * (number ? left - right : collator.compare(left, right));
    });
    body.append(...keyed.map(([, row]) => row));
    for (const one of table.tHead.rows[0].cells) one.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction);
    const said = direction === "ascending" ? words.ascending : words.descending;
    status.textContent = said.replace("%column", header.textContent.trim());
  };
  Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => sort(header, column));
  });
})();
