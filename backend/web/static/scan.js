// WeChat's own scanner on the page of the collection code. Without it the page is whole.
"use strict";

(function () {
  const first = document.querySelector("[data-scan]");
  if (!first) return;
  let ready = false;

  // Added here and not in the page: WeChat's host may be slow, our own scripts go first.
  const script = document.createElement("script");
  script.src = first.dataset.scan;
  script.addEventListener("load", () => sign(first.dataset.signature));
  document.head.append(script);
  wire();
  // A refused upload brings a new form without loading the page.
  document.addEventListener("bizhao:page", wire);

  async function sign(address) {
    const page = location.href.split("#")[0];
    const answer = await fetch(address + "?url=" + encodeURIComponent(page));
    // The button stays hidden: choosing a picture works as ever.
    if (!answer.ok) return;
    const signed = await answer.json();
    window.wx.config({
      appId: signed.app_id,
      timestamp: signed.timestamp,
      nonceStr: signed.nonce,
      signature: signed.signature,
      jsApiList: ["scanQRCode"],
    });
    window.wx.ready(() => { ready = true; wire(); });
  }

  function wire() {
    const button = document.querySelector("[data-scan]");
    if (!button) return;
    button.hidden = !ready;
    button.onclick = () => scan(button.form);
  }

  function scan(form) {
    window.wx.scanQRCode({
      needResult: 1,
      scanType: ["qrCode"],
      success: (found) => {
        form.querySelector("input[type=file]").value = "";
        form.querySelector("[name=text]").value = found.resultStr;
        form.requestSubmit();
      },
    });
  }
})();
