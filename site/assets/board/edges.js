// Say where a strip or table goes on beyond its edge, and what to do where nothing is in view.
import { element } from "./elements.js";

/** Mark every frame whose content goes on beyond what is seen. */
export const edges = () => {
  const look = (scroller) => {
    const before = Math.abs(scroller.scrollLeft);
    const { classList } = scroller.closest(".cb-frame") ?? scroller;
    classList.toggle("cb-before", before > 1);
    classList.toggle("cb-more", scroller.scrollWidth - scroller.clientWidth - before > 1);
  };
  const sign = element("span", { class: "cb-edge", "aria-hidden": "true" }, "›");
  document.querySelector(".cb-frame").append(sign);
  const tabs = document.querySelector(".cb-boards ul");
  if (tabs) tabs.scrollLeft = tabs.querySelector("[aria-current]").offsetLeft - 32;
  const scrollers = [...document.querySelectorAll(".cb-board, .cb-boards ul, .cb-presets")];
  const watch = new ResizeObserver(() => scrollers.forEach(look));
  for (const scroller of scrollers) {
    scroller.addEventListener("scroll", () => look(scroller), { passive: true });
    watch.observe(scroller);
  }
  const table = document.getElementById("table");
  watch.observe(table);
};

/** Show in place of an empty table that nothing matches, with the one button that helps. */
export const emptiness = (board, change) => {
  const note = document.getElementById("cb-empty");
  const frame = document.querySelector(".cb-frame");
  note.querySelector("button").addEventListener("click", () => {
    change({ find: "", filters: new Map() });
    document.getElementById("cb-find").focus();
  });
  return (view) => {
    note.hidden = view.length > 0;
    frame.hidden = view.length === 0;
  };
};
