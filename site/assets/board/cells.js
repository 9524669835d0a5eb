// Draw a row of the board: the same elements that templates/site/board_table.html.jinja writes.
import { element, gap, said, spoken } from "./elements.js";

const SVG = "http://www.w3.org/2000/svg";

/** Return the row at *index* as an element, without the columns that are *hidden*. */
export const drawRow = (board, index, hidden) => {
  const row = element("tr");
  for (const column of board.rows.columns.values()) {
    if (hidden.has(column.name)) continue;
    row.append((DRAWN[column.name] ?? DRAWN[column.kind] ?? drawPlain)(board, index, column));
  }
  return row;
};

const drawRank = ({ rows, config }, index) => {
  const { rank, ranks } = rows.held;
  const cell = element("td", { class: "cb-rank" }, rank[index]);
  if (ranks[index]) cell.append(" ", element("small", {}, `(${ranks[index]})`));
  if (rank[index].endsWith("=")) cell.append(spoken(` ${config.words.tied}`));
  if (ranks[index] && rows.size > 1) cell.append(drawReach(ranks[index], rows.size));
  return cell;
};

// As site/table/rows.py has them: names with letters that run to the left are not taken apart.
const NOT_TO_CUT = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufeff]/;
const UNCUT = 24;
const TAIL = 10;

const drawName = (name) => {
  const signs = [...name];
  if (signs.length <= UNCUT || NOT_TO_CUT.test(name)) return [name];
  const head = element("span", { class: "cb-cut" }, signs.slice(0, -TAIL).join(""));
  return [head, signs.slice(-TAIL).join("")];
};

const drawModel = ({ rows, config }, index) => {
  const { slug, organisation, name } = rows.held;
  const shown = element("bdi");
  if (organisation[index]) {
    const before = element("span", { class: "cb-org" }, `${organisation[index]}/`);
    shown.append(before, element("wbr"));
  }
  const parts = drawName(name[index]);
  shown.append(element("span", { class: "cb-name" }, ...parts));
  const link = element("a", { href: `${config.models}${slug[index]}/` }, shown);
  if (parts.length > 1) link.title = rows.label(index);
  const cell = element("th", { scope: "row", class: "cb-model" }, link);
  if (rows.held.leader[index]) {
    cell.append(" ", element("small", { class: "cb-leads" }, config.words.leader));
  }
  return cell;
};

const drawScore = ({ rows, config }, index) => {
  const { score, low, high, measured } = rows.held;
  const cell = element("td", { class: "cb-score" }, element("b", {}, score[index]));
  if (low[index] !== null) {
    cell.append(" ", element("small", {}, `${low[index]}–${high[index]}`));
  } else if (rows.states(index)) {
    cell.append(" ", element("small", {}, rows.stated(index, config.words)));
  } else if (config.method && !measured[index]) {
    cell.append(" ", element("small", {}, config.words.unmeasured));
  }
  cell.append(drawWhisker(config.bar, score[index], low[index], high[index]));
  return cell;
};

const part = (tag, attributes) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

const drawing = (look) =>
  part("svg", { class: look, "aria-hidden": "true", focusable: "false" });

/** Draw where the ranks that stay open lie between the first and the last of *size*. */
const drawReach = (ranks, size) => {
  const [low, high = low] = ranks.split("–").map(Number);
  const at = (place) => `${((100 * place) / size).toFixed(2)}%`;
  const bar = drawing("cb-bar cb-reach");
  bar.append(part("line", { x1: at(low - 1), x2: at(high), y1: "50%", y2: "50%" }));
  return bar;
};

/** Draw where a score lies on the way from *start* to *end*, and between which ends. */
const drawWhisker = ([start, end], score, low, high) => {
  const at = (text) => {
    const share = end > start ? (Number.parseFloat(text) - start) / (end - start) : 0;
    const percent = 100 * Math.min(Math.max(share, 0), 1);
    return `${(Math.floor(10 * percent + 0.5) / 10).toFixed(1)}%`;
  };
  const drawn = drawing("cb-whisker");
  if (low !== null) drawn.append(part("line", { x1: at(low), x2: at(high), y1: "50%", y2: "50%" }));
  drawn.append(part("circle", { cx: at(score), cy: "50%", r: 4 }));
  return drawn;
};

const MOST_BADGES = 2;

const drawFindings = ({ rows, config }, index, column) => {
  const badges = rows.findings(index, "badges").map((code) => rows.words(column.name, code));
  if (!badges.length) return gap(config.words.unremarkable, "cb-findings");
  const link = element("a", { href: `${config.models}${rows.held.slug[index]}/#findings` });
  const tag = { class: "cb-tag cb-warning" };
  for (const words of badges.slice(0, MOST_BADGES)) link.append(element("span", tag, words), " ");
  const more = badges.slice(MOST_BADGES);
  if (more.length) link.append(element("span", { ...tag, "aria-hidden": "true" }, `+${more.length}`));
  for (const words of more) link.append(spoken(words), " ");
  link.append(spoken(`(${rows.label(index)})`));
  return element("td", { class: "cb-findings" }, link);
};

const drawBase = ({ rows, config }, index, { name, missing }) => {
  const value = rows.held[name][index];
  if (value === null) return gap(missing, "cb-number cb-base");
  const apart = rows.held.apart?.[index] ?? null;
  const cell = element("td", { class: `cb-number cb-base${apart ? " cb-apart" : ""}` }, value);
  if (apart === false) cell.append(spoken(` ${config.words.chance}`));
  return cell;
};

const drawParameters = ({ rows, config }, index, { name, missing }) => {
  const value = rows.held[name][index];
  if (value === null) return gap(missing, "cb-number cb-parameters");
  const cell = element("td", { class: "cb-number cb-parameters" }, value);
  const active = rows.held.active?.[index] ?? null;
  if (active !== null) {
    cell.append(" ", element("small", {}, said(config.words.active, { size: active })));
  }
  return cell;
};

const drawPlain = ({ rows }, index, { name, kind, missing }) => {
  const value = rows.held[name][index];
  const look = kind === "number" ? `cb-number cb-${name}` : `cb-${name}`;
  if (value === null) return gap(missing, look);
  return element("td", { class: look }, rows.words(name, value));
};

const DRAWN = {
  rank: drawRank,
  model: drawModel,
  score: drawScore,
  base: drawBase,
  parameters: drawParameters,
  findings: drawFindings,
};
