// What pages need beyond the theme: code that can be copied, wide tables that the keyboard scrolls,
// links in the drawer.
import { button } from "./copy.js";
import "./search.js";

// Pages of models have their links once, as tabs: a phone's drawer shows the same.
const drawer = () => {
  const list = document.querySelector(".md-nav--primary > .md-nav__list:empty");
  for (const tab of list ? document.querySelectorAll(".md-tabs__link") : []) {
    const [item, link, title] = ["li", "a", "span"].map((tag) => document.createElement(tag));
    [item.className, link.className, title.className] = ["md-nav__item", "md-nav__link", "md-ellipsis"];
    link.href = tab.href;
    title.textContent = tab.textContent.trim();
    link.append(title);
    item.append(link);
    list.append(item);
  }
};

const start = () => {
  drawer();
  const { translations } = JSON.parse(document.getElementById("__config").textContent);
  const words = {
    copy: translations["clipboard.copy"],
    copyDone: translations["clipboard.copied"],
    copyMarked: translations["clipboard.copy"],
  };

  const said = document.createElement("span");
  said.className = "cb-sr";
  said.setAttribute("role", "status");

  for (const code of document.querySelectorAll("article .highlight > pre > code")) {
    const holder = code.closest(".highlight");
    holder.classList.add("cb-copied");
    holder.append(button(words, code, said));
    if (!said.isConnected) holder.after(said);
  }

  // The theme wraps tables once the page has been read.
  const reachable = () => {
    for (const region of document.querySelectorAll(".md-typeset__scrollwrap")) {
      if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
    }
  };
  if (document.readyState === "complete") reachable();
  else addEventListener("load", reachable);
  addEventListener("resize", reachable);
};

// What the theme says stands at the end of the page.
if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
else start();
