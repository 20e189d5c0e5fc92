// Selects all rows of the page at once and counts the selection; without it each row is ticked alone.
"use strict";
(() => {
  const form = document.getElementById("bulk");
  if (!form) return;
  const picks = [...document.querySelectorAll('input[name="pick"]')];
  const label = form.querySelector("[data-pick-page]");
  const page = label.querySelector("input");
  const all = form.querySelector("[data-pick-all]");
  const status = document.getElementById("picked");

  const update = () => {
    const count = picks.filter((pick) => pick.checked).length;
    const every = all.checked;
    for (const pick of picks) pick.disabled = every;
    page.checked = count === picks.length;
    page.indeterminate = count > 0 && count < picks.length;
    status.textContent = count && !every ? `${count} selected` : "";
    for (const button of form.querySelectorAll("button:not([hidden])")) button.disabled = !count && !every;
  };
  label.hidden = false;
  page.addEventListener("change", () => {
    for (const pick of picks) pick.checked = page.checked;
    update();
  });
  all.addEventListener("change", update);
  for (const pick of picks) pick.addEventListener("change", update);
  // The number of rows comes after them.
  const count = document.getElementById("list-count");
  count?.addEventListener("htmx:afterSettle", () => {
    form.querySelector("[data-pick-count]").textContent = /\d/.test(count.textContent) ? count.textContent : "";
  });
  // After the console's own handler, which enables every button again.
  addEventListener("pageshow", () => setTimeout(update));
  update();
})();
