// Selects all rows of the page and counts the selection. Without it, rows are selected one by one.
"use strict";
(() => {
  const form = () => document.getElementById("bulk");
  const picks = () => [...document.querySelectorAll('input[name="pick"]')];
  const all = () => form().querySelector("[data-pick-all]");
  const page = () => form().querySelector("[data-pick-page] input");

  const update = () => {
    if (!form()) return;
    const rows = picks();
    const count = rows.filter((pick) => pick.checked).length;
    const every = all()?.checked ?? false;
    for (const pick of rows) pick.disabled = every;
    form().querySelector("[data-pick-page]").hidden = false;
    page().checked = rows.length > 0 && count === rows.length;
    page().indeterminate = count > 0 && count < rows.length;
    document.getElementById("picked").textContent = count && !every ? `${count} selected` : "";
    for (const button of form().querySelectorAll("button:not([hidden])")) button.disabled = !count && !every;
  };
  document.addEventListener("change", (event) => {
    if (!form()) return;
    if (event.target === page()) for (const pick of picks()) pick.checked = page().checked;
    update();
  });
  document.addEventListener("htmx:afterSettle", () => {
    // The row count arrives after the rows.
    const count = document.getElementById("list-count")?.textContent ?? "";
    const place = form()?.querySelector("[data-pick-count]");
    if (place) place.textContent = /\d/.test(count) ? count : "";
    update();
  });
  // Run after the handler of console.js, which enables every button again.
  addEventListener("pageshow", () => setTimeout(update));
  update();
})();
