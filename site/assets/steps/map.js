// The map of models and tasks: what a cell is, by pointer and by keys. The table beneath has it all.
import { element } from "../board/elements.js";

const CELL = 16;
const SVG = "http://www.w3.org/2000/svg";
const place = document.querySelector(".cb-heat-place");
const drawing = place.querySelector("svg");
const table = document.getElementById("cb-heat-table");
const status = element("p", { role: "status", class: "cb-heat-said" }, place.dataset.hint);
const cursor = document.createElementNS(SVG, "rect");
cursor.setAttribute("class", "cb-heat-cursor");
cursor.setAttribute("width", String(CELL - 1));
cursor.setAttribute("height", String(CELL - 1));
place.before(status);

const rows = table.tBodies[0].rows;
const heads = table.tHead.rows[0].cells;
let [x, y] = [0, 0];

const show = () => {
  cursor.setAttribute("x", String(x * CELL));
  cursor.setAttribute("y", String(y * CELL));
  drawing.append(cursor);
  const [model, score] = [rows[y].cells[0], rows[y].cells[x + 1]];
  const linked = (cell) => {
    const link = cell.querySelector("a");
    return element("a", { href: link.getAttribute("href") }, link.textContent);
  };
  const told = score.textContent.trim();
  status.replaceChildren(
    linked(model),
    " · ",
    linked(heads[x + 1]),
    ": ",
    element("b", {}, told === "–" ? place.dataset.none : told),
  );
};

drawing.addEventListener("pointermove", (event) => {
  const box = drawing.getBoundingClientRect();
  const column = Math.floor(((event.clientX - box.left) / box.width) * (heads.length - 1));
  const row = Math.floor(((event.clientY - box.top) / box.height) * rows.length);
  if (!rows[row] || column < 0 || column >= heads.length - 1 || (column === x && row === y && cursor.isConnected)) return;
  [x, y] = [column, row];
  show();
});

drawing.addEventListener("click", () => status.querySelector("a:last-of-type")?.focus());

place.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.key === "Enter" && cursor.isConnected) {
    location.assign(heads[x + 1].querySelector("a").href);
    return;
  }
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  const ends = { Home: [-x, 0], End: [heads.length - 2 - x, 0] }[event.key];
  const [right, down] = step ?? ends ?? [0, 0];
  if (!step && !ends) return;
  event.preventDefault();
  if (cursor.isConnected) {
    x = Math.min(Math.max(x + right, 0), heads.length - 2);
    y = Math.min(Math.max(y + down, 0), rows.length - 1);
  }
  show();
  cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
});
