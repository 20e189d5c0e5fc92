// Parts that update themselves. They are merged into the page (Idiomorph), not replaced: what the
// user ticked, opened, typed, selected or focused stays, and so does the scroll position.
"use strict";
(() => {
  const POLLS = '[hx-trigger^="every"]';
  const byId = (id) => document.getElementById(id);

  // An open menu stays as it is; so does a list that is under the pointer or has the focus.
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
  // "live" is for what the page requests by itself, "merge" for what the user does.
  const isOurs = (style) => style === "live" || style === "merge";
  htmx.defineExtension("live", {
    isInlineSwap: isOurs,
    handleSwap: (style, target, fragment) => isOurs(style) && merge(style, target, fragment),
  });

  // A part that has ended polls no more, and one that the user has filtered polls other rows. A poll
  // of before, queued or under way, is dropped: htmx would swap it in without merging it.
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

  // What changed is said once, in a live region that is never replaced (WCAG 4.1.3).
  const read = () => document.querySelector("[data-announcement]")?.dataset.announcement ?? "";
  let said = read();
  const announce = () => {
    const text = read();
    if (text && text !== said) byId("announcements").textContent = text;
    said = text;
  };

  // A message goes when the status that it speaks of has passed.
  const dropMessages = () => {
    const status = document.querySelector("[data-status]")?.dataset.status;
    for (const message of document.querySelectorAll("[data-while]"))
      if (status && !message.dataset.while.split(" ").includes(status)) message.remove();
  };

  // Where the button that was pressed is gone, the focus goes to the next best one.
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
