// WeChat's own scanner on the page of the collection code. Without it the page is whole.
"use strict";

(function () {
  const button = document.querySelector("[data-scan]");
  if (!button || !window.wx) return;
  const page = location.href.split("#")[0];

  fetch(button.dataset.scan + "?url=" + encodeURIComponent(page))
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer)))
    .then((signed) => {
      window.wx.config({
        appId: signed.app_id,
        timestamp: signed.timestamp,
        nonceStr: signed.nonce,
        signature: signed.signature,
        jsApiList: ["scanQRCode"],
      });
      window.wx.ready(() => { button.hidden = false; });
    })
    .catch(() => { /* the button stays hidden: choosing a picture works as ever */ });

  button.addEventListener("click", () => {
    window.wx.scanQRCode({
      needResult: 1,
      scanType: ["qrCode"],
      success: (found) => {
        const form = button.closest("form");
        form.querySelector("input[type=file]").value = "";
        form.querySelector("[name=text]").value = found.resultStr;
        form.requestSubmit();
      },
    });
  });
})();
