// Make elements without ever reading text as markup.

/** Return a new element with *properties*, `class` and `data-`, `aria-` attributes, and children. */
export const element = (tag, properties = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === false) continue;
    if (name in made) made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
};

/** Return text that only screen readers tell. */
export const spoken = (text) => element("span", { class: "cb-sr" }, text);

/** Return a cell for a value that is missing: a dash to the eye, and in words what it means. */
export const gap = (meaning, name = "") =>
  element("td", { class: `${name} cb-gap`.trim() }, spoken(meaning));

/** Return a message with its `%name` places filled in. */
export const said = (message, values) =>
  message.replace(/%(\w+)/g, (place, name) => (name in values ? values[name] : place));
