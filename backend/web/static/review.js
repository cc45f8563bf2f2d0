// The review queue by keyboard. Each act is a form of the page; this only sends it.

const byId = (id) => document.getElementById(id);
const send = (form) => { if (form) form.requestSubmit(); };
const writes = (element) => element.matches("textarea, select, input:not([type=checkbox], [type=radio])");
/** How often the page says that it is still open, ms; a claim lasts ten minutes. */
const HOLD_EVERY = 60_000;

/** Tick the ready reason whose key was pressed; a digit with Shift is of the second row. */
function pick(root, event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  const box = digit && root.querySelector(`[data-pick="${event.shiftKey ? "⇧" : ""}${digit}"]`);
  if (!box) return false;
  box.checked = !box.checked;
  box.focus();
  return true;
}

/** Send a form with Ctrl+Enter from anywhere in it, its note included. */
function sendOnCtrlEnter(form) {
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send(form);
  });
}

/** Call the act of a plain key, unless something is being written or held down. */
function onKey(acts, otherwise) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
    if (writes(event.target) && event.key !== "Escape") return;
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act ? act(event) !== false : otherwise(event)) event.preventDefault();
  });
}

function countDown(form) {
  const left = form.querySelector(".undo-left");
  const end = Date.now() + form.dataset.seconds * 1000;
  const timer = setInterval(() => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    left.textContent = `${seconds} 秒内可以撤销，之后才通知学生。`;
    if (seconds > 0) return;
    clearInterval(timer);
    form.remove();
  }, 1000);
}

function showPicture(name) {
  const wanted = byId(`view-${name}`);
  const first = byId("view-portrait");
  const chosen = wanted.checked && first ? first : wanted;
  chosen.checked = true;
}

function openReturn(details) {
  details.open = true;
  details.querySelector("[data-pick]").focus();
}

function closeReturn(details) {
  if (!details?.open) return false;
  details.open = false;
  byId("photo").focus();
  return true;
}

function reviewByKeyboard() {
  const details = byId("return");
  const help = byId("help");
  const opener = byId("help-open");
  if (opener) {
    opener.hidden = false;
    opener.addEventListener("click", () => help.showModal());
  }
  if (byId("return-form")) sendOnCtrlEnter(byId("return-form"));
  const acts = {
    a: () => send(byId("approve")),
    r: () => details && openReturn(details),
    s: () => send(byId("skip")),
    x: () => { for (const box of document.querySelectorAll("[name=checked]")) box.checked = true; },
    o: () => showPicture("overlay"),
    i: () => showPicture("original"),
    b: () => (byId("view-other-portrait") ? showPicture("other-portrait") : false),
    c: () => send(byId("background-form")),
    "?": () => help.showModal(),
    Escape: () => closeReturn(details),
  };
  const unlessAsked = (act) => (event) => (help.open ? false : act(event));
  for (const key of Object.keys(acts)) acts[key] = unlessAsked(acts[key]);
  return [acts, (event) => Boolean(details?.open) && pick(details, event)];
}

/** Keep the photo while the page is open, let others have it when it is left. */
function keepClaim(page) {
  const { csrf, hold, leave } = page.dataset;
  let goingOn = false;
  const renew = async () => {
    const answer = await fetch(hold, { method: "POST", headers: { "X-CSRF-Token": csrf } });
    if (answer.status === 409) location.reload();
  };
  // Without a network there is nothing to renew; the next time may have one.
  const tryToRenew = () => renew().catch(() => {});
  document.addEventListener("submit", () => { goingOn = true; });
  addEventListener("pagehide", () => {
    const form = new FormData();
    form.set("csrf_token", csrf);
    if (!goingOn) navigator.sendBeacon(leave, form);
  });
  addEventListener("pageshow", (event) => {
    goingOn = false;
    if (event.persisted) tryToRenew();
  });
  setInterval(tryToRenew, HOLD_EVERY);
}

/** Claim the next photo ahead and load its pictures, so that it is there at once. */
async function loadAhead(page) {
  const body = new URLSearchParams({ csrf_token: page.dataset.csrf, after: page.dataset.id });
  const answer = await fetch(page.dataset.next, { method: "POST", body });
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const picture of next.querySelectorAll(".shot img:not([loading]), .closeup img")) {
    new Image().src = picture.getAttribute("src");
  }
}

function sheetByKeyboard(cells) {
  const dialog = byId("return-dialog");
  const form = dialog.querySelector("form");
  sendOnCtrlEnter(form);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  const columns = () => cells.filter((cell) => cell.offsetTop === cells[0].offsetTop).length;
  const at = () => cells.indexOf(document.activeElement);
  const move = (by) => () => {
    if (dialog.open) return false;
    const to = at() < 0 ? 0 : at() + by;
    cells[to]?.focus();
    return true;
  };
  const giveBack = () => {
    const cell = cells[at()];
    if (dialog.open || !cell) return false;
    form.reset();
    form.action = cell.dataset.return;
    form.elements.expected_version.value = cell.dataset.version;
    byId("return-name").textContent = cell.dataset.name;
    dialog.showModal();
    form.querySelector("[data-pick]").focus();
    return true;
  };
  cells[0].focus();
  return [
    {
      ArrowLeft: move(-1),
      ArrowRight: move(1),
      ArrowUp: (event) => move(-columns())(event),
      ArrowDown: (event) => move(columns())(event),
      r: giveBack,
    },
    (event) => dialog.open && pick(dialog, event),
  ];
}

const cells = [...document.querySelectorAll(".cell")];
const [acts, otherwise] = byId("photo")
  ? reviewByKeyboard()
  : cells.length ? sheetByKeyboard(cells) : [{}, () => false];
onKey({ ...acts, u: () => send(byId("undo")) }, otherwise);
if (byId("undo")) countDown(byId("undo"));
const page = document.querySelector("[data-review]");
if (page) {
  keepClaim(page);
  // What is shown comes first.
  const start = () => loadAhead(page).catch(() => {});
  if (document.readyState === "complete") start();
  else addEventListener("load", start);
}
