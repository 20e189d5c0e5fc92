// Small additions to htmx and plain HTML. Every page works without this file.
"use strict";
(() => {
  // Tell the server this browser's time zone and number format; the account settings take precedence.
  const parts = new Intl.NumberFormat().formatToParts(12345.6);
  const group = parts.find((part) => part.type === "group")?.value ?? "";
  const formats = { ",": "comma", ".": "point", "’": "apostrophe", "'": "apostrophe" };
  const browser = {
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    number_format: formats[group] ?? "space",
  };
  for (const [name, value] of Object.entries(browser))
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;

  // Tell the user when a self-updating page loses its connection.
  const banner = () => document.getElementById("connection-lost");
  const lost = (isLost) => { if (banner()) banner().hidden = !isLost; };
  document.addEventListener("htmx:sendError", () => lost(true));
  document.addEventListener("htmx:responseError", () => lost(true));
  document.addEventListener("htmx:afterOnLoad", () => lost(false));

  // Close an open menu on Escape or a click outside it; the focus stays at its button.
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu === except) continue;
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
      menu.open = false;
    }
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeMenus(null); });

  // Show the error page of a rejected form.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { boosted, xhr } = event.detail;
    if (boosted && xhr.status >= 400) Object.assign(event.detail, { shouldSwap: true, isError: false });
  });

  // Submit a form once, however often its button is clicked.
  document.addEventListener("submit", (event) => {
    for (const button of event.target.querySelectorAll("button[data-once]"))
      setTimeout(() => { button.disabled = true; });
    closeMenus(null);
  });
  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("button[data-once]")) button.disabled = false;
  });
})();
