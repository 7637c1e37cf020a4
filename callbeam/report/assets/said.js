"use strict";
// What others say of the call: the rows at the cursor are marked, and messages are shown by type.
(() => {
  const root = document.getElementById("timeline");
  const spans = [...document.querySelectorAll("tr[data-begin][data-end]")];
  const kinds = document.getElementById("kinds");

  if (root) {
    root.addEventListener("cursor", (event) => {
      for (const row of spans) {
        const here = event.detail >= Number(row.dataset.begin) && event.detail < Number(row.dataset.end);
        row.classList.toggle("now", here);
      }
    });
  }

  if (kinds) {
    kinds.addEventListener("change", () => {
      for (const row of document.querySelectorAll("tr[data-kind]")) {
        row.hidden = kinds.value !== "" && row.dataset.kind !== kinds.value;
      }
    });
  }
})();
