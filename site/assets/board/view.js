// What is in view: the rows that match, in their order. Nothing here touches the page.
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

/**
 * Return by column which rows hold the best value in view, or come right below it and are not told
 * from it. Where all have the same value, none is best.
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
    const last = name === "score" ? top + rows.held.run[top] : -1;
    found.push({
      name,
      is: (index) => keys[index] === keys[top],
      level: (index) => index > top && index <= last,
    });
  }
  return found;
};
