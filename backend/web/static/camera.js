// The camera in the page: a preview, an outline, one hint for a small frame at most twice a
// second, and a shutter. Whatever is missing or fails, the form below still takes a file.
"use strict";

(function () {
  const FRAME_SHORT = 360, FRAME_LONG = 640, FRAME_QUALITY = 0.7, SHOT_QUALITY = 0.95;
  const PAUSE_MS = 500, LONGEST_PAUSE_MS = 16000, PATIENCE_MS = 10000, TAKE_MS = 4000;
  const ENOUGH_GOOD = 3;
  const TROUBLE = {
    NotAllowedError: "没有得到相机权限。请在微信或浏览器的设置里允许使用相机，再点一次；也可以直接用下面的方式上传。",
    NotFoundError: "没有找到相机。请用下面的方式上传照片。",
    OverconstrainedError: "没有找到这样的镜头。请用下面的方式上传照片。",
    NotReadableError: "相机正被别的程序占用。请关掉它再点一次；也可以直接用下面的方式上传。",
  };
  const OTHER_TROUBLE = "相机打不开。请用下面的方式上传照片。";

  if (!able()) return;
  let page = null;   // the parts of the present page
  let shown = null;  // the open camera

  offer();
  // The upload may put a fresh form, with its errors, in the place of the old one.
  document.addEventListener("bizhao:page", offer);
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); });
  window.addEventListener("pagehide", close);

  function able() {
    if (!window.isSecureContext || !navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) return false;
    if (!window.HTMLDialogElement || !HTMLDialogElement.prototype.showModal) return false;
    try { return new DataTransfer().items.add(new File([], "a")) !== null; } catch (error) { return false; }
  }

  function offer() {
    const dialog = document.querySelector("[data-camera]");
    if (!dialog) return;
    const part = (name) => document.querySelector("[data-camera-" + name + "]");
    page = {
      dialog, form: document.querySelector("form[data-upload]"), input: document.getElementById("photo"),
      opener: part("open"), trouble: part("trouble"), video: part("video"), face: part("face"), hint: part("hint"),
      shutter: part("shutter"), label: part("label"), turn: part("switch"),
    };
    document.querySelectorAll("[data-camera-offer]").forEach((node) => { node.hidden = false; });
    page.opener.addEventListener("click", open);
    part("close").addEventListener("click", close);
    page.turn.addEventListener("click", turn);
    page.shutter.addEventListener("click", shoot);
    dialog.addEventListener("close", stop);
    dialog.addEventListener("keydown", (event) => {
      if (event.target === dialog && (event.key === " " || event.key === "Enter")) { event.preventDefault(); shoot(); }
    });
  }

  async function open() {
    if (shown || page.form.dataset.sent) return;
    page.trouble.hidden = true;
    page.opener.setAttribute("aria-disabled", "true");
    try {
      await start(page.dialog.dataset.facing);
    } catch (error) {
      page.trouble.textContent = TROUBLE[error.name] || OTHER_TROUBLE;
      page.trouble.hidden = false;
      return;
    } finally {
      page.opener.removeAttribute("aria-disabled");
    }
    page.dialog.showModal();
    page.shutter.focus();
  }

  function close() {
    if (page && page.dialog.open) page.dialog.close();
    stop();
  }

  function stop() {
    if (!shown) return;
    const ended = shown;
    shown = null;
    if (ended.request) ended.request.abort();
    clearTimeout(ended.timer);
    ended.stream.getTracks().forEach((track) => track.stop());
    page.video.srcObject = null;
    say("busy", "");
  }

  // Start one lens. The lens that was open goes first: phones open one at a time.
  async function start(facing) {
    stop();
    const wanted = { facingMode: facing, width: { ideal: 1920 }, height: { ideal: 1440 } };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: wanted });
    const track = stream.getVideoTracks()[0];
    // Some machines have one lens, whatever is asked for.
    const given = track.getSettings().facingMode || facing;
    shown = { stream, track, facing: given === "environment" ? "environment" : "user", good: 0, busy: 0, pause: PAUSE_MS, timer: 0, request: null, taking: false };
    page.dialog.classList.toggle("camera-mirrored", shown.facing === "user");
    page.video.srcObject = stream;
    track.addEventListener("ended", close);
    say("busy", "正在打开相机……");
    offerShutter(false);
    page.face.setAttribute("width", 0);
    page.video.play().catch(() => {});
    countLenses(shown);
    look(shown);
  }

  async function countLenses(camera) {
    const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    if (camera === shown) page.turn.hidden = all.filter((device) => device.kind === "videoinput").length < 2;
  }

  async function turn() {
    if (!shown || shown.taking) return;
    const before = shown.facing;
    try {
      await start(before === "user" ? "environment" : "user");
    } catch (error) {
      try { await start(before); } catch (again) { close(); }
    }
  }

  // One frame is on its way at a time; the next follows half a second after the last was
  // grabbed, or later when the server is busy.
  async function look(camera) {
    if (camera !== shown) return;
    const begun = performance.now();
    if (!camera.taking && page.video.videoWidth) await ask(camera);
    if (camera !== shown || camera.given_up) return;
    // Phones that were sent away together must not come back together.
    const pause = camera.busy ? camera.pause * (1 + Math.random() / 4) : camera.pause;
    const left = begun + pause - performance.now();
    camera.timer = setTimeout(() => look(camera), Math.max(left, 50));
  }

  async function ask(camera) {
    const patience = setTimeout(() => camera.request && camera.request.abort(), PATIENCE_MS);
    try {
      const body = await frameOf(camera);
      camera.request = new AbortController();
      const answer = await fetch(page.dialog.dataset.address, {
        method: "POST", body, signal: camera.request.signal, credentials: "same-origin",
        headers: { "X-CSRF-Token": page.form.elements.csrf_token.value },
      });
      if (camera !== shown) return;
      if (answer.ok) hear(camera, await answer.json());
      else if (answer.status === 429 || answer.status >= 500) wait(camera, Number(answer.headers.get("Retry-After")) || 0);
      else giveUp(camera);
    } catch (error) {
      if (camera === shown) wait(camera, 0);
    } finally {
      clearTimeout(patience);
      camera.request = null;
    }
  }

  async function frameOf(camera) {
    const width = page.video.videoWidth, height = page.video.videoHeight;
    const scale = Math.min(1, FRAME_SHORT / Math.min(width, height), FRAME_LONG / Math.max(width, height));
    const body = new FormData();
    body.set("frame", await grab(scale, FRAME_QUALITY), "frame.jpg");
    body.set("width", width);
    body.set("height", height);
    body.set("facing", camera.facing);
    return body;
  }

  // What the lens sees: the mirror is on the screen only.
  function grab(scale, quality) {
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(page.video.videoWidth * scale);
    canvas.height = Math.round(page.video.videoHeight * scale);
    canvas.getContext("2d", { alpha: false }).drawImage(page.video, 0, 0, canvas.width, canvas.height);
    return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), "image/jpeg", quality));
  }

  function hear(camera, said) {
    camera.pause = Math.max(PAUSE_MS, camera.pause / 2);
    camera.busy = 0;
    camera.good = said.ready ? camera.good + 1 : 0;
    const enough = camera.good >= ENOUGH_GOOD;
    say(enough ? "ready" : "adjust", said.ready && !enough ? "很好，保持不动……" : said.text);
    offerShutter(enough);
    const box = said.box || { x: 0, y: 0, width: 0, height: 0 };
    for (const name of ["x", "y", "width", "height"]) page.face.setAttribute(name, box[name]);
  }

  function wait(camera, seconds) {
    camera.pause = Math.min(LONGEST_PAUSE_MS, Math.max(1000 * seconds, 2 * camera.pause));
    camera.good = 0;
    camera.busy += 1;
    offerShutter(false);
    // One late answer is nothing to speak of.
    if (camera.busy > 1) say("busy", "提示正忙，照着轮廓直接拍也可以");
  }

  function giveUp(camera) {
    camera.given_up = true;
    offerShutter(false);
    say("busy", "现在没有提示，照着轮廓直接拍就行");
  }

  function say(state, text) {
    page.dialog.dataset.state = state;
    // The same words again would be read out again.
    if (page.hint.textContent !== text) page.hint.textContent = text;
  }

  function offerShutter(good) {
    page.shutter.toggleAttribute("data-good", good);
    page.label.textContent = good ? "拍照" : "直接拍";
  }

  async function shoot() {
    const camera = shown;
    if (!camera || camera.taking || !page.video.videoWidth) return;
    camera.taking = true;
    page.shutter.setAttribute("aria-disabled", "true");
    say(page.dialog.dataset.state, "正在拍，请别动……");
    try {
      const picture = (await takePhoto(camera)) || (await grab(1, SHOT_QUALITY));
      if (camera === shown) handOver(picture);
    } catch (error) {
      say("adjust", "没有拍成，请再按一次");
    } finally {
      camera.taking = false;
      page.shutter.removeAttribute("aria-disabled");
    }
  }

  // The camera's own picture has more pixels than the preview. Some phones turn it, send
  // too much or never answer; then the preview's full picture does.
  async function takePhoto(camera) {
    if (!window.ImageCapture || !window.createImageBitmap) return null;
    try {
      const late = new Promise((done) => setTimeout(done, TAKE_MS, null));
      const picture = await Promise.race([new ImageCapture(camera.track).takePhoto(), late]);
      if (!picture || picture.size > Number(page.form.dataset.max)) return null;
      const drawn = await createImageBitmap(picture);
      const turned = drawn.width > drawn.height !== page.video.videoWidth > page.video.videoHeight;
      const less = drawn.width < page.video.videoWidth;
      drawn.close();
      return turned || less ? null : picture;
    } catch (error) {
      return null;
    }
  }

  // From here on it is a chosen file like any other.
  function handOver(picture) {
    const kind = picture.type === "image/png" ? "png" : "jpg";
    const chosen = new DataTransfer();
    chosen.items.add(new File([picture], "camera." + kind, { type: picture.type || "image/jpeg" }));
    close();
    page.input.files = chosen.files;
    page.input.dispatchEvent(new Event("change", { bubbles: true }));
    page.form.querySelector("[type=submit]").click();
    page.form.scrollIntoView({ block: "end" });
  }
})();
