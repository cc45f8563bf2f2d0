// Reads the collection code from what the lens sees: by the browser where it can, else by
// the server, one still at a time.

import { LineError } from "./on-site-api.js";

const PAUSE_MS = 700, LONG_SIDE = 1280, QUALITY = 0.85;
const NOTHING_YET = "对准学生手机上的采集码";

export function makeScanner(dialog, { read, found, trouble }) {
  const video = dialog.querySelector("video"), hint = dialog.querySelector("[data-scan-hint]");
  let stream = null;

  dialog.addEventListener("close", stop);
  dialog.querySelector("[data-scan-close]").addEventListener("click", () => dialog.close());
  window.addEventListener("pagehide", stop);

  function stop() {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
  }

  async function open() {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1920 } } });
    } catch (error) {
      trouble();
      return;
    }
    hint.textContent = NOTHING_YET;
    video.srcObject = stream;
    dialog.showModal();
    await video.play().catch(() => {});
    look(stream, await detector());
  }

  async function look(mine, detect) {
    while (mine === stream) {
      const text = video.videoWidth ? await readOnce(detect) : "";
      if (mine !== stream) return;
      if (text) {
        dialog.close();
        found(text);
        return;
      }
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }

  async function readOnce(detect) {
    try {
      if (detect) return await detect(video);
      return await read(await still());
    } catch (error) {
      if (error instanceof LineError) hint.textContent = "网络断了，现在读不了码。请输入姓名或学号";
      else if (error.code !== "no_code_in_picture") hint.textContent = error.title || NOTHING_YET;
      return "";
    }
  }

  function still() {
    const scale = Math.min(1, LONG_SIDE / Math.max(video.videoWidth, video.videoHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d", { alpha: false }).drawImage(video, 0, 0, canvas.width, canvas.height);
    return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), "image/jpeg", QUALITY));
  }

  return { open };
}

async function detector() {
  const known = "BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats().catch(() => []));
  if (!known || !known.includes("qr_code")) return null;
  const reader = new BarcodeDetector({ formats: ["qr_code"] });
  return async (picture) => {
    const [first] = await reader.detect(picture);
    return first ? first.rawValue : "";
  };
}
