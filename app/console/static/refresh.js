// Brings the page up to date every few seconds without losing the reader's place.
"use strict";
(function () {
  const main = document.querySelector("main[data-refresh]");
  if (!main) return;
  const every = Number(main.dataset.refresh) * 1000;
  const stale = document.getElementById("stale");

  function busy() {
    const active = document.activeElement;
    const typing = active && main.contains(active);
    return document.hidden || typing || main.querySelector("details[open]") || String(getSelection()) !== "";
  }

  async function refresh() {
    if (busy()) return;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
      if (answer.status === 401) { location.reload(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
      if (fresh && !busy()) main.replaceChildren(...fresh.childNodes);
      stale.hidden = true;
    } catch (problem) {
      stale.hidden = false;
    }
  }
  setInterval(refresh, every);
  document.addEventListener("visibilitychange", refresh);
})();
