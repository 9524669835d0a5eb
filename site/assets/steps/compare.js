// Two to four models of a board: against each other, by group, task by task, answer beside answer.
import { element, said } from "../board/elements.js";
import { paired } from "../board/paired.js";
import { pairTable, signed } from "../pairs.js";
import { load } from "./load.js";
import { answerOf, promptOf } from "./step.js";

const MICROPOINTS = 1_000_000;
const config = JSON.parse(document.getElementById("cb-compare").textContent);
const { own, scale } = config;
const place = document.getElementById("cb-comparer");
const printed = (value) => value.toFixed(scale.decimals);

const start = ({ models, groups }) => {
  const bySlug = new Map(models.map((model, at) => [model.slug, { ...model, at }]));
  const byLabel = new Map(models.map((model) => [model.label, model.slug]));
  let picked = [...new Set(new URLSearchParams(location.search).getAll("m"))]
    .filter((slug) => bySlug.has(slug))
    .slice(0, config.most);
  let turn = 0;
  const result = element("div", { id: "cb-compared" });
  const pickers = element("div", { class: "cb-steps-tools" });
  const names = element("datalist", { id: "cb-names" });
  for (const model of models) names.append(element("option", { value: model.label }));

  const change = (chosen) => {
    picked = chosen.slice(0, config.most);
    const query = picked.map((slug) => `m=${encodeURIComponent(slug)}`).join("&");
    history.replaceState(null, "", `${location.pathname}${query ? `?${query}` : ""}`);
    show();
  };

  const picker = (slug, number) => {
    const input = element("input", { type: "search", autocomplete: "off", spellcheck: false, value: slug ? bySlug.get(slug).label : "" });
    input.setAttribute("list", "cb-names");
    input.setAttribute("placeholder", own.another);
    input.addEventListener("change", () => {
      const text = input.value.trim();
      const close = models.filter((model) => model.label.toLowerCase().includes(text.toLowerCase()));
      const found = byLabel.get(text) ?? (text && close.length ? close[0].slug : null);
      const chosen = [...picked];
      if (found && !chosen.includes(found)) chosen[number] = found;
      else if (!text) chosen.splice(number, 1);
      change(chosen.filter(Boolean));
      pickers.querySelectorAll("input")[number]?.focus();
    });
    return element("label", {}, element("span", {}, said(own.pick, { number: number + 1 })), input);
  };

  const show = async () => {
    const count = Math.min(config.most, Math.max(2, picked.length + 1));
    pickers.replaceChildren(...[...Array(count).keys()].map((number) => picker(picked[number], number)));
    document.getElementById("cb-best").hidden = picked.length > 1;
    if (picked.length < 2) {
      result.replaceChildren(element("p", { role: "status" }, own.none));
      return;
    }
    turn += 1;
    const mine = turn;
    const here = picked.map((slug) => bySlug.get(slug));
    const files = new Set(here.map(({ at }) => config.points[Math.floor(at / config.modelsAFile)]));
    const points = {};
    let steps = [];
    for (const file of await Promise.all([...files].map(load))) {
      steps = file.steps;
      Object.assign(points, file.points);
    }
    if (mine !== turn) return;
    result.replaceChildren(
      ...pairsPart(here, points, steps),
      ...tasksPart(here, points, steps),
      ...groupsPart(here, groups),
    );
    linked();
    performance.mark("cb-compared");
  };

  place.replaceChildren(pickers, names, result);
  show();
};

const nameOf = (model) => element("a", { href: `${config.pages}${model.slug}/` }, element("bdi", {}, model.label));

const pairsPart = ([first, ...others], points, steps) => {
  const rivals = others.map((other) => ({
    ...other,
    href: `${config.pages}${other.slug}/`,
    pair: paired(steps, points[first.slug], points[other.slug], config.test, scale.points, config.reach),
  }));
  const title = element("h2", { id: "pairs" }, said(own.against, { model: `${first.label} (${first.score})` }));
  return [title, pairTable(rivals, { words: own, decimals: scale.decimals, labelled: "pairs" })];
};

/** Return a task's score; where less is better, sums are brought the other way round. */
const figure = (sum, size) => {
  if (!size) return null;
  const share = sum / (size * MICROPOINTS);
  return scale.offset + Math.abs(scale.points) * (scale.points < 0 ? 1 - share : share);
};

/** Return every task with the scores of all, and A's difference from each other. */
const rowsOf = (here, points, steps) =>
  config.tasks.map((task, at) => {
    const sums = here.map((model) => points[model.slug][at]);
    const apart = sums.slice(1).map((sum) => sums[0] - sum);
    const shown = sums.map((sum) => figure(sum, steps[at]));
    return {
      ...task,
      at,
      shown,
      apart: apart.map((one) => (steps[at] ? (scale.points * one) / (steps[at] * MICROPOINTS) : 0)),
      gain: Math.min(...apart) / Math.max(steps[at], 1),
      is: { all: true, ahead: apart.every((one) => one > 0), behind: apart.every((one) => one < 0), level: apart.every((one) => one === 0) },
    };
  });

const tasksPart = (here, points, steps) => {
  const rows = rowsOf(here, points, steps);
  const [first] = here;
  const count = (name) => rows.filter((row) => row.is[name]).length;
  const state = { show: new URLSearchParams(location.search).get("show") ?? "all" };
  const choice = element("select");
  for (const name of ["all", "ahead", "behind", "level"]) {
    const title = said(own[name], { model: first.label });
    choice.append(new Option(`${title} (${count(name)})`, name));
  }
  choice.value = Object.hasOwn(rows[0]?.is ?? {}, state.show) ? state.show : "all";
  const body = element("tbody");
  const heads = [
    element("th", { scope: "col" }, own.task),
    ...here.map((model) => element("th", { scope: "col", "data-number": true }, element("bdi", {}, model.label))),
    ...here.slice(1).map((other, at) =>
      element(
        "th",
        { scope: "col", "data-number": true },
        here.length === 2 ? own.difference : said(own.minus, { one: 1, other: at + 2 }),
      ),
    ),
  ];
  const table = element("table", { class: "cb-table cb-steps" }, element("thead", {}, element("tr", {}, ...heads)), body);
  const status = element("p", { role: "status", class: "cb-steps-count" });
  const update = () => {
    const view = rows
      .filter((row) => row.is[choice.value])
      .sort((one, other) => other.gain - one.gain || one.at - other.at);
    if (choice.value === "behind") view.reverse();
    body.replaceChildren(...view.flatMap((row) => taskRow(row, here, heads.length)));
    status.textContent = said(own.count, { shown: view.length, total: rows.length });
  };
  choice.addEventListener("change", update);
  update();
  return [
    element("h2", { id: "tasks" }, own.steps),
    element("div", { class: "cb-steps-tools" }, element("label", {}, element("span", {}, own.show), choice)),
    status,
    element("div", { class: "cb-scroll cb-steps-region", role: "region", tabIndex: 0, "aria-labelledby": "tasks" }, table),
  ];
};

const taskRow = (row, here, width) => {
  const id = `t-${row.at}`;
  const button = element("button", { type: "button", "aria-expanded": "false", "aria-controls": id, class: "cb-open" }, element("bdi", {}, row.title));
  const cells = row.shown.map((value) => element("td", { class: "cb-number" }, value === null ? "–" : printed(value)));
  const gaps = row.apart.map((value) =>
    element("td", { class: "cb-number" }, element("b", {}, signed(value, scale.decimals))),
  );
  const made = element("tr", { "data-task": row.task }, element("th", { scope: "row", title: row.task }, button), ...cells, ...gaps);
  const detail = element("tr", { id, class: "cb-steps-open" });
  detail.hidden = true;
  button.addEventListener("click", async () => {
    const now = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(now));
    detail.hidden = !now;
    if (now && !detail.firstChild) {
      const inside = element("div", { class: "cb-steps-body" });
      detail.append(element("td", { colSpan: width }, inside));
      await fill(inside, row, here);
    }
  });
  return [made, detail];
};

/** Show the steps of a task, each with what is asked and every model's answer side by side. */
const fill = async (inside, row, here) => {
  inside.setAttribute("aria-busy", "true");
  const link = element("a", { href: `${config.taskPages}${encodeURIComponent(row.slug)}/` }, config.words["of-task"]);
  try {
    const files = await Promise.all(here.map((model) => (model.file ? load(config.data + model.file) : null)));
    const numbers = new Map();
    for (const [at, file] of files.entries()) {
      for (const step of file?.steps ?? []) {
        if (step.task !== row.task) continue;
        if (!numbers.has(step.key)) numbers.set(step.key, []);
        numbers.get(step.key)[at] = step;
      }
    }
    const parts = [...numbers].map(([key, found]) => stepPart(key, found, here, files));
    inside.replaceChildren(element("p", { class: "cb-steps-links" }, link), ...(parts.length ? parts : [element("p", {}, own["no-steps"])]));
  } catch (error) {
    inside.replaceChildren(element("p", { role: "alert" }, own.failed));
    throw error;
  } finally {
    inside.removeAttribute("aria-busy");
  }
};

const stepPart = (key, found, here, files) => {
  const any = found.find(Boolean);
  const scores = here.map((model, at) => found[at]?.scores?.[0] ?? "–").join(" · ");
  const words = { ...config.words };
  const title = said(words.step, { number: any.number }) + (any.trial ? ` · ${said(words.trial, { number: any.trial })}` : "");
  const part = element("details", { class: "cb-step", "data-key": key }, element("summary", {}, element("b", {}, title), " ", element("span", {}, scores)));
  part.addEventListener("toggle", async () => {
    if (!part.open || part.dataset.filled) return;
    part.dataset.filled = "1";
    const prompt = element("div", { class: "cb-steps-prompt" });
    const columns = here.map((model, at) => {
      const row = found[at];
      const sentences = files[at]?.said[document.documentElement.lang] ?? [];
      return element(
        "section",
        {},
        element("h3", {}, nameOf(model)),
        ...(row ? answerOf({ ...config, episodes: null }, row, sentences) : [element("p", {}, own["no-steps"])]),
      );
    });
    part.append(prompt, element("div", { class: "cb-steps-halves" }, ...columns));
    if (here.some((model, at) => model.prompts && found[at])) prompt.append(...(await promptOf(config, any.step)));
  });
  return part;
};

const groupsPart = (here, groups) => {
  const known = groups.map((group, at) => ({ ...group, at })).filter(({ at }) => here.some((model) => model.groups[at] !== null));
  if (!known.length) return [];
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, own.group),
    element("th", { scope: "col", "data-number": true }, own.full),
    ...here.map((model) => element("th", { scope: "col", "data-number": true }, element("bdi", {}, model.label))),
    ...here.slice(1).map((other, at) =>
      element("th", { scope: "col", "data-number": true }, here.length === 2 ? own.difference : said(own.minus, { one: 1, other: at + 2 })),
    ),
  );
  const rows = known.map((group) => {
    const values = here.map((model) => model.groups[group.at]);
    const cell = (text) => element("td", { class: "cb-number" }, text);
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, `${group.division}: `, element("bdi", {}, group.group)),
      cell(String(group.steps)),
      ...values.map((value) => cell(value === null ? "–" : printed(value))),
      ...values.slice(1).map((value) =>
        cell(value === null || values[0] === null ? "–" : signed(values[0] - value, scale.decimals)),
      ),
    );
  });
  const table = element("table", { class: "cb-table" }, element("thead", {}, head), element("tbody", {}, ...rows));
  return [
    element("h2", { id: "groups" }, own.groups),
    element("div", { class: "cb-scroll", role: "region", tabIndex: 0, "aria-labelledby": "groups" }, table),
  ];
};

const anchorOf = (key) => key.replace(/\s/g, "_");

/** Open the task and step that the address names. */
const linked = async () => {
  let name = "";
  try {
    name = decodeURIComponent(location.hash.slice(1));
  } catch {
    return;
  }
  const row = [...document.querySelectorAll("#cb-compared tr[data-task]")].find(
    ({ dataset }) => [`${anchorOf(dataset.task)}/`, `${anchorOf(dataset.task)}.`].some((start) => name.startsWith(start)),
  );
  if (!row) return;
  const button = row.querySelector("button");
  if (button.getAttribute("aria-expanded") !== "true") button.click();
  button.focus({ preventScroll: true });
  row.scrollIntoView({ block: "start" });
  const detail = row.nextElementSibling;
  const open = () => {
    const part = [...detail.querySelectorAll("details.cb-step")].find(
      ({ dataset }) => [name, `${name}~1`].includes(anchorOf(dataset.key)),
    );
    if (part) part.open = true;
    return part;
  };
  if (!open()) new MutationObserver((_, observer) => open() && observer.disconnect()).observe(detail, { childList: true, subtree: true });
};

start(await load(config.models));
