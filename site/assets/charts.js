// What a drawing gains where scripts run: a card beside the point, families that can be put aside,
// and the picture as PNG. All of it is said by the table below as well.
const charts = document.querySelector(".cb-charts");
const card = document.createElement("div");
card.className = "cb-card";
card.hidden = true;
card.setAttribute("role", "status");
charts.append(card);

const rowsOf = (section) => {
  const heads = [...section.querySelectorAll(".cb-more thead th")].map((head) => head.textContent);
  const rows = new Map();
  for (const row of section.querySelectorAll(".cb-more tbody tr")) {
    const link = row.querySelector("a");
    const cells = [...row.cells].slice(1).map((cell, at) => `${heads[at + 1]}: ${cell.textContent}`);
    rows.set(link.href, [link.textContent, ...cells]);
  }
  return rows;
};

const place = (target) => {
  const at = target.getBoundingClientRect();
  const box = charts.getBoundingClientRect();
  const left = Math.min(at.left - box.left + 12, box.width - card.offsetWidth - 4);
  card.style.left = `${Math.max(left, 0)}px`;
  card.style.top = `${at.bottom - box.top + 8}px`;
};

const hide = () => {
  card.hidden = true;
};

for (const section of charts.querySelectorAll(".cb-chart:has(.cb-drawing)")) {
  const drawing = section.querySelector(".cb-drawing");
  let rows = null;

  // What only a reader who points at something needs is made ready then, not while the page loads.
  const prepare = () => {
    rows = rowsOf(section);
    // The card says more than the title that a browser would show over it.
    for (const title of drawing.querySelectorAll("a > title")) {
      title.parentElement.setAttribute("aria-label", title.textContent);
      title.remove();
    }
  };

  const show = (event) => {
    const link = event.target.closest("a");
    if (!link) return hide();
    if (!rows) prepare();
    const way = new URL(link.getAttribute("href"), document.baseURI).href;
    const told = rows.get(way) ?? [link.getAttribute("aria-label")];
    card.replaceChildren(
      ...told.map((text, at) => {
        const line = document.createElement(at ? "span" : "strong");
        line.dir = "auto";
        line.textContent = text;
        return line;
      }),
    );
    card.hidden = false;
    place(link.querySelector("path"));
  };
  drawing.addEventListener("pointerover", show);
  drawing.addEventListener("pointerleave", hide);

  // A finger first shows the card, and then follows the link.
  let touched = null;
  drawing.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.pointerType !== "touch" || touched === link) return;
    event.preventDefault();
    touched = link;
    show(event);
  });

  for (const item of section.querySelectorAll(".cb-legend li")) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "true");
    button.append(...item.childNodes);
    item.append(button);
    const number = item.dataset.family;
    const colour = number === "0" ? "var(--cb-chart-mark)" : `var(--cb-family-${number})`;
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") === "false";
      button.setAttribute("aria-pressed", String(shown));
      const marks = drawing.querySelectorAll(`a:has([fill="${colour}"]), line[stroke="${colour}"]`);
      for (const mark of marks) mark.classList.toggle("cb-aside", !shown);
    });
  }
}
addEventListener("keydown", (event) => {
  if (event.key === "Escape") hide();
});

const asPng = async (link) => {
  const text = await (await fetch(link.href)).text();
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = 2 * picture.naturalWidth;
  canvas.height = 2 * picture.naturalHeight;
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const saved = document.createElement("a");
  saved.href = URL.createObjectURL(blob);
  saved.download = link.download.replace(/svg$/, "png");
  saved.click();
  URL.revokeObjectURL(saved.href);
};

for (const link of charts.querySelectorAll("a[data-picture]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = charts.dataset.png;
  button.setAttribute("aria-label", link.textContent.replace(/SVG/, "PNG"));
  button.addEventListener("click", () => asPng(link));
  link.after(button);
}
