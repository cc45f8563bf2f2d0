// WeChat's script on pages that can use it. Without it every page is whole.
"use strict";

// Loads the script named by an element, has the page signed, and calls back when it may be used.
function withWeChat(element, wanted, then) {
  // Added here and not in the page: WeChat's host may be slow, our own scripts go first.
  const script = document.createElement("script");
  script.src = element.dataset.wechat;
  script.addEventListener("load", sign);
  document.head.append(script);

  async function sign() {
    const page = location.href.split("#")[0];
    const answer = await fetch(element.dataset.signature + "?url=" + encodeURIComponent(page));
    if (!answer.ok) return;
    const signed = await answer.json();
    window.wx.config({
      appId: signed.app_id,
      timestamp: signed.timestamp,
      nonceStr: signed.nonce,
      signature: signed.signature,
      ...wanted,
    });
    window.wx.ready(then);
  }
}

// The scanner, on the page of the collection code.
(function () {
  const first = document.querySelector("[data-scan]");
  if (!first) return;
  let ready = false;
  withWeChat(first, { jsApiList: ["scanQRCode"] }, () => { ready = true; wire(); });
  // A refused upload brings a new form without loading the page.
  document.addEventListener("bizhao:page", wire);

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

// Agreeing to be told the result, on the page of what was handed in.
(function () {
  const box = document.querySelector("[data-subscribe]");
  if (!box) return;
  const tag = box.querySelector("wx-open-subscribe");
  const line = box.querySelector("[role=status]");
  // WeChat draws the button only with at least one name here.
  const wanted = { jsApiList: ["scanQRCode"], openTagList: ["wx-open-subscribe"] };
  withWeChat(box, wanted, () => { box.hidden = false; });

  tag.addEventListener("success", async (event) => {
    const details = JSON.parse(event.detail.subscribeDetails || "{}");
    const results = {};
    for (const [id, answer] of Object.entries(details)) {
      const given = typeof answer === "string" ? JSON.parse(answer) : answer;
      results[id] = given.status;
    }
    const answer = await fetch(box.dataset.subscribe, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": box.dataset.csrf },
      body: JSON.stringify({ results }),
    });
    const agreed = Object.values(results).some((status) => String(status).startsWith("accept"));
    line.textContent = !answer.ok ? "没有记下来，请稍后再点一次。"
      : agreed ? "好的，有结果时微信会通知您。" : "您选择了不接收，可以回来看结果。";
  });
})();
