// What htmx and plain HTML do not do by themselves. Every page works without this file.
"use strict";
(() => {
  // The server writes times and numbers as this browser would, unless the account says otherwise.
  const parts = new Intl.NumberFormat().formatToParts(12345.6);
  const group = parts.find((part) => part.type === "group")?.value ?? "";
  const formats = { ",": "comma", ".": "point", "’": "apostrophe", "'": "apostrophe" };
  const browser = {
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    number_format: formats[group] ?? "space",
  };
  for (const [name, value] of Object.entries(browser))
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;

  // A page that updates itself says so when it no longer can.
  const banner = () => document.getElementById("lost-touch");
  const lost = (isLost) => { if (banner()) banner().hidden = !isLost; };
  document.addEventListener("htmx:sendError", () => lost(true));
  document.addEventListener("htmx:responseError", () => lost(true));
  document.addEventListener("htmx:afterOnLoad", () => lost(false));

  // An open menu closes on a click beside it and on Escape.
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]"))
      if (menu !== except) menu.open = false;
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeMenus(null); });

  // A form that is refused shows the page that says why.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { boosted, xhr } = event.detail;
    if (boosted && xhr.status >= 400) Object.assign(event.detail, { shouldSwap: true, isError: false });
  });

  // A form is sent once, however often its button is clicked.
  document.addEventListener("submit", (event) => {
    for (const button of event.target.querySelectorAll("button[data-once]"))
      setTimeout(() => { button.disabled = true; });
    closeMenus(null);
  });
  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("button[data-once]")) button.disabled = false;
  });
})();
