// Single-key shortcuts, listed under "?". Users can switch them off on the account page (WCAG 2.1.4).
"use strict";
(() => {
  if (/(^|; )shortcuts=off/.test(document.cookie)) return;

  const find = (selector) => document.querySelector(selector);
  const rows = () => [...document.querySelectorAll("main tbody tr")].filter((row) => row.querySelector("a, input"));
  const rowOf = (element) => element?.closest("main tbody tr");
  const move = (step) => {
    const all = rows();
    const here = all.indexOf(rowOf(document.activeElement));
    all[here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1)]?.querySelector("a, input")?.focus();
  };
  const keys = {
    "/": () => find("#header-search")?.focus(),
    n: () => {
      const page = find("#shortcuts")?.dataset.newBatch;
      if (page) location.assign(page);
    },
    j: () => move(1),
    k: () => move(-1),
    x: () => rowOf(document.activeElement)?.querySelector("input[name=pick]")?.click(),
    "?": () => find("#shortcuts")?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
