// Has the background of a photo replaced while the student reads the report, and lays the
// two portraits over each other. Without this file a button and two pictures do the same.
"use strict";

(function () {
  // Said here and not in what is exchanged: a new region would be read by nobody.
  const voice = document.createElement("p");
  voice.className = "visually-hidden";
  voice.setAttribute("role", "status");
  document.body.append(voice);

  document.addEventListener("bizhao:page", wire);
  const due = wire();
  // Only here: whatever is exchanged later waits for a press, or refusals would go round.
  if (due && wasAnswered()) change(due);

  // Give the page its behaviour, and return the form that waits, if there is one.
  function wire() {
    const form = document.querySelector("[data-change]");
    if (form) form.addEventListener("submit", (event) => { event.preventDefault(); change(form); });
    const pictures = document.querySelector("[data-compare]");
    if (pictures) compare(pictures, document.querySelector("[data-compare-slide]"));
    return form;
  }

  // Whether the page was what was asked for, and no refusal; old browsers do not tell.
  function wasAnswered() {
    const [opened] = performance.getEntriesByType("navigation");
    return !opened || !opened.responseStatus || opened.responseStatus < 400;
  }

  // --- replacing -----------------------------------------------------------------------

  async function change(form, attempt = 1) {
    working(form, attempt === 1 ? "正在换背景，大约要几秒。" : "正在再试一次。");
    let answer, page;
    try {
      answer = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
      page = await answer.text();
    } catch (error) {
      stopped(form, "网络断了，背景还没有换。请检查网络，再按一次。");
      return;
    }
    const seconds = Number(answer.headers.get("Retry-After"));
    if (answer.status === 503 && seconds) {
      working(form, `前面有人在换背景，${seconds} 秒后自动再试，您不用做什么。`);
      setTimeout(() => change(form, attempt + 1), 1000 * seconds);
      return;
    }
    const fresh = new DOMParser().parseFromString(page, "text/html");
    // What is broken, or stands between, does not take the photo and its way out away.
    if (answer.status < 500 && fresh.querySelector("main [data-submission]")) put(fresh);
    else stopped(form, "这次没有换成背景，您的照片还在。请过一会儿再按一次，也可以换一张照片。");
  }

  function working(form, words) {
    tell(form, words);
    form.querySelector("[data-change-bar]").hidden = false;
    form.querySelector("[data-change-press]").hidden = true;
  }

  function stopped(form, words) {
    tell(form, words);
    form.querySelector("[data-change-bar]").hidden = true;
    form.querySelector("[data-change-press]").hidden = false;
  }

  function tell(form, words) {
    const line = form.querySelector("[data-change-says]");
    line.hidden = false;
    line.textContent = words;
    voice.textContent = words;
  }

  // Exchange the page for the one that was answered; whoever reads stays where they read.
  function put(page) {
    const old = document.querySelector("main"), fresh = document.adoptNode(page.querySelector("main"));
    const inside = old.contains(document.activeElement);
    document.title = page.title;
    old.replaceWith(fresh);
    document.dispatchEvent(new Event("bizhao:page"));
    const titles = [fresh.querySelector("#background-title"), fresh.querySelector("h1")];
    voice.textContent = titles.filter(Boolean).map((title) => title.textContent.trim()).join("。");
    const first = fresh.querySelector("[data-focus]") || (inside && fresh.querySelector("[data-background]"));
    if (first) first.focus({ preventScroll: inside });
  }

  // --- comparing -----------------------------------------------------------------------

  function compare(pictures, slide) {
    const range = slide.querySelector("input");
    slide.hidden = false;
    pictures.classList.add("compare-over");
    range.addEventListener("input", draw);
    // The picture itself is a handle too: a finger rather takes it than a thin line.
    pictures.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      pictures.setPointerCapture(event.pointerId);
      move(event);
      pictures.addEventListener("pointermove", move);
    });
    for (const end of ["pointerup", "pointercancel"]) pictures.addEventListener(end, () => pictures.removeEventListener("pointermove", move));
    draw();

    function move(event) {
      const box = pictures.getBoundingClientRect();
      range.value = Math.round((100 * (event.clientX - box.left)) / box.width);
      draw();
    }

    function draw() {
      pictures.style.setProperty("--at", `${range.value}%`);
      range.setAttribute("aria-valuetext", `左边 ${range.value}% 是换背景前，其余是换背景后`);
    }
  }
})();
