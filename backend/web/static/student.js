// The student's pages work without this file; it adds a preview, progress and guards.
"use strict";

(function () {
  const forms = Array.from(document.querySelectorAll("form"));
  const summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();

  // A page kept by the browser and shown again must not stay locked.
  window.addEventListener("pageshow", () => forms.forEach(unlock));

  forms.forEach(wire);
  document.querySelectorAll("[data-copy]").forEach(addCopy);
  // Said by whoever exchanges the page's content.
  document.addEventListener("bizhao:page", () => {
    for (const next of document.querySelectorAll("main form")) {
      wire(next);
      forms.push(next);
    }
  });

  function wire(form) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) { event.preventDefault(); return; }
      if (form.hasAttribute("data-upload")) { upload(form, event); return; }
      if (form.hasAttribute("data-once")) lock(form);
    });
    for (const input of form.querySelectorAll('input[type="file"]')) preview(form, input);
  }

  function lock(form) {
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
    form.querySelectorAll("button").forEach((b) => b.setAttribute("aria-disabled", "true"));
  }

  function unlock(form) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
    form.querySelectorAll("button").forEach((b) => b.removeAttribute("aria-disabled"));
    const box = form.querySelector("[data-progress]");
    if (box) box.hidden = true;
  }

  function preview(form, input) {
    const picture = document.createElement("img");
    picture.className = "preview";
    picture.alt = "您选的图片";
    let address = "";
    input.addEventListener("change", () => {
      if (address) URL.revokeObjectURL(address);
      picture.remove();
      tell(form, "");
      const file = input.files[0];
      if (!file) return;
      for (const other of form.querySelectorAll('input[type="file"]')) {
        if (other !== input && other.value) { other.value = ""; other.dispatchEvent(new Event("change")); }
      }
      if (tooLarge(form, file)) return;
      address = URL.createObjectURL(file);
      // A format the browser cannot draw, such as HEIC, is still fine to send.
      picture.onerror = () => { picture.remove(); tell(form, "已选好：" + file.name); };
      picture.src = address;
      input.parentElement.append(picture);
    });
  }

  function tooLarge(form, file) {
    if (file.size <= Number(form.dataset.max)) return false;
    tell(form, "这个文件有 " + (file.size / 1048576).toFixed(1) + " MB，最多 10 MB。请把相机分辨率调低一些再拍。");
    return true;
  }

  function tell(form, text) {
    const box = form.querySelector("[data-progress]");
    box.hidden = !text;
    box.querySelector("progress").hidden = true;
    box.querySelector("[role=status]").textContent = text;
  }

  function upload(form, event) {
    const chosen = Array.from(form.querySelectorAll('input[type="file"]')).map((i) => i.files[0]).find(Boolean);
    if (!chosen) { lock(form); return; }
    event.preventDefault();
    if (tooLarge(form, chosen)) return;
    const body = new FormData(form);
    lock(form);
    const box = form.querySelector("[data-progress]");
    const bar = box.querySelector("progress");
    const line = box.querySelector("[role=status]");
    box.hidden = false;
    bar.hidden = false;
    bar.value = 0;
    line.textContent = "正在上传……";
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.upload.addEventListener("progress", (e) => { if (e.lengthComputable) bar.value = (100 * e.loaded) / e.total; });
    request.upload.addEventListener("load", () => { bar.removeAttribute("value"); line.textContent = form.dataset.working || "已上传，正在读取……"; });
    request.addEventListener("load", () => show(request, form));
    request.addEventListener("error", () => {
      unlock(form);
      tell(form, "网络断了，没有传上去。请检查网络后再点一次，不会重复提交。");
    });
    request.send(body);
  }

  // After a redirect go to where it led; otherwise show the same form with its errors.
  function show(request, form) {
    if (request.responseURL && request.responseURL !== form.action.split("#")[0]) {
      window.location.assign(request.responseURL);
      return;
    }
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    document.title = page.title;
    const fresh = page.querySelector("main");
    document.querySelector("main").replaceWith(document.adoptNode(fresh));
    document.dispatchEvent(new Event("bizhao:page"));
    const first = fresh.querySelector("[data-focus]") || fresh;
    first.focus();
    window.scrollTo(0, 0);
  }

  function addCopy(node) {
    if (!navigator.clipboard) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "复制";
    button.setAttribute("aria-label", "复制码印");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(node.textContent.trim());
      button.textContent = "已复制";
      setTimeout(() => { button.textContent = "复制"; }, 2000);
    });
    node.after(button);
  }
})();
