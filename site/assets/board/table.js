// The table itself: which rows stand in it, which columns are seen, what is marked in it.
import { drawRow } from "./cells.js";
import { spoken } from "./elements.js";
import { bests } from "./view.js";

export class Table {
  #body;
  #drawn;
  #shown;
  #marked = [];

  constructor(config, rows, table) {
    this.config = config;
    this.rows = rows;
    this.table = table;
    this.head = table.tHead.rows[0];
    this.hidden = new Set(
      [...this.head.cells].filter((cell) => cell.hidden).map((cell) => cell.dataset.column),
    );
    this.#body = table.tBodies[0];
    // The rows of the page itself are the first of the board.
    this.#drawn = [...this.#body.rows];
    this.#shown = this.#drawn.map((_, index) => index);
  }

  /** Return the header of a column. */
  header(name) {
    return this.head.querySelector(`[data-column="${name}"]`);
  }

  /** Return what a column is called. */
  title(name) {
    return this.header(name).querySelector(".cb-head").textContent.trim();
  }

  /** Return the row at *index*, drawn when it is first asked for. */
  row(index) {
    this.#drawn[index] ??= drawRow(this, index, this.hidden);
    return this.#drawn[index];
  }

  /** Return how many pages the rows in view make. */
  pages(view) {
    const size = this.config.rowsAPage;
    return size ? Math.max(1, Math.ceil(view.length / size)) : 1;
  }

  /** Return the part of the view that stands on a page. */
  onPage(view, page) {
    const size = this.config.rowsAPage;
    return size ? view.slice((page - 1) * size, page * size) : view;
  }

  /** Show a page of the view: its rows, and its best values. */
  show(view, state) {
    this.#showColumns(state.hidden);
    const here = this.onPage(view, state.page);
    if (here.length !== this.#shown.length || here.some((row, n) => row !== this.#shown[n])) {
      this.#body.replaceChildren(...here.map((index) => this.row(index)));
      this.#shown = here;
    }
    this.#markBests(here, bests(this.rows, view));
  }

  /** Show other columns than before: rows hold cells of the shown ones only, so all are redrawn. */
  #showColumns(hidden) {
    if (hidden.size === this.hidden.size && [...hidden].every((name) => this.hidden.has(name))) return;
    this.hidden = new Set(hidden);
    for (const name of this.rows.columns.keys()) this.header(name).hidden = hidden.has(name);
    this.#drawn = [];
    this.#shown = [];
    this.#marked = [];
  }

  /** Return the cell of a drawn row in a column that is shown. */
  cell(row, name) {
    const seen = [...this.rows.columns.keys()].filter((column) => !this.hidden.has(column));
    return row.cells[row.cells.length - seen.length + seen.indexOf(name)];
  }

  /** Mark the best values in view, and the rows that no test tells from the one with the best score. */
  #markBests(here, found) {
    for (const cell of this.#marked) {
      cell.classList.remove("cb-best", "cb-level");
      cell.querySelector(".cb-best-said").remove();
    }
    for (const row of this.#body.rows) row.classList.remove("cb-near");
    this.#marked = [];
    const mark = (index, name, look, words) => {
      if (this.hidden.has(name)) return;
      const cell = this.cell(this.row(index), name);
      const said = spoken(` ${words}`);
      said.classList.add("cb-best-said");
      cell.classList.add(look);
      cell.append(said);
      this.#marked.push(cell);
    };
    const { best, grouped } = this.config.words;
    for (const { name, is, level } of found) {
      for (const index of here.filter(is)) mark(index, name, "cb-best", best);
      for (const index of here.filter(level)) mark(index, name, "cb-level", grouped);
      if (name !== "score") continue;
      for (const index of here) this.row(index).classList.toggle("cb-near", is(index) || level(index));
    }
  }
}
