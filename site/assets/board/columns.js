// The choice of columns.

export const columnPicker = ({ tools, state }, change) => {
  const boxes = [...tools.querySelectorAll("#cb-columns [type=checkbox]")];
  for (const box of boxes) {
    box.addEventListener("change", () => {
      const hidden = new Set(state.hidden);
      if (box.checked) hidden.delete(box.value);
      else hidden.add(box.value);
      change({ hidden, page: state.page });
    });
  }
  return () => {
    for (const box of boxes) box.checked = !state.hidden.has(box.value);
  };
};
