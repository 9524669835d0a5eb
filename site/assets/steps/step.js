// One step as its page shows it. All that comes from files becomes text, never markup.
import { element, said } from "../board/elements.js";
import { apart } from "./difference.js";
import { load } from "./load.js";


/** Return a title in words from a task's id, as the build makes it. */
export const titleOf = (task) => {
  const words = task.replace(/[-_\s]+/g, " ").trim();
  return words ? words[0].toUpperCase() + words.slice(1) : task;
};

const code = (text, name) =>
  element("pre", { class: `cb-text no-copy ${name}`, tabIndex: 0, dir: "auto" }, element("samp", {}, text));

const strong = (text) => element("p", {}, element("strong", {}, text));

/** Return the lines between reference and answer; lines that face each other show what differs. */
const linesOf = (lines, sentences, words) => {
  const list = element("ul", { class: "cb-diff" });
  const pieces = facing(lines);
  for (const [at, [mark, text]] of lines.entries()) {
    const item = element("li", { class: `cb-diff-${mark}` });
    if (mark in words.marks) item.append(element("span", { class: "cb-diff-mark" }, words.marks[mark]), " ");
    const told = typeof text === "number" ? sentences[text] : text;
    if (["both", "reference", "answer"].includes(mark)) {
      const parts = (pieces.get(at) ?? [[told, false]]).map(([part, own]) =>
        own ? element("mark", {}, part) : part,
      );
      item.append(element("code", { dir: "ltr" }, ...parts));
    } else {
      item.append(element("bdi", {}, told));
    }
    list.append(item);
  }
  return list;
};

/** Return the pieces of lines of the reference that a line of the answer stands against. */
const facing = (lines) => {
  const pieces = new Map();
  let at = 0;
  while (at < lines.length) {
    const run = (mark) => {
      const from = at;
      while (at < lines.length && lines[at][0] === mark) at += 1;
      return [from, at - from];
    };
    const [first, many] = run("reference");
    const [second, more] = run("answer");
    for (let pair = 0; pair < Math.min(many, more); pair += 1) {
      const [one, other] = apart(lines[first + pair][1], lines[second + pair][1]);
      pieces.set(first + pair, one);
      pieces.set(second + pair, other);
    }
    if (!many && !more) at += 1;
  }
  return pieces;
};

/** Return the whole prompt of a step, the last message in sight; nothing where it is not known. */
export const promptOf = async (config, name) => {
  if (!config.prompts) return [];
  const { messages, steps } = await load(config.prompts);
  const asked = (steps[name] ?? []).map((place) => messages[place]);
  if (!asked.length) return [];
  const { words } = config;
  const told = asked.map(([role, text]) =>
    element("div", { class: "cb-message" }, element("p", { class: "cb-note" }, role), code(text, "cb-prompt")),
  );
  const last = told.pop();
  const more = told.length
    ? [
        element(
          "details",
          { class: "cb-more" },
          element("summary", {}, `${words.earlier} (${told.length})`),
          ...told,
        ),
      ]
    : [];
  return [strong(words.prompt), ...more, last];
};

/** Return what a model made of a step: what would have been right, what differs, the answer. */
export const answerOf = (config, row, sentences) => {
  const { words } = config;
  const parts = [];
  const scores = config.metrics
    .map((metric, at) => [metric.title, row.scores?.[at]])
    .filter(([, score]) => score !== null && score !== undefined)
    .map(([title, score]) => `${title} ${score}`);
  const note = element("p", { class: "cb-note" }, scores.join(" · "));
  if (row.finish) note.append(scores.length ? " · " : "", element("code", { dir: "ltr" }, row.finish));
  parts.push(note);
  if (row.error) parts.push(element("p", {}, element("bdi", {}, row.error)));
  if (row.anchor && config.episodes) {
    const link = element("a", { href: `${config.episodes}#${row.anchor}` }, words.screens);
    parts.push(element("p", {}, link));
  }
  if (row.lines?.length) parts.push(strong(words.lines), linesOf(row.lines, sentences, words));
  if (typeof row.reference === "string" && row.reference)
    parts.push(
      element("details", { class: "cb-more" }, element("summary", {}, words.reference), code(row.reference, "cb-reference")),
    );
  if (typeof row.answer === "string")
    parts.push(strong(words.wrote), row.answer ? code(row.answer, "cb-answer") : element("p", {}, words["nothing-written"]));
  return parts;
};

/** Return the name of a step in words: number, and trial where there are several. */
export const numberOf = (row, words) =>
  said(words.step, { number: row.number }) +
  (row.trial ? ` · ${said(words.trial, { number: row.trial })}` : "");

/** Return a printed difference with its sign, as the build prints it. */
export const signed = (value, { decimals }) => {
  const text = Math.abs(value).toFixed(decimals);
  return (Number(text) === 0 ? "" : value > 0 ? "+" : "−") + text;
};

