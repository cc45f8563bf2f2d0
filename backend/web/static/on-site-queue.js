// Pictures wait here until the server has judged them. A picture belongs to one student and
// is known by its bytes: sent twice, it finds the receipt of the first time.

import { LineError } from "./on-site-api.js";
import { pictures } from "./on-site-store.js";

const FIRST_PAUSE_MS = 2000, LONGEST_PAUSE_MS = 60000, JUDGING_MS = 90000;

export class Queue {
  constructor(api, changed, signedOut) {
    this.api = api;
    this.changed = changed;
    this.signedOut = signedOut;
    this.sending = "";
    this.pause = FIRST_PAUSE_MS;
    this.timer = 0;
    this.running = null;
    this.again = false;
  }

  // Keep a picture of a student who agreed; resolves when it is safe on the disk.
  async add(picture, { campaign, student, binding, code }) {
    const bytes = await picture.arrayBuffer();
    const key = `${this.api.user}/${campaign}/${student.id}/${await digest(bytes)}`;
    const known = await pictures.get(key);
    if (known && known.state !== "failed") return known;
    const item = {
      key, campaign, student, binding, code, bytes, user: this.api.user, state: "waiting", result: null, reason: "",
      filename: picture.name, type: picture.type || "image/jpeg", at: new Date().toISOString(),
    };
    await pictures.put(item);
    this.changed();
    return item;
  }

  // The pictures of whoever is signed in, oldest first, and how many others left here.
  async mine() {
    const all = await pictures.all();
    const mine = all.filter((item) => item.user === this.api.user).sort((a, b) => a.at.localeCompare(b.at));
    return { mine, others: all.length - mine.length };
  }

  async remove(key) {
    await pictures.remove(key);
    this.changed();
  }

  async retry() {
    for (const item of (await this.mine()).mine) {
      // Opened anew: the binding may be what failed.
      if (item.state === "failed" && item.bytes) await pictures.put({ ...item, binding: null, state: "waiting", reason: "" });
    }
    return this.wake();
  }

  // Somebody asked, or the line came back: no waiting.
  wake() {
    this.pause = FIRST_PAUSE_MS;
    return this.run();
  }

  run() {
    clearTimeout(this.timer);
    if (this.running) {
      this.again = true;
      return this.running;
    }
    // One tab sends at a time.
    this.running = navigator.locks.request("bizhao-on-site", () => this.round()).finally(() => { this.running = null; }).then((left) => {
      if (this.again) {
        this.again = false;
        return this.run();
      }
      if (left) this.later();
      return undefined;
    });
    return this.running;
  }

  later() {
    // Desks that lost the line together must not come back together.
    this.timer = setTimeout(() => this.run(), this.pause * (1 + Math.random() / 4));
    this.pause = Math.min(LONGEST_PAUSE_MS, 2 * this.pause);
  }

  async round() {
    let left = false;
    // Verdicts first: somebody stands there and waits for one.
    for (const state of ["waiting", "changing"]) {
      for (const item of (await this.mine()).mine) {
        if (item.state !== state) continue;
        if (state === "changing" && this.again) return true;
        try {
          await this.send(item);
          this.pause = FIRST_PAUSE_MS;
        } catch (error) {
          if (error.signedOut) {
            this.signedOut(error);
            return false;
          }
          if (!(error instanceof LineError)) throw error;
          left = true;
          if (error.waitMs) this.pause = error.waitMs;
          // What is down or busy for one is so for all; what else fails is that photo's own.
          if (error.down || error.waitMs) return true;
        }
      }
    }
    return left;
  }

  async send(item) {
    this.sending = item.key;
    this.changed();
    try {
      await (item.state === "changing" ? this.changeBackground(item) : this.hand(item));
    } catch (error) {
      if (error instanceof LineError && !error.down && !error.waitMs && item.state === "changing") {
        // The others go on; this one is tried again with each round, and says so.
        await pictures.put({ ...item, reason: "这次没有换成背景，照片已在服务器上。稍后自动再试，也可以按“再试一次”，或者重拍。" });
      }
      if (error instanceof LineError || error.signedOut || !error.title) throw error;
      await pictures.put({ ...item, state: "failed", reason: `${error.title}。${error.todo}` });
    } finally {
      this.sending = "";
      this.changed();
    }
  }

  // Have the background replaced; whoever is at the desk goes on meanwhile.
  async changeBackground(item) {
    const result = await this.api.post(`/submissions/${item.result.public_id}/background`, undefined, JUDGING_MS);
    await this.keep(item, result);
  }

  // Take one of the two portraits.
  async choose(item, background) {
    await this.keep(item, await this.api.put(`/submissions/${item.result.public_id}/background`, { background }));
    this.changed();
  }

  async keep(item, result) {
    if (result.status !== "draft") await pictures.remove(item.key);
    else await pictures.put({ ...item, result, state: stateOf(result), reason: "" });
  }

  async hand(item) {
    if (!item.binding) {
      const opened = await this.api.post(`/students/${item.student.id}/opening`, { in_person_consent: true, code: item.code });
      item.binding = opened.binding_id;
      await pictures.put(item);
    }
    const form = new FormData();
    form.set("photo", new File([item.bytes], item.filename, { type: item.type }));
    const result = await this.api.post(`/bindings/${item.binding}/submissions`, form, JUDGING_MS);
    // The server has it: the picture and the code leave this browser.
    await this.keep({ ...item, bytes: null, code: null }, result);
    // It is the student's draft now, instead of an earlier one.
    for (const other of (await this.mine()).mine) {
      if (other.result && other.key !== item.key && other.student.id === item.student.id) await pictures.remove(other.key);
    }
  }
}

// What is to be done about a draft: nothing holds up its verdict, the background follows.
function stateOf(result) {
  if (result.can_confirm) return "ok";
  return result.background === "due" && !result.can_request_review ? "changing" : "refused";
}

async function digest(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
