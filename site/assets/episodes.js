// The page of episodes: filters, keys that go from screen to screen, and links to one of them.
// Without this script all of it is there, part by part.
const episodes = [...document.querySelectorAll("details.cb-episode")];
const parts = [...document.querySelectorAll(".cb-episode-part")];
const tools = document.querySelector(".cb-episode-tools");

const chosen = new Map();

const values = {
  end: (one) => one.closest(".cb-episode-part").dataset.end,
  good: (one) => one.dataset.good,
};
for (let number = 1; tools.hasAttribute(`data-division-${number}`); number += 1) {
  values[`division-${number}`] = (one) => one.getAttribute(`data-division-${number}`);
}

const none = document.createElement("p");
none.setAttribute("role", "status");

const filter = () => {
  let left = 0;
  for (const one of episodes) {
    one.hidden = [...chosen].some(([name, value]) => value && values[name](one) !== value);
    left += !one.hidden;
  }
  for (const part of parts) part.hidden = !part.querySelector("details.cb-episode:not([hidden])");
  none.textContent = left ? `${left} / ${episodes.length}` : tools.dataset.none;
};

for (const name of Object.keys(values)) {
  const found = [...new Set(episodes.map(values[name]))].filter(Boolean);
  if (found.length < 2) continue;
  const label = document.createElement("label");
  const select = document.createElement("select");
  const said = (value) =>
    name === "good" ? tools.dataset[value] : value;
  select.append(new Option(tools.dataset.any, ""));
  for (const value of found) select.append(new Option(said(value), value));
  select.addEventListener("change", () => {
    chosen.set(name, select.value);
    filter();
  });
  label.append(`${tools.getAttribute(`data-${name}`)} `, select);
  tools.append(label);
}
tools.append(none);
tools.hidden = false;

const go = (target) => {
  const episode = target.closest("details.cb-episode");
  if (!episode) return;
  episode.open = true;
  const place = target === episode ? episode.querySelector("summary") : target;
  place.focus({ preventScroll: true });
  target.scrollIntoView({ block: "start" });
  history.replaceState(null, "", `#${target.id}`);
};

const linked = () => {
  const name = decodeURIComponent(location.hash.slice(1));
  const target = name && document.getElementById(name);
  if (target) go(target);
};

// Right and left: the next and the last screen. Page texts that scroll keep their keys.
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const step = { ArrowRight: 1, ArrowLeft: -1, n: 1, p: -1 }[event.key];
  const focused = document.activeElement;
  const episode = focused?.closest("details.cb-episode");
  if (!step || !episode || focused.matches("select, input")) return;
  if (event.key.startsWith("Arrow")) {
    if (focused.matches("pre")) return;
    const shots = [...episode.querySelectorAll(".cb-shots > li")];
    const here = shots.indexOf(focused.closest(".cb-shots > li"));
    const target = shots[here + step] ?? (here + step < 0 ? episode : null);
    if (!target) return;
    event.preventDefault();
    go(target);
  } else {
    const shown = episodes.filter((one) => !one.hidden);
    const target = shown[shown.indexOf(episode) + step];
    if (!target) return;
    event.preventDefault();
    go(target);
  }
});

addEventListener("hashchange", linked);
linked();
