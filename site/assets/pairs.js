// A model against others, one a row: the columns and their order are those of parts.html.jinja.
import { element } from "./board/elements.js";

/** Return *value* with its sign, and with none where it prints as zero. */
export const signed = (value, decimals) => {
  const text = Math.abs(value).toFixed(decimals);
  return (Number(text) === 0 ? "" : value > 0 ? "+" : "−") + text;
};

/**
 * Return a table of rivals, each with `label`, `href`, `rank`, `score` and `pair` as `paired` gives
 * it, null where the two share no steps; *link* makes the text of tasks a link, or leaves it.
 */
export const pairTable = (rivals, { words, decimals, labelled, link = (text) => text }) => {
  const heads = [
    [words.model, false],
    [words.rank, true],
    [words.score, true],
    [words.difference, true],
    [words.interval, true],
    [words.tasks, true],
    [words.verdict, false],
  ];
  const head = element(
    "tr",
    {},
    ...heads.map(([title, number]) =>
      element("th", { scope: "col", ...(number ? { "data-number": true } : {}) }, title),
    ),
  );
  const cell = (...content) => element("td", {}, ...content);
  const rows = rivals.map((rival) => {
    const { pair } = rival;
    const name = element("a", { href: rival.href }, element("bdi", {}, rival.label));
    const counts = pair && pair.won !== null && `${pair.won} / ${pair.lost} / ${pair.tied}`;
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      cell(rival.rank),
      cell(rival.score),
      cell(pair ? element("b", {}, signed(pair.difference, decimals)) : words.unmeasured),
      cell(
        pair && pair.low !== null
          ? `${signed(pair.low, decimals)} … ${signed(pair.high, decimals)}`
          : words.unmeasured,
      ),
      cell(counts ? link(counts, rival) : words.unmeasured),
      element("td", { class: "cb-word" }, pair ? (pair.apart ? words.apart : words["not-apart"]) : words.unmeasured),
    );
  });
  const table = element("table", { class: "cb-table cb-pairs" }, element("thead", {}, head), element("tbody", {}, ...rows));
  return element("div", { class: "cb-scroll", role: "region", tabIndex: 0, "aria-labelledby": labelled }, table);
};
