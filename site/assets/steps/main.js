// All steps of a model: filter, sort, open, and link to one. Without it there is a list.
import { element, said } from "../board/elements.js";
import { load } from "./load.js";
import { answerOf, numberOf, promptOf, signed, titleOf } from "./step.js";

const config = JSON.parse(document.getElementById("cb-steps").textContent);
const { words } = config;
const explorer = document.getElementById("cb-explorer");
const listed = document.getElementById("cb-listed");
const same = (one, other) => Math.abs(one - other) < 1e-6;

/** Return the steps with what the field does on each. */
const rowsOf = (file, field) =>
  file.steps.map((row, place) => {
    const [models, median, full] = field?.steps[row.step] ?? [0, null, 0];
    const known = typeof row.value === "number";
    const solved = known && config.best !== null && same(row.value, config.best);
    const others = models - (config.ranked ? 1 : 0);
    const solvers = full - (config.ranked && solved ? 1 : 0);
    return {
      ...row,
      place,
      title: config.titles[row.task] ?? titleOf(row.task),
      value: known ? row.value : null,
      apart: known && models > 1 ? row.value - median : null,
      rare: models ? Math.abs(Number(solved) - full / models) : 0,
      is: {
        behind: known && models > 1 && config.metrics[0].better * (row.value - median) < -1e-6,
        ahead: known && models > 1 && config.metrics[0].better * (row.value - median) > 1e-6,
        "alone-failed": known && !solved && others > 0 && solvers === others,
        "alone-solved": solved && others > 0 && solvers === 0,
        nobody: models > 0 && full === 0 && config.best !== null,
        everybody: models > 0 && full === models,
      },
    };
  });

const figure = (text) => {
  if (!text) return null;
  return text === "✓" || text === "✗" ? Number(text === "✓") : Number.parseFloat(text);
};

const columnsOf = (rows) => {
  const divisions = [...new Set(rows.flatMap((row) => Object.keys(row.groups ?? {})))];
  const group = (name, row) => {
    const value = row.groups?.[name];
    return value === undefined ? null : (config.groups[name]?.[value] ?? value);
  };
  return [
    { name: "task", title: words.task, of: (row) => row.title, order: (row) => row.place },
    ...config.metrics.map((metric, at) => ({
      name: `score-${at}`,
      title: metric.title,
      number: true,
      of: (row) => row.scores?.[at] ?? null,
      order: (row) => (at === 0 ? row.value : figure(row.scores?.[at])),
    })),
    ...(rows.some((row) => row.apart !== null)
      ? [
          {
            name: "apart",
            title: words.apart,
            number: true,
            of: (row) => (row.apart === null ? null : signed(row.apart, config.metrics[0])),
            order: (row) => row.apart,
          },
        ]
      : []),
    { name: "finish", title: words.finish, of: (row) => row.finish || null, filter: true },
    ...divisions.map((name) => ({
      name: `group-${name}`,
      title: config.divisions[name] ?? name,
      of: (row) => group(name, row),
      filter: true,
    })),
  ].map((column, place) => ({ order: column.of, ...column, place }));
};

/** Return the state that the address holds; what it does not know is ignored. */
const readState = (columns) => {
  const asked = new URLSearchParams(location.search);
  const state = { q: asked.get("q") ?? "", show: "all", sort: "", page: 1, chosen: new Map() };
  if (Object.hasOwn(words.shown, asked.get("show") ?? "")) state.show = asked.get("show");
  const sort = asked.get("sort") ?? "";
  if (columns.some((column) => column.name === sort.replace(/^-/, ""))) state.sort = sort;
  for (const column of columns)
    if (column.filter && asked.get(column.name)) state.chosen.set(column.name, asked.get(column.name));
  return state;
};

const writeState = (state, hash = location.hash) => {
  const told = new URLSearchParams();
  if (state.q) told.set("q", state.q);
  if (state.show !== "all") told.set("show", state.show);
  if (state.sort) told.set("sort", state.sort);
  for (const [name, value] of state.chosen) if (value) told.set(name, value);
  const query = told.toString();
  history.replaceState(null, "", `${location.pathname}${query ? `?${query}` : ""}${hash}`);
};

const viewOf = (rows, columns, state) => {
  const wanted = state.q.trim().toLowerCase();
  const held = (row) =>
    `${row.key}\n${row.title}\n${row.answer ?? ""}\n${row.reference ?? ""}`.toLowerCase();
  const view = rows.filter(
    (row) =>
      (state.show === "all" || row.is[state.show]) &&
      columns.every((column) => {
        const value = state.chosen.get(column.name);
        return !value || column.of(row) === value;
      }) &&
      (!wanted || held(row).includes(wanted)),
  );
  const column = columns.find(({ name }) => name === state.sort.replace(/^-/, ""));
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const down = state.sort.startsWith("-") ? -1 : 1;
  // What is missing comes last in both directions.
  const ordered = (one, other) => {
    const [left, right] = [column.order(one), column.order(other)];
    if (left === null || right === null) return (left === null) - (right === null);
    return down * (typeof left === "number" ? left - right : collator.compare(left, right));
  };
  // Among equals, where most others have it right and this one has not, or the other way round.
  const furthest = (one, other) =>
    Math.abs(other.apart ?? 0) - Math.abs(one.apart ?? 0) || other.rare - one.rare;
  return view.sort(
    (one, other) => (column ? ordered(one, other) : furthest(one, other)) || one.place - other.place,
  );
};

const start = (file, field) => {
  const sentences = file.said[document.documentElement.lang] ?? Object.values(file.said)[0] ?? [];
  const rows = rowsOf(file, field);
  const columns = columnsOf(rows);
  const state = readState(columns);
  const opened = new Set();
  const status = element("p", { role: "status", class: "cb-steps-count" });
  const body = element("tbody");
  const pager = element("nav", { class: "cb-pager", "aria-label": words.page.replace(/%\w+/g, "").trim() });

  const change = (changes) => {
    Object.assign(state, { page: 1 }, changes);
    update();
    writeState(state, "");
  };
  const { tools, show } = controls(rows, columns, state, change);
  const heads = columns.map((column) => header(column, state, change));
  const table = element(
    "table",
    { class: "cb-table cb-steps" },
    element("caption", { class: "cb-sr", id: "cb-steps-caption" }, document.querySelector("h1").textContent),
    element("thead", {}, element("tr", {}, ...heads.map(({ cell }) => cell))),
    body,
  );
  const region = element(
    "div",
    { class: "cb-scroll cb-steps-region", role: "region", tabIndex: 0, "aria-labelledby": "cb-steps-caption" },
    table,
  );

  const line = (row) => {
    const open = opened.has(row.key);
    const id = `d-${row.place}`;
    const button = element("button", { type: "button", "aria-expanded": String(open), "aria-controls": id, class: "cb-open" });
    button.append(
      element("bdi", {}, row.title),
      element("span", { class: "cb-steps-number" }, ` ${numberOf(row, words)}`),
    );
    const cells = columns.map((column, at) => {
      if (at === 0) return element("th", { scope: "row", title: row.task }, button);
      const value = column.of(row);
      const kind = column.number ? "cb-number" : "";
      if (value !== null) return element("td", { class: kind }, column.number ? value : element("bdi", {}, value));
      return element("td", { class: `${kind} cb-gap`.trim() }, element("span", { class: "cb-sr" }, words.none));
    });
    const made = element("tr", { id: `r-${row.place}` }, ...cells);
    const detail = element("tr", { id, class: "cb-steps-open" });
    detail.hidden = !open;
    const fill = () => {
      if (detail.firstChild) return;
      const place = element("div", { class: "cb-steps-body" });
      const links = element("p", { class: "cb-steps-links" });
      const slug = config.taskSlugs[row.task] ?? row.task;
      if (config.taskPages)
        links.append(element("a", { href: `${config.taskPages}${encodeURIComponent(slug)}/` }, words["of-task"]), " · ");
      if (config.compare)
        links.append(element("a", { href: `${config.compare}#${encoded(row.step)}` }, words.compare), " · ");
      links.append(element("a", { href: `#${encoded(row.key)}` }, words.link));
      const prompt = element("div", { class: "cb-steps-prompt" });
      const answer = element("div", { class: "cb-steps-answer" }, ...answerOf(config, row, sentences));
      place.append(links, element("div", { class: "cb-steps-halves" }, prompt, answer));
      detail.append(element("td", { colSpan: columns.length }, place));
      promptOf(config, row.step)
        .then((parts) => {
          prompt.append(...parts);
          prompt.hidden = !parts.length;
        })
        .catch(() => prompt.append(element("p", {}, words.failed)));
    };
    if (open) fill();
    button.addEventListener("click", () => {
      const now = !opened.has(row.key);
      if (now) opened.add(row.key);
      else opened.delete(row.key);
      button.setAttribute("aria-expanded", String(now));
      if (now) fill();
      detail.hidden = !now;
      writeState(state, now ? `#${encoded(row.key)}` : "");
    });
    return [made, detail];
  };

  const update = () => {
    const view = viewOf(rows, columns, state);
    const pages = Math.max(1, Math.ceil(view.length / config.pages));
    state.page = Math.min(state.page, pages);
    const from = (state.page - 1) * config.pages;
    body.replaceChildren(...view.slice(from, from + config.pages).flatMap(line));
    region.hidden = !view.length;
    status.textContent = view.length
      ? said(words.count, { shown: view.length, total: rows.length })
      : words.none;
    for (const { mark } of heads) mark();
    show(view.length === rows.length);
    turn(pager, state, pages, (page) => {
      Object.assign(state, { page });
      update();
      region.scrollTop = 0;
      region.focus();
    });
  };

  /** Open the step that the address names, on whatever page it is. */
  const linked = () => {
    const name = decoded(location.hash.slice(1));
    const row = name && rows.find(({ key }) => anchorOf(key) === name);
    if (!row) return;
    opened.add(row.key);
    let view = viewOf(rows, columns, state);
    if (!view.includes(row)) {
      Object.assign(state, { q: "", show: "all", chosen: new Map() });
      view = viewOf(rows, columns, state);
    }
    state.page = Math.floor(view.indexOf(row) / config.pages) + 1;
    update();
    const made = document.getElementById(`r-${row.place}`);
    made.querySelector("button").focus({ preventScroll: true });
    made.scrollIntoView({ block: "start" });
  };

  explorer.replaceChildren(tools, status, region, pager);
  explorer.setAttribute("aria-busy", "false");
  explorer.hidden = false;
  listed.remove();
  update();
  linked();
  addEventListener("hashchange", linked);
  performance.mark("cb-steps-ready");
};

const anchorOf = (key) => key.replace(/\s/g, "_");

const encoded = (key) => anchorOf(key).split("/").map(encodeURIComponent).join("/");

const decoded = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
};

const header = (column, state, change) => {
  const button = element("button", { type: "button", class: "cb-sort" }, column.title);
  const cell = element("th", { scope: "col", ...(column.number ? { "data-number": true } : {}) }, button);
  button.addEventListener("click", () => {
    const { name, number } = column;
    const turns = number ? [`${name}`, `-${name}`, ""] : [name, `-${name}`, ""];
    change({ sort: turns[(turns.indexOf(state.sort) + 1) % turns.length] });
  });
  const mark = () => {
    const here = state.sort.replace(/^-/, "") === column.name;
    if (here) cell.setAttribute("aria-sort", state.sort.startsWith("-") ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  };
  return { cell, mark };
};

/** Return the controls above the table, and what shows whether anything is chosen. */
const controls = (rows, columns, state, change) => {
  const tools = element("div", { class: "cb-steps-tools" });
  const field = (title, input) => tools.append(element("label", {}, element("span", {}, title), input));
  const search = element("input", { type: "search", value: state.q, autocomplete: "off", spellcheck: false });
  search.addEventListener("input", () => change({ q: search.value }));
  const shown = element("select");
  const kinds = Object.keys(words.shown).filter(
    (name) => name === "all" || name === state.show || rows.some((row) => row.is[name]),
  );
  for (const name of kinds) {
    const count = name === "all" ? rows.length : rows.filter((row) => row.is[name]).length;
    shown.append(new Option(`${words.shown[name]} (${count})`, name));
  }
  shown.value = state.show;
  shown.addEventListener("change", () => change({ show: shown.value }));
  field(words.show, shown);
  field(words.search, search);
  const selects = [];
  for (const column of columns.filter(({ filter }) => filter)) {
    const values = [...new Set(rows.map(column.of).filter((value) => value !== null))].sort();
    if (values.length < 2) continue;
    const select = element("select");
    select.append(new Option(words.any, ""), ...values.map((value) => new Option(value, value)));
    select.value = state.chosen.get(column.name) ?? "";
    select.addEventListener("change", () => {
      state.chosen.set(column.name, select.value);
      change({});
    });
    selects.push(select);
    field(column.title, select);
  }
  const clear = element("button", { type: "button", class: "cb-chip" }, words.clear);
  clear.addEventListener("click", () => {
    change({ q: "", show: "all", sort: "", chosen: new Map() });
    search.focus();
  });
  tools.append(clear);
  const show = (whole) => {
    clear.hidden = whole && !state.sort;
    shown.value = state.show;
    if (search.value !== state.q) search.value = state.q;
    if (!state.chosen.size) for (const select of selects) select.value = "";
  };
  return { tools, show };
};

const turn = (pager, state, pages, go) => {
  pager.hidden = pages < 2;
  const button = (title, page) => {
    const made = element("button", { type: "button", class: "cb-chip" }, title);
    made.disabled = page < 1 || page > pages;
    made.addEventListener("click", () => go(page));
    return made;
  };
  pager.replaceChildren(
    button(words.previous, state.page - 1),
    ` ${said(words.page, { number: state.page, pages })} `,
    button(words.next, state.page + 1),
  );
};

try {
  const [file, field] = await Promise.all([load(config.file), config.field ? load(config.field) : null]);
  start(file, field);
} catch (error) {
  explorer.hidden = false;
  explorer.setAttribute("aria-busy", "false");
  explorer.replaceChildren(element("p", { role: "alert" }, words.failed));
  throw error;
}
