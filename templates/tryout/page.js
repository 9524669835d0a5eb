// What the page of `cardboard try` does. Whatever a model says becomes text, and nothing else.

const told = JSON.parse(document.getElementById("told").textContent);
const byId = (id) => document.getElementById(id);
const KEY = "cardboard-conversation";
const state = { conversation: null, blind: told.blind, hidden: told.blind, asking: false };
const shown = new Map(); // numbers of answers to what shows them
const questions = new Map();

function say(key, values = {}) {
  return told.words[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

function number(value, digits = 0) {
  const options = { maximumFractionDigits: digits, minimumFractionDigits: 0 };
  return value.toLocaleString(told.language, options);
}

function make(tag, { text, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  if (text !== undefined) element.textContent = text;
  element.append(...children.filter(Boolean));
  return element;
}

// --- Speaking with the server ---

class Trouble extends Error {}

async function post(path, body) {
  let response;
  try {
    response = await fetch(`/api/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": told.language },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Trouble(say("error.gone"));
  }
  if (response.ok) return response;
  const found = await response.json().catch(() => ({}));
  throw new Trouble(found.error || say("error.gone"));
}

// Who is quicker than the server waits here; what could not be opened is tried again.
let opening = null;
async function opened() {
  opening ??= begin();
  try {
    await opening;
  } catch (error) {
    opening = null;
    throw error;
  }
}

async function call(path, body = {}) {
  await opened();
  const response = await post(path, { conversation: state.conversation, ...body });
  return response.json();
}

async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) if (line) yield JSON.parse(line);
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    throw new Trouble(say("error.broken"));
  }
}

// --- What is shown ---

function status(text, fault = false) {
  const element = byId("status");
  element.textContent = text;
  element.classList.toggle("fault", fault);
}

function tally(judged) {
  const key = state.blind ? "counts-blind" : "counts";
  const any = Object.values(judged).some(Boolean);
  byId("tally").textContent = any ? say(key, judged) : "";
}

function busy(on) {
  state.asking = on;
  byId("send").hidden = on;
  byId("stop").hidden = !on;
  byId("clear").disabled = on;
  if (byId("reveal")) byId("reveal").disabled = on || !state.hidden;
  for (const one of document.querySelectorAll(".again")) one.disabled = on;
}

function empty() {
  const none = questions.size === 0;
  byId("empty").hidden = !none;
  byId("empty").querySelector("h2").textContent = say("empty");
  byId("empty").querySelector("p").textContent = say(state.blind ? "blind-empty" : "answered");
}

function settings() {
  const form = byId("settings");
  const chosen = {
    temperature: Number(form.temperature.value),
    top_p: Number(form.top_p.value),
    max_tokens: Number(form.max_tokens.value),
    system: form.system.value,
    seed: form.seed.value === "" ? null : Number(form.seed.value),
  };
  return form.turns ? { ...chosen, turns: Number(form.turns.value) } : chosen;
}

function figures(of) {
  const found = [];
  const add = (key, value, digits = 0) => {
    if (value !== null) found.push(say(`figure.${key}`, { value: number(value, digits) }));
  };
  add("tokens", of.tokens);
  add("first", of.first, 2);
  add("speed", of.speed, 1);
  add("prompt", of.prompt);
  if (of.cached) found.push(say("cached", { value: number(of.cached) }));
  const ends = { stop: "ended-stop", length: "ended-length", stopped: "ended-stopped" };
  if (of.finish) found.push(ends[of.finish] ? say(ends[of.finish]) : of.finish);
  return found.map((text) => make("span", { text }));
}

// What tells answers to one question apart; the rest is below.
function inShort(sent) {
  const names = ["temperature", "top_p", "seed"].filter((name) => name in sent);
  return names.map((name) => `${name} ${sent[name]}`).join(" · ");
}

function more(title, ...children) {
  return make("details", { class: "more" }, make("summary", { text: title }), ...children);
}

function promptOf(answer) {
  const place = make("pre", { tabindex: "0", "aria-label": say("prompt") });
  const element = more(say("prompt"), place);
  element.addEventListener("toggle", async () => {
    if (!element.open || place.textContent) return;
    try {
      place.textContent = (await call("prompt", { answer })).prompt ?? say("no-prompt");
    } catch (error) {
      place.textContent = error.message;
    }
  });
  return element;
}

function verdict(reply) {
  const judge = async (accepted, note) => {
    try {
      const now = await call("judge", { answer: reply.answer, accepted, note });
      tally(now.judged);
      draw({ ...now, question: reply.question });
      status("");
    } catch (error) {
      status(error.message, true);
    }
  };
  const button = (value, key, kind) =>
    make("button", {
      type: "button", class: kind, text: say(key), "aria-pressed": String(reply.accepted === value),
      "data-act": key,
      onclick: () => judge(reply.accepted === value ? null : value, note.value),
    });
  const note = make("input", {
    type: "text", class: "note", maxlength: "2000", "aria-label": say("note"),
    placeholder: say("note-hint"), "data-act": "note",
    onchange: () => judge(reply.accepted, note.value),
  });
  note.value = reply.note;
  note.hidden = reply.accepted === null;
  return [button(true, "accept", "yes"), button(false, "reject", "no"), note];
}

function draw(reply) {
  const place = shown.get(reply.answer);
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.act : null;
  const verdictWord = reply.accepted === true ? "accepted" : reply.accepted === false ? "rejected" : null;
  place.className = ["reply", verdictWord, reply.done ? null : "writing"].filter(Boolean).join(" ");
  const name = reply.side ? say(reply.side) : "";
  const head = make("h3", {},
    name && make("span", { text: name }),
    reply.model && (state.blind || !name) && make("bdi", { text: reply.model }),
    reply.sent && !state.blind && make("small", { text: inShort(reply.sent) }),
    verdictWord && make("span", { class: "badge", text: say(verdictWord) }));
  const said = make("div", { class: "said", dir: "auto", text: reply.text });
  if (reply.done && !reply.text && !reply.failed) said.textContent = say("no-text");
  const thought = make("div", { class: "thought", text: reply.thought ?? "" });
  const thoughts = more(say("thought"), thought);
  thoughts.hidden = !reply.thought;
  thoughts.open = !reply.done && Boolean(reply.thought);
  const parts = [head, thoughts, said];
  if (reply.failed) {
    const text = reply.error ? say("error", { error: reply.error }) : say("error.hidden-answer");
    parts.push(make("p", { class: "fault", text }));
  }
  if (reply.figures && reply.done) parts.push(make("p", { class: "figures" }, ...figures(reply.figures)));
  if (reply.done) {
    const acts = make("div", { class: "acts" });
    if (!reply.failed) acts.append(...verdict(reply));
    if (!state.blind) {
      acts.append(make("button", {
        type: "button", class: "again", text: say("again"), title: say("again-hint"),
        onclick: () => ask({ question: reply.question }),
      }));
    }
    parts.push(acts);
  }
  if (reply.sent && reply.done) {
    const sent = Object.entries(reply.sent).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
    const list = make("pre", { tabindex: "0", "aria-label": say("sent"), text: sent.join("\n") });
    parts.push(more(say("sent"), list), promptOf(reply.answer));
  }
  place.replaceChildren(...parts);
  place.said = said;
  place.thoughts = thoughts;
  place.thought = thought;
  if (focused) place.querySelector(`[data-act="${focused}"]`)?.focus();
}

function choices(question) {
  const prefer = async (preferred, note) => {
    try {
      const now = await call("prefer", { question: question.question, preferred, note });
      tally(now.judged);
      drawQuestion(now);
      status("");
    } catch (error) {
      status(error.message, true);
    }
  };
  const button = (value, key) =>
    make("button", {
      type: "button", class: "choice", text: say(key), "data-act": key,
      "aria-pressed": String(question.preferred === value), onclick: () => prefer(value, note.value),
    });
  const note = make("input", {
    type: "text", class: "note", maxlength: "2000", "aria-label": say("note"),
    placeholder: say("note-hint"), "data-act": "prefer-note",
    onchange: () => prefer(question.preferred, note.value),
  });
  note.value = question.note;
  note.hidden = question.preferred === null;
  return make("div", { class: "choose", role: "group", "aria-label": say("prefer") },
    make("strong", { text: say("prefer") }), button("a", "better-a"), button("b", "better-b"),
    button("tie", "tie"), note);
}

function drawQuestion(question) {
  let place = questions.get(question.question);
  if (!place) {
    place = make("li", { class: "question", "data-question": question.question },
      make("h2", { class: "sr", text: `${say("you")} ${question.question}` }),
      make("div", { class: "mine", dir: "auto" }), make("div", { class: "replies" }));
    questions.set(question.question, place);
    byId("questions").append(place);
  }
  place.querySelector(".mine").textContent = question.text;
  for (const reply of question.replies) addReply(question.question, reply);
  const focused = place.querySelector(".choose")?.contains(document.activeElement)
    ? document.activeElement.dataset.act : null;
  place.querySelector(".choose")?.remove();
  if (question.comparable) place.append(choices(question));
  else if (state.blind && question.preferred) {
    place.append(make("p", { class: "choose", text: say(`preferred-${question.preferred}`) }));
  }
  if (focused) place.querySelector(`[data-act="${focused}"]`)?.focus();
  empty();
}

function addReply(question, reply) {
  if (!shown.has(reply.answer)) {
    const place = make("article", { class: "reply" });
    shown.set(reply.answer, place);
    questions.get(question).querySelector(".replies").append(place);
  }
  draw({ ...reply, question });
}

function wait(question) {
  const place = questions.get(question)?.querySelector(".replies");
  if (place && !place.childElementCount) {
    place.append(make("p", { class: "label waiting", text: say("blind-waiting") }));
  }
}

function follow() {
  const list = narrow.matches ? document.scrollingElement : byId("questions");
  const away = list.scrollHeight - list.scrollTop - list.clientHeight;
  if (away < 160) list.scrollTop = list.scrollHeight;
}

function restore(found) {
  state.hidden = found.hidden;
  questions.clear();
  shown.clear();
  byId("questions").replaceChildren();
  for (const one of found.questions) drawQuestion(one);
  tally(found.judged);
  if (found.outcome) outcome(found);
  empty();
  busy(state.asking);
}

function outcome({ outcome: of, names: [first, second] }) {
  const decided = of.won + of.lost;
  const percent = (value) => number(100 * value);
  const values = {
    first, second, won: of.won, decided, tied: of.tied, share: percent(of.share ?? 0),
    low: percent(of.low), high: percent(of.high), p: number(of.p, 4),
  };
  const key = of.p < 0.05 ? "outcome.apart" : "outcome.alike";
  const text = decided ? `${say("outcome.counts", values)} ${say(key)}` : say("outcome.none", values);
  byId("outcome").querySelector("p").textContent = text;
  byId("outcome").hidden = false;
  byId("who").textContent = `${first} · ${second}`;
  byId("reveal").hidden = true;
}

// --- What people do ---

async function ask(what) {
  if (state.asking) return;
  if (!byId("settings").reportValidity()) return;
  busy(true);
  status(say("answering"));
  let done = false;
  let current = null;
  try {
    await opened();
    const body = { conversation: state.conversation, settings: settings(), ...what };
    for await (const event of events(await post("ask", body))) {
      if (event.event === "question") {
        current = event.question;
        if (what.text !== undefined) byId("question").value = "";
        questions.get(current)?.querySelector(".waiting")?.remove();
        drawQuestion(event);
        if (state.hidden && !event.replies.length) wait(current);
        questions.get(current).scrollIntoView({ block: "nearest" });
      } else if (event.event === "begun" || event.event === "answer") {
        addReply(event.question, event);
        follow();
      } else if (event.event === "text") {
        shown.get(event.answer).said.append(event.piece);
        follow();
      } else if (event.event === "thought") {
        const place = shown.get(event.answer);
        place.thoughts.hidden = false;
        place.thoughts.open = true;
        place.thought.append(event.piece);
        follow();
      } else if (event.event === "failed") {
        throw new Trouble(event.error);
      } else if (event.event === "end") {
        done = true;
      }
    }
    if (!done) throw new Trouble(say("error.broken"));
    status("");
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    status(error.message, true);
    questions.get(current)?.querySelector(".waiting")?.remove();
    for (const one of document.querySelectorAll(".writing")) one.classList.remove("writing");
  } finally {
    busy(false);
    if (what.text !== undefined) byId("question").focus();
  }
}

async function act(path, then) {
  try {
    then(await call(path));
    status("");
  } catch (error) {
    status(error.message, true);
  }
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("question").value;
  if (text.trim()) ask({ text });
});

byId("question").addEventListener("keydown", (event) => {
  // Enter also ends a Korean syllable that is being put together: that one is not for us.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("composer").requestSubmit();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.asking) byId("stop").click();
});

byId("stop").addEventListener("click", () => call("stop").catch(() => {}));

byId("clear").addEventListener("click", () =>
  act("clear", (found) => {
    restore(found);
    byId("question").focus();
  }).then(() => { if (!byId("status").textContent) status(say("cleared")); }));

byId("reveal")?.addEventListener("click", () => byId("sure").showModal());
byId("sure")?.addEventListener("close", () => {
  if (byId("sure").returnValue === "yes") act("reveal", restore);
});

for (const input of byId("settings").querySelectorAll("input[type=range]")) {
  const output = byId("settings").querySelector(`output[for=${input.id}]`);
  const show = () => { output.textContent = number(Number(input.value), 2); };
  input.addEventListener("input", show);
  show();
}
byId("settings").addEventListener("submit", (event) => event.preventDefault());

const narrow = matchMedia("(max-width: 50rem)");
const drawer = () => { byId("drawer").open = !narrow.matches; };
narrow.addEventListener("change", drawer);
byId("drawer").querySelector("summary").addEventListener("click", (event) => {
  if (!narrow.matches) event.preventDefault(); // there is room for them
});
drawer();

async function begin() {
  const kept = sessionStorage.getItem(KEY);
  if (kept) {
    try {
      const found = await (await post("state", { conversation: kept })).json();
      state.conversation = kept;
      restore(found);
      return;
    } catch {
      sessionStorage.removeItem(KEY); // of an earlier try
    }
  }
  const found = await (await post("open", { language: told.language })).json();
  state.conversation = found.conversation;
  sessionStorage.setItem(KEY, found.conversation);
  restore(found);
}

empty();
opened().catch((error) => status(error.message, true));
byId("question").focus();
