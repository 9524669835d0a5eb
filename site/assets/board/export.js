// What is in view, as a file: the rows that match, in their order, with the columns that are seen.
import { element } from "./elements.js";

const TYPES = { csv: "text/csv", json: "application/json", md: "text/markdown" };

export const exporter = ({ config, rows, table, tools, state }) => {
  let view = [];
  const written = {
    csv: (columns) => csv(fieldsOf(columns, config, rows), view),
    json: (columns) => json(fieldsOf(columns, config, rows), view, config.title),
    md: (columns) => markdown(columns, view, rows, table, config),
  };
  for (const button of tools.querySelectorAll("[data-form]")) {
    const { form } = button.dataset;
    button.addEventListener("click", () => {
      const seen = [...rows.columns.values()].filter(({ name }) => !state.hidden.has(name));
      save(`${config.name}.${form}`, written[form](seen), TYPES[form]);
    });
  }
  return (shown) => {
    view = shown;
  };
};

const save = (name, text, type) => {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  element("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
};

/** Return the fields that the columns have in a file: name, what they hold, whether a number. */
const fieldsOf = (columns, { method }, rows) => {
  const { held } = rows;
  const end = (place) => (index) => held.ranks[index]?.split("–").at(place) ?? null;
  const figure = (name) => (index) => held[name][index]?.replace(/[%B=]$/, "").replace("−", "-") ?? null;
  const measured = {
    rank: [
      ["rank_low", end(0), true],
      ["rank_high", end(-1), true],
    ],
    score: [
      ["score_low_95", figure("low"), true],
      ["score_high_95", figure("high"), true],
    ],
  };
  const stated = [
    ["score_standard_error_stated", figure("error"), true],
    ["score_standard_error_method", (index) => held.method[index], false],
  ];
  const plain = ({ name, kind, field }) => {
    if (kind === "findings") return [field, (index) => rows.findings(index), false];
    if (["rank", "score", "number"].includes(kind)) return [field, figure(name), true];
    return [field, (index) => rows.value(name, index), false];
  };
  return columns.flatMap((column) => [
    plain(column),
    ...(method ? (measured[column.kind] ?? []) : []),
    ...(held.error && column.kind === "score" ? stated : []),
  ]);
};

const json = (fields, view, title) => {
  const record = (index) =>
    Object.fromEntries(
      fields.map(([name, value, isNumber]) => {
        const held = value(index);
        return [name, isNumber && held !== null ? Number(held) : held];
      }),
    );
  return `${JSON.stringify({ title, rows: view.map(record) }, null, 2)}\n`;
};

const csv = (fields, view) => {
  const cell = (value, isNumber) => {
    let text = Array.isArray(value) ? value.join(", ") : (value ?? "");
    // A spreadsheet must not run a name as a formula.
    if (!isNumber && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [fields.map(([name]) => name).join(",")];
  for (const index of view) {
    lines.push(fields.map(([, value, isNumber]) => cell(value(index), isNumber)).join(","));
  }
  return `${lines.join("\n")}\n`;
};

const SIGNS = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;" };

const escaped = (text) =>
  text
    .replace(/\s+/g, " ")
    .replace(/[\\`*_{}[\]|~$]/g, "\\$&")
    .replace(/[&<>@]/g, (sign) => SIGNS[sign])
    .replace(/:(?=\/\/)/g, "\\:");

const markdown = (columns, view, rows, table, { title, words }) => {
  const right = ({ kind }) => ["rank", "score", "number"].includes(kind);
  const head = columns.map(({ name }) => escaped(table.title(name)));
  const cell = ({ name, kind }, index) => {
    const { ranks, low, high } = rows.held;
    const value = rows.value(name, index);
    if (kind === "findings") {
      return rows.findings(index).map((code) => rows.words(name, code)).join(", ");
    }
    if (value === null) return "–";
    if (kind === "rank" && ranks[index]) return `${value} (${ranks[index]})`;
    if (kind === "score" && low[index] !== null) return `${value} (${low[index]}–${high[index]})`;
    if (kind === "score" && rows.states(index)) return `${value} (${rows.stated(index, words)})`;
    return rows.words(name, value);
  };
  const lines = [
    `## ${escaped(title)}`,
    "",
    `| ${head.join(" | ")} |`,
    `|${columns.map((column) => (right(column) ? " --: |" : " --- |")).join("")}`,
    ...view.map((index) => `| ${columns.map((column) => escaped(cell(column, index))).join(" | ")} |`),
  ];
  return `${lines.join("\n")}\n`;
};
