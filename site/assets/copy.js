// Gives every piece of code in a section that asks for it a button that copies it.

for (const section of document.querySelectorAll("[data-copy]")) {
  const said = document.createElement("span");
  said.className = "cb-sr";
  said.setAttribute("role", "status");
  section.append(said);
  for (const holder of section.querySelectorAll(".cb-copied")) {
    holder.append(button(section.dataset, holder.querySelector("code"), said));
  }
}

export function button(words, code, said) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "cb-copy";
  made.textContent = words.copy;
  made.addEventListener("click", async () => {
    const done = await copied(code.textContent);
    if (!done) getSelection().selectAllChildren(code);
    said.textContent = made.textContent = done ? words.copyDone : words.copyMarked;
    setTimeout(() => {
      made.textContent = words.copy;
      said.textContent = "";
    }, 2000);
  });
  return made;
}

// The clipboard is refused without https, or where the reader says so.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
