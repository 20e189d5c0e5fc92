// Self-updating fragments. They are merged into the page (Idiomorph), not swapped, so that ticked
// boxes, open menus, typed text, selection, focus and scroll position are kept.
"use strict";
(() => {
  const POLLS = '[hx-trigger^="every"]';
  const byId = (id) => document.getElementById(id);

  // Do not touch an open menu, or a list that is under the pointer or has the focus.
  const isKept = (node, style) =>
    node instanceof Element &&
    (node.matches("details.menu[open], [data-kept]") ||
      (style === "live" && node.matches("[data-still]:hover, [data-still]:focus-within")));
  const merge = (style, target, fragment) =>
    Idiomorph.morph(target, fragment.children, {
      morphStyle: "outerHTML",
      ignoreActiveValue: true,
      callbacks: {
        beforeNodeMorphed: (node) => !isKept(node, style),
        beforeAttributeUpdated: (name) => !["open", "checked"].includes(name),
      },
    });
  // "live" swaps are polls, "merge" swaps are user actions.
  const isOurs = (style) => style === "live" || style === "merge";
  htmx.defineExtension("live", {
    isInlineSwap: isOurs,
    handleSwap: (style, target, fragment) => isOurs(style) && merge(style, target, fragment),
  });

  // A finished fragment stops polling, and a filtered one polls other rows. Drop an earlier poll that
  // is still queued or in flight: htmx would swap it in without merging.
  const isOutdated = ({ requestConfig: { elt, verb }, target, pathInfo }) =>
    verb === "get" && elt === target && pathInfo.requestPath !== elt.getAttribute("hx-get");
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isOutdated(event.detail)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (isOutdated(event.detail)) event.detail.shouldSwap = false;
  });

  // Updates can be paused (WCAG 2.2.2).
  let isPaused = false;
  const pause = byId("pause-updates");
  const offerPause = () => { if (pause) pause.hidden = !isPaused && !document.querySelector(POLLS); };
  pause?.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
    document.documentElement.classList.toggle("updates-paused", isPaused);
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isPaused && event.detail.elt.matches(POLLS)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (isPaused && event.detail.requestConfig.elt.matches(POLLS)) event.detail.shouldSwap = false;
  });

  // Announce each change once, in a live region that is never replaced (WCAG 4.1.3).
  const read = () => document.querySelector("[data-announcement]")?.dataset.announcement ?? "";
  let said = read();
  const announce = () => {
    const text = read();
    if (text && text !== said) byId("announcements").textContent = text;
    said = text;
  };

  // Remove a message once the status that it mentions has changed.
  const dropMessages = () => {
    const status = document.querySelector("[data-status]")?.dataset.status;
    for (const message of document.querySelectorAll("[data-while]"))
      if (status && !message.dataset.while.split(" ").includes(status)) message.remove();
  };

  // If the pressed button is gone, move the focus to the next best one.
  let pressed = false;
  document.addEventListener("htmx:beforeRequest", (event) => {
    pressed ||= Boolean(event.detail.boosted && event.detail.elt.closest(".controls"));
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.boosted && pressed) {
      pressed = false;
      if (document.activeElement === document.body)
        (document.querySelector(".controls :is(button, summary, a)") ?? byId("progress"))?.focus();
    }
    announce();
    dropMessages();
    offerPause();
  });
  dropMessages();
  offerPause();
})();
