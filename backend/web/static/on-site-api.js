// Talks to the server as the signed-in staff member.

// The line is down (`down`), or the server is busy: the same again later may work, after
// `waitMs` where the server said so.
export class LineError extends Error {
  constructor(down, waitMs = 0) {
    super(down ? "no line" : "busy");
    this.down = down;
    this.waitMs = waitMs;
  }
}

// The server understood and said no.
export class Refusal extends Error {
  constructor(status, said) {
    super("refused");
    this.status = status;
    this.code = (said && said.code) || "";
    this.title = (said && said.title) || "服务器没有接受";
    this.todo = (said && said.detail) || "请稍后再试。";
  }

  get signedOut() { return this.status === 401; }
}

export class Api {
  constructor(root) {
    this.root = root;
    // Whose desk this is; nobody else's session sends what waits here.
    this.user = null;
    this.csrf = "";
  }

  // Ask who is signed in.
  async begin() {
    const state = await this.ask("GET", "");
    if (this.user !== null && this.user !== state.user.id) {
      throw new Refusal(401, { code: "other_user", title: "已换成另一个账号登录", detail: "请刷新页面，再继续采集。" });
    }
    this.user = state.user.id;
    this.csrf = state.csrf_token;
    return state;
  }

  get(path) { return this.ask("GET", path); }

  post(path, body, patience) { return this.change("POST", path, body, patience); }

  put(path, body, patience) { return this.change("PUT", path, body, patience); }

  async change(method, path, body, patience) {
    if (!this.csrf) await this.begin();
    try {
      return await this.ask(method, path, body, patience);
    } catch (error) {
      if (error.code !== "csrf_failed") throw error;
      // Signed in again since: the new session has another token.
      await this.begin();
      return this.ask(method, path, body, patience);
    }
  }

  async ask(method, path, body, patience = 20000) {
    const headers = { Accept: "application/json" };
    if (method !== "GET") headers["X-CSRF-Token"] = this.csrf;
    const isForm = body instanceof FormData;
    if (body && !isForm) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(this.root + path, {
        method, headers, credentials: "same-origin", cache: "no-store",
        body: body && !isForm ? JSON.stringify(body) : body, signal: AbortSignal.timeout(patience),
      });
    } catch (error) {
      throw new LineError(true);
    }
    const said = await answer.json().catch(() => null);
    if (answer.ok && said) return said;
    if (answer.ok) throw new LineError(true);
    if (answer.status >= 500 || answer.status === 429) throw new LineError(false, 1000 * Number(answer.headers.get("Retry-After")) || 0);
    throw new Refusal(answer.status, said);
  }
}
