// Boards and models in the site's search: found by any part of their names, exact ones first.
// The index is loaded when somebody goes to the search, and never before.

const MOST = 20;
const tree = new URL("../../", import.meta.url);
let index = null;

/** Return the names with their addresses, and each name as it is compared. */
const load = async () => {
  const answer = await fetch(new URL("search/names.json", tree));
  if (!answer.ok) throw new Error(`search/names.json: ${answer.status}`);
  const told = await answer.json();
  return told.map((one) => {
    const [name, path] =
      typeof one === "string" ? [one, `models/${one.replaceAll("/", "__")}/`] : one;
    return { name, path, compared: name.toLowerCase() };
  });
};

/** Return how well a name fits: 0 exactly, 1 but for its organisation, 2 from its start, 3 within. */
const fit = (compared, asked, words) => {
  const own = compared.slice(compared.indexOf("/") + 1);
  if (compared === asked) return 0;
  if (own === asked) return 1;
  if (own.startsWith(asked) || compared.startsWith(asked)) return 2;
  return words.every((word) => compared.includes(word)) ? 3 : Infinity;
};

/** Return the best of *names* for what is *asked*, the first of equals as the boards have them. */
export const found = (names, asked) => {
  const words = asked.toLowerCase().trim().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  return names
    .map((one) => [fit(one.compared, words.join(" "), words), one])
    .filter(([fits]) => fits < Infinity)
    .sort(([one], [other]) => one - other)
    .slice(0, MOST)
    .map(([, one]) => one);
};

const input = document.querySelector(".md-search__input");
const results = document.querySelector(".md-search-result");
if (input && results) {
  const list = document.createElement("ol");
  list.className = "md-search-result__list cb-found";
  list.hidden = true;
  // The theme writes into its first and its last child, whichever script comes first.
  results.firstElementChild.after(list);

  const show = async () => {
    index ??= load().catch(() => {
      index = null; // asked for again at the next key
      return [];
    });
    const asked = input.value;
    const names = await index;
    if (input.value !== asked) return;
    const links = found(names, asked).map(({ name, path }) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      const text = document.createElement("bdi");
      item.className = "md-search-result__item";
      link.className = "md-search-result__link";
      link.href = new URL(path, tree);
      text.textContent = name;
      link.append(text);
      item.append(link);
      return item;
    });
    list.replaceChildren(...links);
    list.hidden = !links.length;
  };
  input.addEventListener("focus", show);
  input.addEventListener("input", show);
  input.form.addEventListener("reset", () => setTimeout(show));
  // Somebody may have begun to type before this script was there.
  if (document.activeElement === input || input.value) show();
}
