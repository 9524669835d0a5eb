// The state of a view in the page's address: only what differs from the board as it is at first.

const OURS = ["find", "sort", "page", "show", "hide", "cmp"];

/** Return the state that the address tells of; what it holds beyond that is left alone. */
export const readState = (usual, rows, { tools, most }) => {
  const asked = new URLSearchParams(location.search);
  const state = { ...usual, filters: new Map(), hidden: new Set(usual.hidden) };
  state.find = asked.get("find") ?? "";
  const sort = asked.get("sort") ?? "";
  const column = sort.replace(/^-/, "");
  if (rows.columns.has(column)) state.sort = { column, down: sort.startsWith("-") };
  state.page = Math.max(1, Number.parseInt(asked.get("page"), 10) || 1);
  for (const name of asked.getAll("show")) state.hidden.delete(name);
  for (const name of asked.getAll("hide")) {
    if (rows.columns.has(name) && name !== "model") state.hidden.add(name);
  }
  const picked = [...new Set(asked.getAll("cmp"))].filter((slug) => rows.places.has(slug));
  state.picked = picked.slice(0, most);
  for (const fields of tools.querySelectorAll("[data-filter]")) {
    const name = fields.dataset.filter;
    const filter = readFilter(asked.getAll(name), fields);
    if (filter) state.filters.set(name, filter);
  }
  return state;
};

const readFilter = (told, fields) => {
  const boxes = [...fields.querySelectorAll("[type=checkbox]")].map((box) => box.value);
  if (boxes.length) {
    const values = new Set(told.filter((value) => boxes.includes(value)));
    return values.size && values.size < boxes.length ? { values } : null;
  }
  const ends = /^([-+\d.e]*?)\.\.([-+\d.e]*)$/i.exec(told[0] ?? "");
  if (!ends) return null;
  const [low, high] = ["low", "high"].map((end, place) =>
    fitting(fields.querySelector(`[data-end="${end}"]`), ends[place + 1]),
  );
  return low || high ? { low, high } : null;
};

/** Return what *input* makes of *text*: a field for numbers or dates holds nothing else. */
const fitting = (input, text) => {
  input.value = text;
  return input.value;
};

/** Put *state* into the address, and into the links to the same page in other languages. */
export const writeState = (state, usual) => {
  const asked = new URLSearchParams(location.search);
  for (const name of OURS) asked.delete(name);
  for (const fields of document.querySelectorAll("[data-filter]")) asked.delete(fields.dataset.filter);
  if (state.find) asked.set("find", state.find);
  const { column, down } = state.sort;
  if (column !== usual.sort.column || down !== usual.sort.down) {
    asked.set("sort", (down ? "-" : "") + column);
  }
  for (const [name, { values, low, high }] of state.filters) {
    if (!values) asked.set(name, `${low}..${high}`);
    else for (const value of values) asked.append(name, value);
  }
  for (const name of usual.hidden) if (!state.hidden.has(name)) asked.append("show", name);
  for (const name of state.hidden) if (!usual.hidden.has(name)) asked.append("hide", name);
  for (const slug of state.picked) asked.append("cmp", slug);
  if (state.page > 1) asked.set("page", state.page);
  const query = String(asked) && `?${asked}`;
  if (query !== location.search) {
    history.replaceState(history.state, "", location.pathname + query + location.hash);
  }
  for (const link of document.querySelectorAll(".md-select__link[hreflang]")) {
    const [path] = link.getAttribute("href").split(/[?#]/);
    link.setAttribute("href", path + query);
  }
};
