// Names for what Django's templates and scripts of the admin leave without one (WCAG 1.3.1, 4.1.2).
"use strict";
(() => {
  const hidden = (text) => {
    const span = document.createElement("span");
    span.className = "visually-hidden";
    span.textContent = text;
    return span;
  };
  // A field is called as its label says, or in a table of related rows as its column.
  const nameOf = (field) => {
    const cell = field?.closest("td");
    const head = cell?.closest("table").tHead?.rows[0]?.cells[cell.cellIndex];
    return (field?.labels?.[0] ?? head)?.textContent.trim().replace(/:$/, "") ?? "";
  };
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
  const label = (text) => (element) => element.setAttribute("aria-label", text);

  const nameAll = () => {
    each("thead th:empty", (head) => head.append(hidden("Row")));
    each("label[for=searchbar]:not(:has(span))", (of) => of.append(hidden("Search")));
    each(".help-tooltip[aria-label]:not([role])", (hint) => hint.setAttribute("role", "img"));
    each(".tabular td :is(input:not([type=hidden]), select, textarea)", (field) => {
      if (!field.labels.length) label(nameOf(field))(field);
    });
    each(".datetime input", (field) => {
      const legend = field.closest("fieldset, .form-row, .fieldBox")?.querySelector("legend, label");
      const part = field.name.endsWith("_0") ? "date" : "time";
      if (!field.labels.length) label(`${legend?.textContent.trim().replace(/:$/, "")}, ${part}`)(field);
    });
    // select2 names its field by the value that is chosen, and what it opens not at all.
    each(".select2-selection[aria-labelledby]", (box) => {
      box.removeAttribute("aria-labelledby");
      const name = nameOf(box.closest(".select2-container").previousElementSibling);
      [box, ...box.querySelectorAll("[role=textbox]")].forEach(label(name));
    });
    // It refers to its open list by an attribute of an older version of ARIA, outside any landmark.
    each(".select2-selection[aria-owns]", (box) => box.setAttribute("aria-controls", box.getAttribute("aria-owns")));
    each(".select2-selection[aria-controls]:not([aria-owns])", (box) => box.removeAttribute("aria-controls"));
    each("body > .select2-container", (list) => list.setAttribute("role", "region"));
    each("body > .select2-container", label("Choices"));
    each(".select2-search__field", label("Search"));
    each(".select2-results__options", label("Matches"));
  };
  addEventListener("load", () => {
    nameAll();
    new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
  });
})();
