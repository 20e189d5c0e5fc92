// Ticks all domains of the page at once and counts what is ticked; without it each is ticked alone.
"use strict";
(() => {
  const form = document.getElementById("chosen");
  if (!form) return;
  const picks = [...document.querySelectorAll('input[name="pick"]')];
  const label = form.querySelector("[data-pick-page]");
  const page = label.querySelector("input");
  const all = form.querySelector("[data-pick-all]");
  const told = document.getElementById("picked");

  const tell = () => {
    const count = picks.filter((pick) => pick.checked).length;
    const every = Boolean(all?.checked);
    for (const pick of picks) pick.disabled = every;
    page.checked = count === picks.length;
    page.indeterminate = count > 0 && count < picks.length;
    told.textContent = count && !every ? `${count} chosen` : "";
    for (const button of form.querySelectorAll("button")) button.disabled = !count && !every;
  };
  label.hidden = false;
  page.addEventListener("change", () => {
    for (const pick of picks) pick.checked = page.checked;
    tell();
  });
  all?.addEventListener("change", tell);
  for (const pick of picks) pick.addEventListener("change", tell);
  // After the console's own handler, which gives every button back.
  addEventListener("pageshow", () => setTimeout(tell));
  tell();
})();
