"use strict";

// The server says that something has changed. The page then asks for itself once more, and takes
// the parts that are marked as live; a part that somebody is using is left alone.
function listen(button) {
  const events = new EventSource("/_sandbox/events");
  let paused = false;
  const say = (text) => { document.getElementById("live").textContent = text; };
  events.onopen = () => say(paused ? "Paused" : "Updates by itself");
  events.onerror = () => say("Not connected");
  events.onmessage = () => { if (!paused) refresh(); };
  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", paused);
    say(paused ? "Paused" : "Updates by itself");
    if (!paused) refresh();
  });
}

async function refresh() {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(part.id);
    if (!now || now.innerHTML === part.innerHTML || part.contains(document.activeElement)) continue;
    for (const old of part.querySelectorAll("details[id]")) {
      const same = now.querySelector("#" + CSS.escape(old.id));
      if (same) same.open = old.open;
    }
    part.replaceChildren(...now.childNodes);
  }
}

function copy(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
}

const pause = document.getElementById("pause");
if (pause) listen(pause);
document.querySelectorAll("button[data-copy]").forEach(copy);
