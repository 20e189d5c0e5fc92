// Loaded before the first paint: applies the stored theme, which the admin's own toggle shares.
// Without one, the colours follow the system (color-scheme in scrapersky.css).
"use strict";
(() => {
  const root = document.documentElement;
  const apply = () => {
    const theme = localStorage.getItem("theme");
    if (theme === "dark" || theme === "light") root.dataset.bsTheme = theme;
    else delete root.dataset.bsTheme;
  };
  const isDark = () =>
    root.dataset.bsTheme
      ? root.dataset.bsTheme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
  apply();
  addEventListener("storage", apply);
  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme-toggle");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      localStorage.setItem("theme", isDark() ? "light" : "dark");
      apply();
    });
  });
})();
