// The overview's table, sorted by any of its heads; what has no value there comes last.
for (const table of document.querySelectorAll("table[data-cb-sortable]")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells].filter((head) => head.dataset.order);
  const first = [...body.rows];

  const compare = (name, down) => (one, other) => {
    const [a, b] = [one.dataset[name], other.dataset[name]];
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    const numbers = [Number(a), Number(b)];
    const less = numbers.some(Number.isNaN) ? a.localeCompare(b) : numbers[0] - numbers[1];
    return (down ? -less : less) || first.indexOf(one) - first.indexOf(other);
  };

  const sort = (head) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...[...body.rows].sort(compare(head.dataset.order, down)));
  };

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head));
    head.append(button);
  }
}
