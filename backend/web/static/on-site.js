// The desk on site: find a student, hear them agree, take the picture, confirm it, next.
// Every picture goes into the queue first, so a line that breaks costs nothing.

import { Api, LineError } from "./on-site-api.js";
import { Queue } from "./on-site-queue.js";
import { makeScanner } from "./on-site-scan.js";
import { pictures, rosters } from "./on-site-store.js";

const USER = "bizhao-on-site", ROSTER_MS = 12 * 3600 * 1000, ASK_MS = 6000;
// An identity number has 18 characters: whatever is longer is a code.
const LONGEST_NUMBER = 18;
const STATES = {
  waiting: ["等待发送", "muted"], sending: ["正在发送", "info"], ok: ["合格，待确认", "good"],
  changing: ["正在换背景", "info"], refused: ["不合格，要重拍", "bad"], failed: ["没有成功", "bad"],
};

const desk = document.querySelector("[data-desk]");
const part = (name) => document.querySelector(`[data-${name}]`);
const who = document.getElementById("who"), agreed = document.getElementById("agreed");
const photo = document.getElementById("photo"), station = document.getElementById("station");
const campaign = Number(desk.dataset.campaign);
const upload = desk.querySelector("form[data-upload]");

const api = new Api(desk.dataset.api);
const queue = new Queue(api, () => drawQueue(), signedOut);
let student = null;  // at the desk now, with the binding once it is open
let current = "";    // the key of the picture whose result is shown
let chosen = null;   // the file picked from several
let finished = 0;

start();

async function start() {
  wire();
  who.focus();
  if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
  keepPage();
  await connect();
  await drawRoster();
  await drawQueue();
}

function wire() {
  part("find").addEventListener("submit", (event) => { event.preventDefault(); find(who.value.trim()); });
  document.getElementById("code-picture").addEventListener("change", readPicture);
  part("go-on").addEventListener("click", goOn);
  for (const button of desk.querySelectorAll("[data-leave]")) button.addEventListener("click", next);
  photo.addEventListener("change", offerFiles);
  upload.addEventListener("submit", (event) => { event.preventDefault(); take(); });
  part("confirm").addEventListener("click", () => finish("confirmation"));
  part("review").addEventListener("click", () => finish("review-request"));
  part("choose").addEventListener("click", choose);
  part("again").addEventListener("click", again);
  part("next").addEventListener("click", next);
  part("retry").addEventListener("click", () => queue.retry());
  part("roster-load").addEventListener("click", loadRoster);
  twice(part("clear"), ["真的删除？还没发送的照片就没有了", "最后确认：删除，不能恢复"], clearQueue);
  part("end").addEventListener("click", end);
  window.addEventListener("online", connect);
  window.addEventListener("offline", () => line(false));
  if (navigator.mediaDevices && navigator.mediaDevices.getUserMedia) {
    const scanner = makeScanner(part("scan"), {
      read: readCode, found: (text) => find(text),
      trouble: () => notice("warn", "相机打不开。可以用“从图片读采集码”，或输入姓名、学号。"),
    });
    const opener = part("scan-open");
    opener.hidden = false;
    opener.addEventListener("click", scanner.open);
  }
}

// --- the line, and who is signed in -----------------------------------------------------

function remembered() {
  const id = Number(localStorage.getItem(USER));
  return id || null;
}

async function connect() {
  try {
    const state = await api.begin();
    localStorage.setItem(USER, state.user.id);
    line(true);
    offerStations(state.stations);
    upload.elements.csrf_token.value = state.csrf_token;
    notice("", "");
    await drawRoster();
    await drawQueue();
    queue.wake();
  } catch (error) {
    if (error.signedOut) signedOut(error);
    else if (error instanceof LineError) {
      // Without a line it is whoever was here last; the server has the last word.
      api.user = api.user || remembered();
      line(false);
      queue.run();
    } else refused(error);
  }
}

function line(up) {
  const badge = part("line");
  badge.textContent = up ? "在线" : "网络断了";
  badge.className = `badge-state tone-${up ? "good" : "warn"}`;
  part("who-hint").textContent = up
    ? "扫码枪对准采集码，或输入姓名、学号、考生号、身份证号（后 6 位也行），按回车。"
    : "网络断了：按离线名单找，输入姓名，或学号后 4 位，按回车。";
}

function signedOut(error) {
  const link = element("a", { href: desk.dataset.signIn }, "重新登录");
  rosters.clear().then(drawRoster);
  if (error.code === "other_user") notice("bad", error.title, element("span", {}, error.todo));
  else notice("bad", "登录已过期。照片都还在这台设备上，登录后接着发送。", link);
}

// --- finding -----------------------------------------------------------------------------

async function find(text) {
  if (!text) return;
  if (!api.user) { notice("warn", "请先连上网络登录一次。"); return; }
  notice("", "");
  const code = text.length > LONGEST_NUMBER ? text : null;
  who.value = code ? "" : text;
  try {
    const { items } = await api.post(`/campaigns/${campaign}/find`, { text }, ASK_MS);
    line(true);
    drawFound(items.map((found) => ({ ...found, code })), "没有找到。请核对姓名或号码；名册里没有的学生请联系学院管理员。");
  } catch (error) {
    if (!(error instanceof LineError)) { refused(error); return; }
    line(false);
    await findKept(text, code);
  }
}

async function findKept(text, code) {
  const kept = await keptRoster();
  if (!kept) { drawFound([], "网络断了，这台设备上也没有离线名单。恢复网络后再查。"); return; }
  if (code) { drawFound([], "网络断了，现在读不了采集码。请输入姓名，或学号后 4 位。"); return; }
  const tail = text.slice(-4);
  drawFound(kept.students.filter((one) => one.name.startsWith(text) || one.student_no_tail === tail).slice(0, 20)
    .map((one) => ({ ...one, kept: true, code: null, standing: "离线名单" })), "离线名单里没有。请核对姓名，或学号后 4 位。");
}

function drawFound(found, none) {
  const list = part("found");
  list.hidden = false;
  list.replaceChildren(...found.map((one) => {
    const button = element("button", { type: "button" },
      element("strong", {}, one.name), element("small", {}, brief(one)), element("span", { class: `badge-state tone-${one.exempt_reason ? "warn" : "muted"}` }, one.standing));
    button.addEventListener("click", () => meet(one));
    return element("li", {}, button);
  }));
  if (!found.length) list.append(element("li", { class: "quiet" }, none));
  else if (found.length === 1) meet(found[0]);
  else list.querySelector("button").focus();
}

function brief(one) {
  const number = one.student_no || (one.student_no_tail && `学号尾号 ${one.student_no_tail}`);
  return [one.class_no, one.level, one.major, number, one.station_name].filter(Boolean).join(" · ");
}

async function readPicture(event) {
  const [picture] = event.target.files;
  event.target.value = "";
  if (!picture) return;
  try {
    find(await readCode(picture));
  } catch (error) {
    refused(error);
  }
}

async function readCode(picture) {
  const body = new FormData();
  body.set("picture", picture, "code.jpg");
  return (await api.post("/code-readings", body)).text;
}

// --- one student -------------------------------------------------------------------------

function meet(one) {
  student = one;
  current = "";
  agreed.checked = false;
  naming(one.name);
  const facts = one.kept
    ? [["层次", one.level], ["班级", one.class_no], ["学号尾号", one.student_no_tail]]
    : [["学号", one.student_no], ["层次", one.level], ["专业", one.major], ["班级", one.class_no], ["函授站", one.station_name],
      ["身份证号", one.id_number_masked], ["码印", one.fingerprint], ["现状", one.standing]];
  part("facts").replaceChildren(...facts.filter(([, value]) => value).map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
  part("brief").textContent = brief(one);
  show("student");
}

function naming(name) {
  for (const heading of desk.querySelectorAll("[data-name]")) heading.textContent = name;
}

async function goOn() {
  if (!agreed.checked) {
    notice("warn", "请把告知读给学生听，本人同意后勾选“本人当面同意”。");
    agreed.focus();
    return;
  }
  notice("", "");
  const button = part("go-on");
  button.disabled = true;
  try {
    const opened = await api.post(`/students/${student.id}/opening`, { in_person_consent: true, code: student.code }, ASK_MS);
    student = { ...student, binding: opened.binding_id };
  } catch (error) {
    if (!(error instanceof LineError)) { refused(error); return; }
    // The queue opens it when the line is back; what the student agreed to goes with it.
    line(false);
  } finally {
    button.disabled = false;
  }
  pictureTime();
}

function pictureTime() {
  photo.value = "";
  offerFiles();
  show("picture");
  const opener = part("camera-open");
  (opener.offsetParent ? opener : photo).focus();
}

// A tethered camera drops its files somewhere: the newest is most likely the one.
function offerFiles() {
  const files = Array.from(photo.files).sort((a, b) => b.lastModified - a.lastModified);
  const list = part("files");
  for (const old of list.querySelectorAll("img")) URL.revokeObjectURL(old.src);
  chosen = files[0] || null;
  part("hand-in").hidden = !chosen;
  list.hidden = files.length === 0;
  list.replaceChildren(...files.map((file) => {
    const when = new Date(file.lastModified).toLocaleTimeString("zh-CN");
    const button = element("button", { type: "button", "aria-pressed": String(file === chosen) }, element("img", { src: URL.createObjectURL(file), alt: "" }), element("span", {}, `${file.name}　${when}`));
    button.addEventListener("click", () => {
      chosen = file;
      for (const other of list.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
    });
    return element("li", {}, button);
  }));
}

async function take() {
  const picture = chosen;
  if (!picture || !student) return;
  if (picture.size > Number(upload.dataset.max)) {
    notice("warn", "这个文件太大，最多 10 MB。请把相机分辨率调低一些再拍。");
    return;
  }
  try {
    const { id, name, class_no } = student;
    const item = await queue.add(picture, { campaign, student: { id, name, class_no }, binding: student.binding || null, code: student.code });
    current = item.key;
  } catch (error) {
    notice("bad", "这台设备存不下照片。请清理空间，或等网络恢复后再拍。");
    return;
  }
  photo.value = "";
  offerFiles();
  show("result");
  await drawQueue();
  queue.wake();
}

function again() {
  const item = shown;
  if (!student || student.id !== item.student.id) meet({ ...item.student, kept: true, code: null, level: "", student_no_tail: "" });
  else pictureTime();
}

function next() {
  student = null;
  current = "";
  who.value = "";
  part("found").hidden = true;
  notice("", "");
  show("find");
  who.focus();
}

// --- what became of a picture --------------------------------------------------------------

let shown = null;  // the item whose result is shown

function drawResult(item) {
  shown = item;
  const box = part("result"), result = item.result;
  naming(item.student.name);
  for (const [name, offered] of [["confirm", result && result.can_confirm], ["review", result && result.can_request_review]]) part(name).hidden = !offered;
  // One thing is the next to do: confirm, else take it again, else the next student.
  const confirms = Boolean(result && result.can_confirm), follows = ["waiting", "changing"].includes(item.state);
  const repeats = !follows && !confirms, both = Boolean(result && hasBoth(result));
  part("confirm").textContent = both ? "学生看过、同意，确认提交" : "确认提交";
  part("choose").hidden = !(both && result.can_choose_background);
  part("choose").textContent = both && result.background === "standard" ? "用原来的背景" : "用标准背景";
  part("again").className = `btn btn-${repeats ? "primary" : "outline-secondary"}`;
  part("next").className = `btn btn-${confirms || repeats ? "outline-secondary" : "primary"}`;
  part("next").textContent = confirms ? "先不提交，下一位" : "下一位";
  if (result) box.replaceChildren(...verdict(result, item.reason));
  else if (item.state === "failed") box.replaceChildren(headline("fail", "没有成功"), element("p", {}, item.reason));
  else if (queue.sending === item.key) box.replaceChildren(headline("wait", "正在发送和检查"), element("p", {}, "大约需要几秒。不想等可以先做下一位。"));
  else box.replaceChildren(headline("wait", "已存在这台设备上"), element("p", {}, "网络恢复后自动发送和检查，关掉页面也不会丢。可以先做下一位。"));
}

function hasBoth(result) { return ["standard", "declined"].includes(result.background); }

function verdict(result, reason) {
  const overlay = ["overlay", "检查图：色带是应在的范围"], own = result.background === "declined" ? "portrait" : "other-portrait";
  const after = own === "portrait" ? "other-portrait" : "portrait";
  const pictures = hasBoth(result)
    ? [[own, "换背景前"], [after, "换背景后"], overlay]
    : [overlay, ...(result.has_portrait ? [["portrait", "成品照"]] : [])];
  return [
    headline(result.tone, result.headline),
    ...background(result, reason),
    element("ul", { class: "desk-advice" }, ...result.advice.map((one) => element("li", {}, element("strong", {}, one.name), element("p", {}, one.what), element("p", {}, one.todo)))),
    element("div", { class: "desk-pictures" }, ...pictures.map(([kind, caption]) => element("figure", {}, element("img", { src: `${api.root}/submissions/${result.public_id}/${kind}?background=${result.background}`, alt: caption }), element("figcaption", {}, caption)))),
  ];
}

// What is done to the background, and what to say to the student about it; `reason` is why
// replacing it failed so far.
function background(result, reason) {
  const words = {
    due: result.can_request_review ? "" : reason || "正在换背景，不用等：可以先做下一位，换好以后在下面的列表里点“查看”，再确认。",
    standard: "背景已换好，人没有改动。请和学生一起看：头发边缘、耳朵和肩膀没有缺，也没有多出原来的墙。",
    declined: "用的是原来的背景，提交的是“换背景前”的这张。",
    refused: `背景没有换成，用的是原来的背景。${desk.dataset.wall}`,
  }[result.background];
  return words ? [element("p", { class: "desk-background" }, words)] : [];
}

async function choose() {
  const item = shown;
  try {
    await queue.choose(item, item.result.background === "standard" ? "keep" : "standard");
  } catch (error) {
    refused(error);
  }
}

function headline(tone, text) { return element("p", { class: `desk-verdict desk-verdict-${tone}` }, text); }

async function finish(step) {
  const item = shown;
  try {
    const agreed = hasBoth(item.result)
      ? { background: item.result.background === "standard" ? "standard" : "keep" } : undefined;
    await api.post(`/submissions/${item.result.public_id}/${step}`, agreed);
  } catch (error) {
    if (error.signedOut) signedOut(error);
    else if (error instanceof LineError) notice("warn", "网络断了，还没有提交。恢复后再按一次，不会重复。");
    else refused(error);
    return;
  }
  finished += 1;
  current = "";
  await queue.remove(item.key);
  next();
  notice("good", step === "confirmation" ? `${item.student.name} 已提交，等待审核。本次已提交 ${finished} 人。` : `${item.student.name} 已申请人工审核。本次已提交 ${finished} 人。`);
}

// --- the queue -----------------------------------------------------------------------------

async function drawQueue() {
  const { mine, others } = await queue.mine();
  part("queue").replaceChildren(...mine.map(queueLine));
  part("count").textContent = mine.length ? `${mine.length} 张` : "";
  part("queue-note").textContent = mine.length
    ? "没发送的照片只在这台设备上，请不要清除浏览器数据；服务器收到后，照片马上从这里删除。"
    : "没有等着的照片。拍好的照片先存在这台设备上，服务器收到后马上从这里删除。";
  part("retry").hidden = !mine.some((item) => ["waiting", "changing"].includes(item.state) || (item.state === "failed" && item.bytes));
  part("clear").hidden = mine.length < 2;
  part("others").hidden = !others;
  part("others").textContent = others ? `另有 ${others} 张由别的账号采集，登录那个账号后发送。` : "";
  const item = mine.find((one) => one.key === current);
  if (item) drawResult(item);
  else if (current) {
    next();
    notice("good", "这张照片已经交上去过，不用再交。");
  }
}

function queueLine(item) {
  const stuck = item.state === "changing" && item.reason && queue.sending !== item.key;
  const [label, tone] = stuck ? ["背景还没有换", "warn"] : STATES[queue.sending === item.key && item.state === "waiting" ? "sending" : item.state];
  const when = new Date(item.at).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
  const acts = element("div", { class: "desk-queue-acts" });
  if (item.result) acts.append(button("查看", () => look(item)));
  if (stuck) acts.append(button("再试一次", () => queue.wake()));
  const drop = button("删除", () => {});
  drop.classList.add("desk-danger");
  twice(drop, ["真的删除？不能恢复"], () => queue.remove(item.key));
  if (queue.sending !== item.key) acts.append(drop);
  const why = item.reason && (stuck || item.state !== "changing") ? [element("p", {}, item.reason)] : [];
  return element("li", {}, element("span", {}, element("strong", {}, item.student.name), ` ${item.student.class_no}　${when}`), element("span", { class: `badge-state tone-${tone}` }, label), ...why, acts);
}

function look(item) {
  current = item.key;
  drawResult(item);
  show("result");
}

async function clearQueue() {
  for (const item of (await queue.mine()).mine) await pictures.remove(item.key);
  next();
  await drawQueue();
}

// --- the list for a line that breaks ---------------------------------------------------------

function offerStations(stations) {
  station.replaceChildren(...stations.map((one) => element("option", { value: one.id }, one.name)));
  part("station-field").hidden = stations.length < 2;
}

async function keptRoster() {
  const kept = await rosters.get(campaign);
  const good = kept && kept.user === api.user && Date.now() - kept.at < ROSTER_MS;
  if (kept && !good) await rosters.clear();
  return good ? kept : null;
}

async function loadRoster() {
  notice("", "");
  try {
    const { items } = await api.get(`/campaigns/${campaign}/stations/${station.value}/roster`);
    const name = station.selectedOptions[0].textContent;
    await rosters.put({ key: campaign, user: api.user, at: Date.now(), station: name, students: items });
    await drawRoster();
  } catch (error) {
    refused(error);
  }
}

async function drawRoster() {
  const kept = await keptRoster();
  part("roster-note").textContent = kept
    ? `${kept.station} ${kept.students.length} 人，网络断了也能按姓名或学号后 4 位找到。结束采集、退出登录或 12 小时后删除。`
    : "去没有网络的地方采集前，先下载函授站的名单：只有姓名、班级、层次和学号后 4 位。";
  part("roster-load").textContent = kept ? "更新名单" : "下载名单";
}

async function end() {
  await rosters.clear();
  const { mine } = await queue.mine();
  if (mine.length) {
    await drawRoster();
    notice("warn", `离线名单已删除。还有 ${mine.length} 张照片没有办完，留在这台设备上；办完再离开。`);
    return;
  }
  localStorage.removeItem(USER);
  if (window.caches) await caches.delete("bizhao-on-site");
  location.assign(desk.dataset.scope);
}

// --- small things ------------------------------------------------------------------------------

async function keepPage() {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  workers.addEventListener("message", (event) => { if (event.data.kept) part("kept").hidden = false; });
  // Without a line it cannot be fetched again, and the one that opened this page stays.
  await workers.register(desk.dataset.worker, { scope: desk.dataset.scope }).catch(() => {});
  const { active } = await workers.ready;
  active.postMessage({ keep: desk.dataset.shell });
}

function show(step) {
  for (const section of desk.querySelectorAll("[data-step]")) section.hidden = section.dataset.step !== step;
  const heading = desk.querySelector(`[data-step="${step}"] [data-name]`);
  if (heading) heading.focus();
  window.scrollTo(0, 0);
}

function refused(error) {
  if (error.signedOut) signedOut(error);
  else if (error instanceof LineError) notice("warn", error.down ? "网络断了，请稍后再试。" : "服务器忙，请稍后再试。");
  else if (error.title) notice("bad", error.title, element("span", {}, error.todo));
  else throw error;
}

function notice(tone, text, more) {
  const box = part("notice");
  box.hidden = !text;
  box.className = `notice notice-${tone}`;
  box.replaceChildren(element("strong", {}, text), ...(more ? [more] : []));
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function button(text, act) {
  const made = element("button", { type: "button", class: "linklike" }, text);
  made.addEventListener("click", act);
  return made;
}

// What cannot be undone is asked for first: each question is one more press.
function twice(made, questions, act) {
  const label = made.textContent;
  let asked = 0;
  made.addEventListener("blur", () => { asked = 0; made.textContent = label; });
  made.addEventListener("click", () => {
    if (asked < questions.length) { made.textContent = questions[asked]; asked += 1; return; }
    asked = 0;
    made.textContent = label;
    act();
  });
}
