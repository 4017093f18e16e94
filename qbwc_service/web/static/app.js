// What pages do beyond forms and links; all of them work without it.
"use strict";

// Times in the viewer's own zone.
function localTimes(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    const at = new Date(time.dateTime);
    time.textContent = at.toLocaleString(document.documentElement.lang, {dateStyle: "medium", timeStyle: "short"});
    time.removeAttribute("data-local");
  }
}

// A button with data-copy copies the text of the element that it names, and says so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  event.preventDefault();
  const source = document.querySelector(button.dataset.copy);
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text.trim());
    const before = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = before; }, 2000);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }
});

// A form with data-guard asks before what was typed is lost.
let unsaved = false;
document.addEventListener("input", (event) => {
  if (event.target.closest("form[data-guard]")) unsaved = true;
});
document.addEventListener("submit", () => { unsaved = false; });
addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

// A select or tick box with data-submit sends its form at once.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// A tick box with data-all ticks every box of its form with that name.
document.addEventListener("change", (event) => {
  const all = event.target.dataset.all;
  if (!all) return;
  for (const box of event.target.form.querySelectorAll(`[name="${all}"]`)) box.checked = event.target.checked;
});

document.addEventListener("DOMContentLoaded", () => {
  localTimes(document);
  document.querySelector("[data-focus]")?.focus();
});
document.addEventListener("htmx:afterSwap", (event) => localTimes(event.target));
document.addEventListener("htmx:oobAfterSwap", (event) => localTimes(event.target));

// What looks like a button is pressed like one: with the space bar too.
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.matches?.("a[role='button']")) return;
  event.preventDefault();
  event.target.click();
});

// Signed out meanwhile: a part that asks by itself cannot say so. Its page can, and a form keeps there what was chosen.
document.addEventListener("htmx:responseError", (event) => {
  if (![401, 409].includes(event.detail.xhr.status)) return;
  const form = event.detail.elt.closest("form[method='post']");
  if (form) form.requestSubmit(form.querySelector("[value='preview']"));
  else location.reload();
});
