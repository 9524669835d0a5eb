// What readers mostly ask for, one press away: sizes, fine-tunes, base models, an organisation.

export const presets = ({ state }, change) => {
  const group = document.getElementById("cb-presets");
  if (!group) return () => {};
  const buttons = [...group.querySelectorAll("button")];
  const select = group.querySelector("select");
  const columns = new Set([...group.querySelectorAll("[data-preset]")].map((one) => one.dataset.preset));
  columns.delete("");

  const valuesOf = (button) => button.dataset.values.split(" ");
  const inForce = (button) => {
    const held = state.filters.get(button.dataset.preset)?.values;
    const values = valuesOf(button);
    return held?.size === values.length && values.every((value) => held.has(value));
  };
  const choose = (column, values) => {
    const filters = new Map(state.filters);
    if (values) filters.set(column, { values: new Set(values) });
    else filters.delete(column);
    change({ filters });
  };

  for (const button of buttons) {
    button.addEventListener("click", () => {
      const { preset } = button.dataset;
      if (preset) choose(preset, inForce(button) ? null : valuesOf(button));
      else change({ filters: new Map([...state.filters].filter(([name]) => !columns.has(name))) });
    });
  }
  select?.addEventListener("change", () => choose("organisation", select.value === "*" ? null : [select.value]));

  return () => {
    for (const button of buttons) {
      const on = button.dataset.preset ? inForce(button) : ![...columns].some((name) => state.filters.has(name));
      button.setAttribute("aria-pressed", String(on));
    }
    if (!select) return;
    const held = state.filters.get("organisation")?.values;
    select.value = held?.size === 1 ? [...held][0] : "*";
  };
};
