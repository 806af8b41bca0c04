// Small helps on pages that work without them. Menus are native popovers, switches are plain forms.

const announcements = document.getElementById("announcements");

function announce(text) {
  announcements.textContent = "";
  // Two equal sentences in a row are only spoken when the region changes in between.
  setTimeout(() => (announcements.textContent = text), 50);
}

// Copy buttons: <button data-copy="id of an input or element" data-copied-word="…" data-copied-words="what is said then"
// data-selected-words="what is said if it could only be selected">

async function copyText(source) {
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No permission, or no secure context: select it, so that the old command or Ctrl+C can do the rest.
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }
}

async function onCopy(button) {
  if (!(await copyText(document.getElementById(button.dataset.copy)))) {
    announce(button.dataset.selectedWords);
    return;
  }
  announce(button.dataset.copiedWords);
  const word = button.querySelector("[data-copy-word]");
  button.copyWord ??= word.textContent;
  button.dataset.copied = "";
  word.textContent = button.dataset.copiedWord;
  clearTimeout(button.copyTimer);
  button.copyTimer = setTimeout(() => {
    delete button.dataset.copied;
    word.textContent = button.copyWord;
  }, 2000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (button) onCopy(button);
});

// Choices that need a script: <div data-begins-with="values">. Without one, none of them is sent unasked.
for (const choices of document.querySelectorAll("[data-begins-with]")) {
  if (!choices.querySelector(":checked")) choices.querySelector(`[value="${choices.dataset.beginsWith}"]`).checked = true;
}

// Dependent parts of a form: <fieldset data-shows-when="method=scim"> or "enforcement=all,selected".
// Hidden parts are still sent: what was typed is kept, and the server decides by the controlling answer.

function answers(form, name) {
  return new FormData(form).getAll(name);
}

function showDependents(form) {
  for (const part of form.querySelectorAll("[data-shows-when]")) {
    const [name, wanted] = part.dataset.showsWhen.split("=");
    const given = answers(form, name);
    if (!given.length) given.push(""); // "provided=values," is for no answer too
    part.hidden = !wanted.split(",").some((value) => given.includes(value));
  }
}

function startDependents(root) {
  for (const form of new Set(Array.from(root.querySelectorAll("[data-shows-when]"), (part) => part.closest("form")))) {
    if (form) showDependents(form);
  }
}

// An answer whose part only the server can make: <button data-pressed-by="method=scim"> is pressed by giving it.

function pressFor(control) {
  for (const button of control.form.querySelectorAll("button[data-pressed-by]")) {
    if (button.dataset.pressedBy !== `${control.name}=${control.value}`) continue;
    sessionStorage.setItem("focus", control.id);
    control.form.requestSubmit(button);
  }
}

document.addEventListener("change", (event) => {
  if (!event.target.form) return;
  showDependents(event.target.form);
  pressFor(event.target);
});

startDependents(document);
// Coming back with the browser's Back restores the answers only after this script has run.
addEventListener("pageshow", () => startDependents(document));

// Live parts: <div data-live="URL of this part alone">. They are fetched anew until one comes without the attribute.
// Nothing is fetched while nobody sees the page, or after the session has ended.

const LIVE_MS = 4000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function seen() {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

function replaced(part, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.firstElementChild;
  if (fresh.isEqualNode(part)) return part;
  const words = (element) => element.querySelector(".progress-words")?.textContent;
  if (words(fresh) !== words(part)) announce(words(fresh));
  part.replaceWith(fresh);
  return fresh;
}

async function watch(part) {
  while (part.dataset.live) {
    await pause(LIVE_MS);
    await seen();
    // An error of the network or of the server passes; another page instead of the part means: signed out.
    const answer = await fetch(part.dataset.live).catch(() => null);
    if (answer && (answer.redirected || (answer.status >= 400 && answer.status < 500))) return;
    if (answer?.ok) part = replaced(part, await answer.text());
  }
}

document.querySelectorAll("[data-live]").forEach(watch);

// Long work in steps: <form data-works> is sent again and again, until the page comes back without it.

async function work(form) {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form) }).catch(() => null);
  if (!answer || answer.status >= 500) {
    await pause(LIVE_MS);
    return work(form);
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-works]");
  if (!fresh) return location.reload();
  const words = fresh.querySelector(".progress-words").textContent;
  form.querySelector("progress").replaceWith(fresh.querySelector("progress"));
  form.querySelector(".progress-words").textContent = words;
  announce(words);
  return work(form);
}

document.querySelectorAll("form[data-works]").forEach(work);

// <label data-select-all="name of the check boxes" hidden> around a check box: checks all of them, and shows how they are.

function startSelectAll(label) {
  const all = label.querySelector("input");
  const boxes = [...label.closest("form").querySelectorAll(`[name="${label.dataset.selectAll}"]`)];
  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    [all.checked, all.indeterminate] = [chosen === boxes.length, chosen > 0 && chosen < boxes.length];
  };
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  boxes.forEach((box) => box.addEventListener("change", show));
  addEventListener("pageshow", show);
  label.hidden = false;
}

document.querySelectorAll("[data-select-all]").forEach(startSelectAll);

// The page that an answer has opened goes on where the hand was.

document.getElementById(sessionStorage.getItem("focus"))?.focus();
sessionStorage.removeItem("focus");

// Errors first: the summary takes the focus, also where the browser ignores autofocus.

document.querySelector("[data-error-summary]")?.focus();
