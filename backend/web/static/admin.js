// Small conveniences; every page works without this file.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(field.value);
    const label = button.textContent;
    button.textContent = "已复制";
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

// A second press while the first is on its way would only produce a conflict; a form that
// hands out a file stays where it is and may be sent again.
for (const form of document.querySelectorAll("form[method=post]:not([data-again])")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
}
// Coming back with the browser's own button makes the forms usable again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// What on-site collecting keeps in the browser goes with the session, but for pictures that
// still wait: nobody else has those.
for (const form of document.querySelectorAll("form[data-sign-out]")) {
  form.addEventListener("submit", () => {
    indexedDB.deleteDatabase("bizhao-on-site-roster");
    localStorage.removeItem("bizhao-on-site");
    if (window.caches) caches.delete("bizhao-on-site");
  });
}

// A batch goes on by itself while somebody looks at it.
const goOn = document.querySelector("form[data-go-on]");
if (goOn && !location.search.includes("state=")) setTimeout(() => goOn.requestSubmit(), 800);

// On a phone the rows of places scroll sideways: where one is must be seen.
for (const here of document.querySelectorAll(".topnav [aria-current], .subnav [aria-current]")) {
  here.scrollIntoView({ block: "nearest", inline: "center" });
}

// A photo policy brings the colour of the standard background and, to a new campaign,
// whether backgrounds are replaced, until somebody chooses.
for (const policies of document.querySelectorAll("select[data-backdrops]")) {
  const backgrounds = policies.form.elements.background;
  let chosen = false;
  for (const radio of backgrounds) radio.addEventListener("change", () => { chosen = true; });
  policies.addEventListener("change", () => {
    for (const line of document.querySelectorAll("[data-backdrop]")) line.hidden = line.dataset.backdrop !== policies.value;
    const { treatment } = policies.selectedOptions[0].dataset;
    if (treatment && !chosen) backgrounds.value = treatment;
  });
}
