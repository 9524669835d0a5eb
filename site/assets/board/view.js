// What is in view: the rows that match, in their order. Nothing here touches the page.
import { number } from "./rows.js";

/** Return the state of a board that nobody has changed yet. */
export const defaults = (hidden) => ({
  find: "",
  sort: { column: "rank", down: false },
  filters: new Map(),
  hidden: new Set(hidden),
  page: 1,
  picked: [],
});

/** Return the indices of the rows in view. */
export const chosen = (rows, { find, filters, sort }) => {
  const tests = [...filters].map(([name, filter]) => test(rows, name, filter));
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length) {
    const texts = rows.texts();
    tests.push((index) => words.every((word) => texts[index].includes(word)));
  }
  const view = [];
  for (let index = 0; index < rows.size; index += 1) {
    if (tests.every((passes) => passes(index))) view.push(index);
  }
  return sorted(view, rows.keys(sort.column), sort.down);
};

const test = (rows, name, { values, low, high }) => {
  if (!values) {
    const keys = rows.keys(name);
    const limit = (text, otherwise) => {
      if (!text) return otherwise;
      return /\d-\d+-/.test(text) ? Date.parse(text) : Number.parseFloat(text);
    };
    const [from, to] = [limit(low, -Infinity), limit(high, Infinity)];
    return (index) => keys[index] >= from && keys[index] <= to;
  }
  const held = rows.held[name];
  if (name !== "findings") return (index) => values.has(held[index] ?? "");
  return (index) =>
    held[index].length ? held[index].some((code) => values.has(rows.codes[code])) : values.has("");
};

/** Sort *view* by *keys*; equal rows stay in the board's order, and what is unknown comes last. */
const sorted = (view, keys, down) => {
  const sign = down ? -1 : 1;
  return view.sort((left, right) => {
    const [one, other] = [keys[left], keys[right]];
    if (one === other) return left - right;
    if (Number.isNaN(one) || Number.isNaN(other)) {
      return Number.isNaN(one) - Number.isNaN(other) || left - right;
    }
    return sign * (one - other);
  });
};

/** Return the rows in view at which a tie group begins, where they stand in the board's order. */
export const anchors = (rows, view, { column, down }) => {
  const found = new Set();
  const inOrder = column === "score" ? down === rows.columns.get("score").descends : !down;
  if (!["rank", "score"].includes(column) || !inOrder) return found;
  let last = Infinity;
  for (const index of view) {
    const group = number(rows.held.group[index]);
    if (Number.isNaN(group)) continue;
    if (group > last) found.add(index);
    last = last === Infinity ? group : Math.max(last, group);
  }
  return found;
};

/**
 * Return by column which rows hold the best value in view, or share a tie group with it. Where all
 * have the same value, none is best.
 */
export const bests = (rows, view) => {
  const found = [];
  for (const { name, best } of rows.columns.values()) {
    if (!best) continue;
    const keys = rows.keys(name);
    const known = view.filter((index) => !Number.isNaN(keys[index]));
    const sign = best === "high" ? 1 : -1;
    let top = known[0];
    for (const index of known) if (sign * keys[index] > sign * keys[top]) top = index;
    if (known.every((index) => keys[index] === keys[top])) continue;
    const group = name === "score" ? rows.held.group[top] : null;
    found.push({
      name,
      is: (index) => keys[index] === keys[top],
      level: (index) => group !== null && rows.held.group[index] === group,
    });
  }
  return found;
};
