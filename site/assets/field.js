// A page of a model on a large board: what moves with every result comes from the board's file.
import { element, said, spoken } from "./board/elements.js";
import { signed } from "./pairs.js";

const EACH_SIDE = 2;
const [SLUG, NAME, RANK, RANKS, LEVEL, SCORE, BASE, RIVALS] = Array(8).keys();
const { models, slug, compare } = JSON.parse(document.getElementById("cb-field").textContent);

const link = (row) => element("a", { href: `${models}${row[SLUG]}/` }, element("bdi", {}, row[NAME]));

/** Return the rivals of the row *at*: as the file has them, or those around it and its base. */
const rivalsOf = ({ rows, decimals }, at) => {
  if (rows[at][RIVALS]) return rows[at][RIVALS];
  const places = new Set([...Array(2 * EACH_SIDE + 1).keys()].map((n) => at + n - EACH_SIDE));
  if (rows[at][BASE] !== null) places.add(rows[at][BASE]);
  return [...places]
    .filter((place) => place !== at && place in rows)
    .sort((one, other) => one - other)
    .map((place) => [place, signed(rows[at][SCORE] - rows[place][SCORE], decimals)]);
};

const table = (field, at, labelled, compared) => {
  const { rows, decimals, sign, words } = field;
  const rivals = rivalsOf(field, at);
  const tested = rivals.some((one) => (one[7] ?? null) !== null);
  const titles = ["model", "relation", "rank", "score", "difference"];
  if (tested) titles.push("interval", "tasks", "verdict");
  const word = (text) => element("td", { class: "cb-word" }, text);
  const cell = (...content) => element("td", {}, ...content);
  const body = rivals.map(([place, difference, low, high, won, lost, tied, apart]) => {
    const other = rows[place];
    const relation = place === rows[at][BASE] ? "base" : place < at ? "above" : "below";
    const counts = won === null ? words.unmeasured : `${won} / ${lost} / ${tied}`;
    const there = compared && `${compared}&m=${encodeURIComponent(other[SLUG])}`;
    const made = element(
      "tr",
      {},
      element("th", { scope: "row" }, link(other)),
      word(words[relation]),
      cell(other[RANK]),
      cell(`${other[SCORE].toFixed(decimals)}${sign}`),
      cell(element("b", {}, difference)),
    );
    if (tested) {
      made.append(
        cell(low === null ? words.unmeasured : `${low} … ${high}`),
        cell(won !== null && there ? element("a", { href: there }, counts) : counts),
        word(apart === null ? words.unmeasured : apart ? words.apart : words.level),
      );
    }
    return made;
  });
  const heads = titles.map((name) => element("th", { scope: "col" }, words[name]));
  return element(
    "div",
    { class: "cb-scroll", role: "region", tabIndex: 0, "aria-labelledby": labelled },
    element("table", { class: "cb-table cb-pairs" }, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...body)),
  );
};

/** Show *place*, with *content* if there is any. */
const show = (place, ...content) => {
  if (!place) return;
  if (content.length) place.replaceChildren(...content);
  place.hidden = false;
};

/** Add a column behind that of the value, unless no row has a median. */
const addMedians = ({ tHead, tBodies }, value, title, medianOf) => {
  const rows = [...tBodies[0].rows];
  const medians = rows.map(medianOf);
  if (!medians.some(Boolean)) return;
  tHead.rows[0].cells[value].after(element("th", {}, title));
  rows.forEach((row, at) => row.cells[value].after(element("td", {}, medians[at] ?? "")));
};

const fillMedians = (section, { figures, parts, tasks, words }) => {
  for (const table of section.querySelectorAll("table.cb-figures")) {
    const known = parts[table.dataset.division] ?? {};
    if (table.dataset.division) addMedians(table, 2, words["median-part"], (row) => known[row.dataset.part ?? row.cells[0].textContent]);
    else addMedians(table, 1, words.median, (row) => figures[row.dataset.figure]);
  }
  const list = section.querySelector("table[data-tasks]");
  const medians = list && tasks[list.dataset.tasks];
  if (!medians) return;
  list.tHead.rows[0].append(element("th", { scope: "col", "data-number": true }, words.median));
  medians.forEach((median, at) => list.tBodies[0].rows[at]?.append(element("td", {}, median ?? "–")));
};

const fillRank = (section, field, at, first) => {
  const { rows, ranked, words } = field;
  const row = rows[at];
  const place = (name) => section.querySelector(`[data-of=${name}]`);
  const range = row[RANKS] === null ? "" : ` (${row[RANKS]})`;
  const tied = row[RANK].endsWith("=") ? [spoken(` ${words.tied}`)] : [];
  show(place("rank"), element("b", {}, row[RANK]), ...tied, " ", element("small", {}, `/ ${ranked}${range}`));
  const level = row[LEVEL] ? said(words["level-with"], { n: row[LEVEL] }) : words["level-none"];
  if (row[LEVEL] !== null) show(place("level"), level);
  const rivals = place("rivals");
  rivals.append(table(field, at, `${section.dataset.anchor} ${rivals.firstElementChild.id}`, compare[section.dataset.anchor]));
  show(rivals);
  if (!first) return;
  const beside = document.querySelector("nav[data-of=beside]");
  const around = [["prev", at - 1, words.before, "‹ ", ""], ["next", at + 1, words.after, "", " ›"]];
  const mark = (text) => element("span", { "aria-hidden": "true" }, text);
  const links = around
    .filter(([, there]) => there in rows)
    .map(([rel, there, word, left, right]) => {
      const made = link(rows[there]);
      made.rel = rel;
      made.prepend(...(left ? [mark(left)] : []), spoken(`${word} `));
      if (right) made.append(mark(right));
      return element("li", {}, made);
    });
  if (links.length) show(beside, element("ul", {}, ...links));
};

const fill = async (section, first) => {
  const answer = await fetch(section.dataset.field);
  if (!answer.ok) return; // what lasts is there, and the way to the board
  const field = await answer.json();
  fillMedians(section, field);
  const at = field.rows.findIndex((row) => row[SLUG] === slug);
  if (at >= 0) fillRank(section, field, at, first);
  const other = section.querySelector("[data-of=else]");
  if (other) other.hidden = true;
};

document.querySelectorAll("section.cb-standing").forEach((section, number) => {
  if (section.dataset.field) fill(section, number === 0);
});
