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

  /** Mark the best values in view; with a best score also what is not told from it. */
  #markBests(here, found) {
    for (const cell of this.#marked) {
      cell.classList.remove("cb-best");
      cell.querySelector(".cb-best-said").remove();
    }
    this.#marked = [];
    for (const { name, is, level } of found.filter((one) => !this.hidden.has(one.name))) {
      for (const index of here.filter((row) => is(row) || level(row))) {
        const cell = this.cell(this.row(index), name);
        const { best, grouped } = this.config.words;
        const said = spoken(` ${is(index) ? best : grouped}`);
        said.classList.add("cb-best-said");
        cell.classList.add("cb-best");
        cell.append(said);
        this.#marked.push(cell);
      }
    }
  }
}
