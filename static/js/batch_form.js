// Counts pasted lines and suggests the columns of a chosen CSV file.
"use strict";
(() => {
  const text = document.getElementById("id_domains");
  const file = document.getElementById("id_file");
  const count = document.getElementById("domain-count");
  const columns = document.getElementById("columns");
  if (!text || !file) return;

  const tally = () => {
    const lines = text.value.split("\n").filter((line) => line.trim()).length;
    count.textContent = lines
      ? `${lines.toLocaleString("en")} ${lines === 1 ? "line" : "lines"}`
      : "";
  };
  text.addEventListener("input", tally);
  tally();

  const offer = async () => {
    columns.replaceChildren();
    const chosen = file.files[0];
    if (!chosen || !/\.(csv|tsv)$/i.test(chosen.name)) return;
    const header = (await chosen.slice(0, 8192).text()).split(/\r?\n/, 1)[0];
    const mark = [",", ";", "\t", "|"].reduce((best, one) =>
      header.split(one).length > header.split(best).length ? one : best);
    for (const name of header.replace(/^\uFEFF/, "").split(mark)) {
      const option = document.createElement("option");
      option.value = name.trim().replace(/^"|"$/g, "");
      if (option.value) columns.append(option);
    }
  };
  file.addEventListener("change", offer);
})();
