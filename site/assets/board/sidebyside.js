// The picked models side by side, and how each differs from the first, task by task.
import { element, gap, said, spoken } from "./elements.js";
import { paired } from "./paired.js";
import { bests } from "./view.js";

/** Return a function that tells the picked models side by side in a section below the table. */
export const sideBySide = (board) => {
  const section = document.getElementById("comparison");
  const { config, state } = board;
  let told = "";
  return () => {
    section.hidden = state.picked.length < 2;
    if (section.hidden || told === state.picked.join("\n")) return;
    told = state.picked.join("\n");
    const here = state.picked.map((slug) => board.rows.places.get(slug));
    const title = element("h2", { id: "comparison-title" }, config.words.comparison);
    const figures = element("tbody");
    const pairs = element("tbody");
    const table = element(
      "table",
      { class: "cb-table cb-compared" },
      element("caption", { class: "cb-sr" }, config.words.comparison),
      element("thead", {}, headOf(board, here)),
      figures,
      pairs,
    );
    const region = element(
      "div",
      { class: "cb-scroll", role: "region", tabIndex: 0, "aria-labelledby": "comparison-title" },
      table,
    );
    figures.append(...figureRows(board, here));
    section.replaceChildren(title, region);
    tellPairs(board, here, pairs, () => told === state.picked.join("\n"));
  };
};

const line = (name, cells) =>
  element("tr", {}, element("th", { scope: "row" }, name), ...cells);

const headOf = ({ config, rows }, here) => {
  const names = here.map((index) => {
    const link = element("a", { href: `${config.models}${rows.held.slug[index]}/` });
    link.append(element("bdi", {}, rows.label(index)));
    return element("th", { scope: "col" }, link);
  });
  return element("tr", {}, element("td"), ...names);
};

const figureRows = ({ config, rows, table }, here) => {
  const marks = new Map(bests(rows, here).map((best) => [best.name, best]));
  const shown = [...rows.columns.values()].filter(({ name }) => name !== "model");
  return shown.map((column) => {
    const cells = here.map((index) => {
      const told = figure({ config, rows }, column, index);
      if (told === null) return gap(column.missing);
      const cell = element("td", {}, told);
      if (marks.get(column.name)?.is(index)) {
        cell.classList.add("cb-best");
        cell.append(spoken(` ${config.words.leads}`));
      }
      return cell;
    });
    return line(table.title(column.name), cells);
  });
};

const figure = ({ config, rows }, { name, kind }, index) => {
  const { ranks, low, high } = rows.held;
  if (kind === "findings") {
    const codes = rows.findings(index);
    return codes.length ? codes.map((code) => rows.words(name, code)).join(", ") : null;
  }
  const value = rows.held[name][index];
  if (value === null) return null;
  if (kind === "rank" && ranks[index]) return `${value} (${ranks[index]})`;
  if (kind === "score" && low[index] !== null) return `${value} (${low[index]}–${high[index]})`;
  if (kind === "score" && rows.states(index)) return `${value} (${rows.stated(index, config.words)})`;
  return rows.words(name, value);
};

/** Tell how each model differs from the first, where nothing but the scores is known of any. */
const tellScores = ({ config, rows }, here, body) => {
  const { words, alone, scale } = config;
  const shown = here.map((index) => Number.parseFloat(rows.held.score[index]));
  const [low, high] = alone.span;
  const shares = shown.map((score) => (score - low) / (high - low));
  const variance = (share) => (share * (1 - share)) / alone.effective;
  const apart = (share) =>
    (share - shares[0]) ** 2 > alone.errors ** 2 * (variance(share) + variance(shares[0]));
  const row = (name, value) =>
    line(name, [gap(words.reference), ...here.slice(1).map((_, n) => element("td", {}, value(n + 1)))]);
  body.append(
    row(words.difference, (n) => signed(shown[n] - shown[0], scale.decimals)),
    row(words.alone, (n) => (apart(shares[n]) ? words.apart : words.level)),
  );
};

const signed = (value, decimals) => {
  const text = Math.abs(value).toFixed(decimals);
  return (Number(text) === 0 ? "" : value > 0 ? "+" : "−") + text;
};

/** Tell how each model differs from the first, where both have sums a task. */
const tellPairs = async ({ config, rows }, here, body, current) => {
  const { words } = config;
  const [first, ...others] = here;
  if (config.alone) tellScores({ config, rows }, here, body);
  if (!here.some((index) => rows.held.measured[index])) return;
  const points = new Map();
  let steps = [];
  for (const path of new Set(here.map((index) => fileOf(config, rows, index)).filter(Boolean))) {
    const file = await (await fetch(path)).json();
    steps = file.steps;
    for (const [slug, sums] of Object.entries(file.points)) points.set(slug, sums);
  }
  if (!current()) return;
  const of = (index) => points.get(rows.held.slug[index]);
  const found = others.map((index) =>
    of(first) && of(index)
      ? paired(steps, of(index), of(first), config.test, config.scale.points)
      : null,
  );
  const row = (name, value) =>
    line(name, [
      gap(words.reference),
      ...found.map((pair) => (pair ? element("td", {}, value(pair)) : gap(words.unmeasured))),
    ]);
  const printed = (value) => value.toFixed(config.scale.decimals);
  const title = said(words.against, { model: rows.label(first) });
  body.append(
    element("tr", {}, element("th", { colSpan: here.length + 1, scope: "rowgroup" }, title)),
    row(words.difference, (pair) => signed(pair.difference, config.scale.decimals)),
    row(words.error, (pair) => printed(pair.error)),
    row(words.tasks, (pair) => `${pair.won} / ${pair.lost} / ${pair.tied}`),
    row(words.verdict, (pair) => (pair.apart ? words.apart : words.level)),
  );
};

const fileOf = (config, rows, index) => {
  if (!rows.held.measured[index]) return null;
  let place = 0;
  for (let other = 0; other < index; other += 1) place += rows.held.measured[other];
  return config.points[Math.floor(place / config.modelsAFile)];
};
