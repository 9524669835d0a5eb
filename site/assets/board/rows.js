// The rows of a board, held column by column, and the keys by which they are sorted and found.
import { said } from "./elements.js";

const NUMBERS = new Set(["score", "number"]);

export class Rows {
  #keys = new Map();
  #collator;
  #texts = null;

  constructor(config, { codes, columns, repeated }, language) {
    this.columns = new Map(config.columns.map((column) => [column.name, column]));
    this.size = columns.slug.length;
    this.codes = codes;
    this.held = columns;
    for (const [name, { values, rows }] of Object.entries(repeated)) {
      columns[name] = rows.map((place) => (place === null ? null : values[place]));
    }
    this.values = config.values;
    this.#collator = new Intl.Collator(language, { numeric: true });
    this.places = new Map(columns.slug.map((slug, index) => [slug, index]));
  }

  label(index) {
    const organisation = this.held.organisation[index];
    return (organisation ? `${organisation}/` : "") + this.held.name[index];
  }

  /** Return what a row holds in a column, as it is stored: a text, or null. */
  value(name, index) {
    return name === "model" ? this.label(index) : this.held[name][index];
  }

  /** Return the codes of a row's findings. */
  findings(index, name = "findings") {
    return this.held[name][index].map((number) => this.codes[number]);
  }

  /** Tell whether a row without steps has something to say of how sure its score is. */
  states(index) {
    return (this.held.error?.[index] ?? this.held.independent?.[index] ?? null) !== null;
  }

  /** Return the standard error that a row's file states, or what its items alone would tell. */
  stated(index, words) {
    const { error, method, independent } = this.held;
    if ((error?.[index] ?? null) === null) {
      const [low, high, items] = independent[index];
      return said(words.independent, { low, high, items });
    }
    return said(words.stated, { error: error[index], method: method[index] ?? words.unstated });
  }

  /** Return the words for a stored value. */
  words(name, value) {
    return this.values[name]?.[value] ?? value;
  }

  /** Return a number for every row by which the column is sorted; NaN where nothing is known. */
  keys(name) {
    if (!this.#keys.has(name)) this.#keys.set(name, this.#sortKeys(this.columns.get(name)));
    return this.#keys.get(name);
  }

  #sortKeys({ name, kind }) {
    if (kind === "rank") return Float64Array.from({ length: this.size }, (_, index) => index);
    if (kind === "findings") return Float64Array.from(this.held.findings, (codes) => codes.length);
    if (NUMBERS.has(kind)) return Float64Array.from(this.held[name], number);
    if (kind === "date") return Float64Array.from(this.held[name], (text) => Date.parse(text ?? ""));
    return this.#places(name);
  }

  /** Return the place of every row's words among all words of the column: compared only once. */
  #places(name) {
    const words = Array.from({ length: this.size }, (_, index) => {
      const value = this.value(name, index);
      return value === null ? null : this.words(name, value);
    });
    const distinct = [...new Set(words)].filter((word) => word !== null);
    distinct.sort(this.#collator.compare);
    const places = new Map(distinct.map((word, place) => [word, place]));
    return Float64Array.from(words, (word) => places.get(word) ?? NaN);
  }

  /** Work out everything that compares words, which takes longest. */
  prepare() {
    for (const { name, kind } of this.columns.values()) {
      if (kind === "model" || kind === "set") this.keys(name);
    }
    this.texts();
  }

  /** Return for every row the words by which the search finds it, in lower case. */
  texts() {
    this.#texts ??= Array.from({ length: this.size }, (_, index) => this.#text(index));
    return this.#texts;
  }

  #text(index) {
    const words = [this.label(index)];
    for (const { name, kind } of this.columns.values()) {
      const value = kind === "set" || kind === "date" ? this.held[name][index] : null;
      if (value !== null) words.push(value, this.words(name, value));
    }
    for (const code of this.findings(index)) words.push(code, this.words("findings", code));
    return words.join("\n").toLowerCase();
  }
}

/** Return the number of a printed figure, whatever its unit. */
export const number = (text) =>
  text === null ? NaN : Number.parseFloat(text.replace("−", "-"));
