// Draw a row of the board: the same elements that templates/site/board_table.html.jinja writes.
import { element, gap, spoken } from "./elements.js";

const SVG = "http://www.w3.org/2000/svg";

/** Return the row at *index* as an element, without the columns that are *hidden*. */
export const drawRow = (board, index, hidden) => {
  const row = element("tr");
  for (const column of board.rows.columns.values()) {
    if (hidden.has(column.name)) continue;
    row.append((DRAWN[column.kind] ?? drawPlain)(board, index, column));
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

const drawModel = ({ rows, config }, index) => {
  const { slug, organisation, name } = rows.held;
  const shown = element("bdi");
  if (organisation[index]) {
    const before = element("span", { class: "cb-org" }, `${organisation[index]}/`);
    shown.append(before, element("wbr"));
  }
  shown.append(name[index]);
  const link = element("a", { href: `${config.models}${slug[index]}/` }, shown);
  return element("th", { scope: "row", class: "cb-model" }, link);
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
  cell.append(drawBar(config.bar, score[index], low[index], high[index]));
  return cell;
};

const part = (tag, attributes) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

/** Draw where the ranks that stay open lie between the first and the last of *size*. */
const drawReach = (ranks, size) => {
  const [low, high = low] = ranks.split("–").map(Number);
  const at = (place) => `${((100 * place) / size).toFixed(2)}%`;
  const bar = part("svg", { class: "cb-bar cb-reach", "aria-hidden": "true", focusable: "false" });
  bar.append(part("line", { x1: at(low - 1), x2: at(high), y1: "50%", y2: "50%" }));
  return bar;
};

/** Draw how far a score reaches on the way from *start* to *end*, and the ends of its interval. */
const drawBar = ([start, end], score, low, high) => {
  const reach = (text) => {
    const share = end > start ? (Number.parseFloat(text) - start) / (end - start) : 0;
    return `${(100 * Math.min(Math.max(share, 0), 1)).toFixed(2)}%`;
  };
  const bar = part("svg", { class: "cb-bar", "aria-hidden": "true", focusable: "false" });
  bar.append(part("rect", { width: reach(score), height: "100%" }));
  if (low !== null) bar.append(part("line", { x1: reach(low), x2: reach(high), y1: "50%", y2: "50%" }));
  return bar;
};

const drawFindings = ({ rows, config }, index, column) => {
  const badges = rows.findings(index, "badges");
  if (!badges.length) return gap(config.words.unremarkable, "cb-findings");
  const link = element("a", { href: `${config.models}${rows.held.slug[index]}/#findings` });
  for (const code of badges) {
    const words = rows.words(column.name, code);
    link.append(element("span", { class: "cb-tag cb-warning" }, words), " ");
  }
  link.append(spoken(`(${rows.label(index)})`));
  return element("td", { class: "cb-findings" }, link);
};

const drawPlain = ({ rows }, index, { name, kind, missing }) => {
  const value = rows.held[name][index];
  const look = kind === "number" ? `cb-number cb-${name}` : `cb-${name}`;
  if (value === null) return gap(missing, look);
  return element("td", { class: look }, rows.words(name, value));
};

const DRAWN = { rank: drawRank, model: drawModel, score: drawScore, findings: drawFindings };
