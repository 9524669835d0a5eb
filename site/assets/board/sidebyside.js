// The picked models side by side, and how the first differs from the others, task by task.
import { pairTable } from "../pairs.js";
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
    const pairs = element("div");
    const table = element(
      "table",
      { class: "cb-table cb-compared" },
      element("caption", { class: "cb-sr" }, config.words.comparison),
      element("thead", {}, headOf(board, here)),
      figures,
    );
    const region = element(
      "div",
      { class: "cb-scroll", role: "region", tabIndex: 0, "aria-labelledby": "comparison-title" },
      table,
    );
    figures.append(...figureRows(board, here));
    section.replaceChildren(title, pairs, region);
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

/** Return how two models differ by their scores alone, and whether that is more than chance. */
const byScores = ({ alone }, one, other) => {
  const [low, high] = alone.span;
  const [left, right] = [one, other].map((score) => (score - low) / (high - low));
  const variance = (share) => (share * (1 - share)) / alone.effective;
  const apart = (left - right) ** 2 > alone.errors ** 2 * (variance(left) + variance(right));
  return { difference: one - other, low: null, high: null, won: null, apart };
};

/** Tell how the first model differs from each other one: by tasks, or else by scores alone. */
const tellPairs = async ({ config, rows }, here, place, current) => {
  const { words, alone } = config;
  const measured = here.some((index) => rows.held.measured[index]);
  if (!alone && !measured) return;
  const points = new Map();
  let steps = [];
  const wanted = measured ? here.map((index) => fileOf(config, rows, index)) : [];
  for (const path of new Set(wanted.filter(Boolean))) {
    const file = await (await fetch(path)).json();
    steps = file.steps;
    for (const [slug, sums] of Object.entries(file.points)) points.set(slug, sums);
  }
  if (!current()) return;
  const of = (index) => points.get(rows.held.slug[index]);
  const score = (index) => Number.parseFloat(rows.held.score[index]);
  const [first, ...others] = here;
  const pairOf = (index) => {
    if (of(first) && of(index))
      return paired(steps, of(first), of(index), config.test, config.scale.points, config.reach);
    return alone ? byScores(config, score(first), score(index)) : null;
  };
  const rivals = others.map((index) => ({
    label: rows.label(index),
    slug: rows.held.slug[index],
    href: `${config.models}${rows.held.slug[index]}/`,
    rank: rows.held.rank[index] ?? words.unmeasured,
    score: rows.held.score[index],
    pair: pairOf(index),
  }));
  const toTasks = (text, { slug }) =>
    config.compare
      ? element("a", { href: `${config.compare}?m=${rows.held.slug[first]}&m=${slug}` }, text)
      : text;
  const title = said(words.against, { model: rows.label(first) });
  place.replaceChildren(
    element("h3", { id: "pairs-title" }, title),
    ...(alone ? [element("p", { class: "cb-summary" }, words.alone)] : []),
    pairTable(rivals, {
      words: words.pairs,
      decimals: config.scale.decimals,
      labelled: "pairs-title",
      link: toTasks,
    }),
  );
};

const fileOf = (config, rows, index) => {
  if (!rows.held.measured[index]) return null;
  let place = 0;
  for (let other = 0; other < index; other += 1) place += rows.held.measured[other];
  return config.points[Math.floor(place / config.modelsAFile)];
};
