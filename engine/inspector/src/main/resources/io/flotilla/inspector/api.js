/* What the page asks the inspector: answers as JSON, actions with the token, and streams that go on where they were cut. */

const KEY = "flotilla-token", FIRST_PAUSE = 300, LONGEST_PAUSE = 3000, HIDDEN = 15000, NO_ANSWER = 6000, SILENCE = 30000; // the inspector says something every 10 seconds
const base = new URL("api/", new URL(".", location.href.split("#")[0]));
const watchers = new Set();
let current = { state: "idle", text: "" };

/* The token comes with the printed address, or from the dialog; it stays in this tab. */
export const token = {
  get() { return sessionStorage.getItem(KEY) ?? ""; },
  set(value) { if (value) sessionStorage.setItem(KEY, value); else sessionStorage.removeItem(KEY); },
};

export class ApiError extends Error {
  constructor(status, code, message) { super(message); this.status = status; this.code = code; }
}

const headers = extra => token.get() ? { ...extra, Authorization: "Bearer " + token.get() } : extra;

async function answered(response) {
  const text = await response.text();
  let body;
  try { body = text === "" ? {} : JSON.parse(text); } catch { body = { message: text.slice(0, 300) }; }
  if (response.ok) return body;
  const error = body.error ?? body;
  throw new ApiError(response.status, error.code ?? String(response.status), error.message ?? (typeof error === "string" ? error : response.statusText || "The inspector answers " + response.status));
}

async function fetched(path, options) {
  try { return await fetch(new URL(path, base), { cache: "no-store", ...options }); } catch (failed) {
    if (failed.name === "AbortError") throw failed;
    throw new ApiError(0, "unreachable", "The process does not answer. Is it still running?");
  }
}

const asked = async (path, options) => answered(await fetched(path, options));

export const get = (path, signal) => asked(path, { headers: headers({ Accept: "application/json" }), signal });
export const post = (path, body) => asked(path, { method: "POST", headers: headers({ "Content-Type": "application/json", Accept: "application/json" }), body: JSON.stringify(body ?? {}) });

/* A long answer, of which each piece is given to take as it comes, until take says false. */
export async function getPieces(path, take) {
  const response = await fetched(path, { headers: headers({ Accept: "application/json" }) });
  if (!response.ok) return answered(response);
  const reader = response.body.getReader(), decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return null;
    if (await take(decoder.decode(value, { stream: true })) === false) { reader.cancel(); return null; }
  }
}

export const runPath = (id, rest = "") => "runs/" + encodeURIComponent(id) + rest;

/* ---- how the connection is, for all to see ---- */
export function watchLink(watcher) { watchers.add(watcher); watcher(current); }
function tell(state, text) { current = { state, text }; watchers.forEach(watcher => watcher(current)); }

/* The events of one block of a stream: { type, id, data }; null for a comment. */
export function parsed(block) {
  const event = { type: "message", id: null, data: null };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon), value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") event.type = value;
    else if (name === "id") event.id = value;
    else if (name === "data") event.data = event.data === null ? value : event.data + "\n" + value;
  }
  return event.data === null ? null : event;
}

/* Server-sent events by fetch, since the token goes in a header. A cut stream is taken up again after its last id; a page in the background lets go. */
export class Stream {
  /* on: { event(type, data, id), again(): the stream was cut and is there again } */
  constructor(path, on, lastId = null) {
    Object.assign(this, { path, on, lastId, closed: false, pause: FIRST_PAUSE, cut: false });
    this.visible = () => this.seen();
    document.addEventListener("visibilitychange", this.visible);
    this.open();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    clearTimeout(this.leaving);
    clearTimeout(this.watch);
    document.removeEventListener("visibilitychange", this.visible);
    this.control?.abort();
    tell("idle", "");
  }

  /* Something is missing: what came after this id is asked for again. */
  after(id) {
    this.lastId = id;
    this.control?.abort();
  }

  seen() {
    clearTimeout(this.leaving);
    if (document.hidden) this.leaving = setTimeout(() => { this.asleep = true; this.control?.abort(); }, HIDDEN);
    else if (this.asleep) { this.asleep = false; this.open(); }
  }

  async open() {
    if (this.closed || this.asleep) return;
    clearTimeout(this.timer);
    this.control = new AbortController();
    this.watched(NO_ANSWER);
    tell(this.cut ? "lost" : "connecting", this.cut ? "Reconnecting…" : "Connecting…");
    try {
      const extra = { Accept: "text/event-stream", ...(this.lastId === null ? {} : { "Last-Event-ID": String(this.lastId) }) };
      const response = await fetch(new URL(this.path, base), { headers: headers(extra), signal: this.control.signal, cache: "no-store" });
      if (!response.ok) await answered(response);
      this.pause = FIRST_PAUSE;
      tell("live", "Live");
      if (this.cut) this.on.again?.();
      this.cut = false;
      await this.read(response.body.getReader());
    } catch (failed) {
      if (this.closed) return;
      if (failed.status === 401 || failed.status === 404) { tell("lost", failed.status === 401 ? "Locked" : "Gone"); return; }
    }
    this.lost();
  }

  async read(reader) {
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      this.watched(SILENCE);
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).replaceAll("\r\n", "\n").split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) this.take(block);
    }
  }

  /* A connection on which nothing comes for so long is given up. */
  watched(millis) {
    const { control } = this;
    clearTimeout(this.watch);
    this.watch = setTimeout(() => control.abort(), millis);
  }

  take(block) {
    const event = parsed(block);
    if (event === null || this.closed) return;
    if (event.id !== null) this.lastId = event.id;
    this.on.event(event.type, JSON.parse(event.data), event.id);
  }

  lost() {
    clearTimeout(this.watch);
    if (this.closed || this.asleep) return;
    this.cut = true;
    tell("lost", "Reconnecting…");
    this.timer = setTimeout(() => this.open(), this.pause);
    this.pause = Math.min(LONGEST_PAUSE, this.pause * 1.7);
  }
}
