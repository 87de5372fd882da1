/* All runs: a page of them at a time, as they are. */
import { get, Stream } from "./api.js";

const { el, number, many, millis } = RunReport;
const LIMIT = 50, TICK = 1000, TYPING = 250, MOST_LABELS = 4;
const STATUSES = [["", "All"], ["live", "Live"], ["unfinished", "Unfinished"], ["succeeded", "Succeeded"], ["failed", "Failed"], ["cancelled", "Cancelled"]];
const OFTEN = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

function ago(instant) {
  const seconds = (Date.parse(instant) - Date.now()) / 1000;
  if (seconds > -5) return "just now";
  if (seconds > -60) return OFTEN.format(Math.round(seconds), "second");
  if (seconds > -3600) return OFTEN.format(Math.round(seconds / 60), "minute");
  if (seconds > -86400) return OFTEN.format(Math.round(seconds / 3600), "hour");
  return new Date(instant).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
}

const known = (value, text = number) => value === null || value === undefined ? el("span", { class: "dim" }, "–") : text(value);
const runLink = id => "#/runs/" + encodeURIComponent(id);
const isOpen = run => run.live || run.status === "unfinished";

class Runs {
  constructor(host, { about, of, title }) {
    Object.assign(this, { host, about, query: of ?? new URLSearchParams(), chosen: new Map(), rows: new Map(), back: [], after: null, next: null, waiting: new Map() });
    title("Runs");
    this.build();
  }

  async start() {
    await this.load();
    this.stream = new Stream("live" + (this.cursor ? "?after=" + encodeURIComponent(this.cursor) : ""), { event: (type, data) => this.changed(type, data), again: () => this.load() });
    this.timer = setInterval(() => this.tick(), TICK);
    return this;
  }

  close() { this.stream?.close(); clearInterval(this.timer); clearTimeout(this.typing); document.removeEventListener("keydown", this.slash); }

  /* ---- what is asked for ---- */
  build() {
    const value = name => this.query.get(name) ?? "", later = () => { clearTimeout(this.typing); this.typing = setTimeout(() => this.filtered(), TYPING); };
    this.id = el("input", { type: "search", name: "id", value: value("id"), placeholder: "Find by id", "aria-label": "Run id begins with", autocomplete: "off", spellcheck: "false", oninput: later });
    this.labels = el("input", { type: "search", name: "label", value: this.query.getAll("label").join(" "), placeholder: "label:value", "aria-label": "Labels, such as tenant:blue", autocomplete: "off", spellcheck: "false", oninput: later });
    const names = [...new Set(this.about.workflows.map(each => each.name ?? each))];
    this.workflow = el("select", { name: "workflow", "aria-label": "Workflow", onchange: () => this.filtered() }, el("option", { value: "" }, "All workflows"), names.map(name => el("option", { value: name, selected: name === value("workflow") }, name)));
    this.status = el("div", { class: "segments", role: "group", "aria-label": "Status" }, STATUSES.map(([status, text]) =>
      el("button", { type: "button", "data-status": status, "aria-pressed": String(value("status") === status), onclick: event => { this.press(event.currentTarget); this.filtered(); } }, text)));
    this.compare = el("a", { class: "button primary", hidden: true }, "Compare");
    this.body = el("tbody", {});
    this.table = el("table", { class: "runs" }, el("thead", {}, el("tr", {}, ["", "Status", "Run", "Labels", "Started", "#Duration", "#Steps", "#Tokens", "#Questions"].map(name =>
      el("th", { scope: "col", class: name.startsWith("#") ? "num" : null }, name === "" ? el("span", { class: "visually-hidden" }, "Compare") : name.replace("#", ""))))), this.body);
    this.empty = el("div", { class: "blank", hidden: true });
    this.newer = el("button", { type: "button", onclick: () => this.turn(-1) }, "← Newer");
    this.older = el("button", { type: "button", onclick: () => this.turn(1) }, "Older →");
    this.where = el("span", { class: "dim", role: "status" });
    this.fresh = el("button", { type: "button", class: "small fresh", hidden: true, onclick: () => { this.back = []; this.after = null; this.load(); } });
    const search = el("search", {}, el("form", { class: "filters", onsubmit: event => { event.preventDefault(); this.filtered(); } }, this.id, this.workflow, this.labels, this.status));
    this.host.replaceChildren(el("div", { class: "page-head" }, el("h1", {}, "Runs"), this.compare), search,
      el("section", { class: "card", "aria-label": "Runs" }, this.fresh, el("div", { class: "runs-scroll", tabindex: "0", role: "group", "aria-label": "Table of runs" }, this.table), this.empty),
      el("div", { class: "paging" }, this.where, el("span", { class: "group" }, this.newer, this.older)),
      el("p", { class: "keys dim" }, el("kbd", {}, "↑"), " ", el("kbd", {}, "↓"), " move, ", el("kbd", {}, "Enter"), " opens, ", el("kbd", {}, "/"), " finds"));
    this.host.addEventListener("keydown", event => this.key(event));
    this.slash = event => { if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && this.host.isConnected) { event.preventDefault(); this.id.focus(); } };
    document.addEventListener("keydown", this.slash);
  }

  press(button) { for (const each of this.status.children) each.setAttribute("aria-pressed", String(each === button)); }

  asked() {
    const query = new URLSearchParams(), pressed = this.status.querySelector("[aria-pressed=true]")?.dataset.status;
    if (this.id.value.trim()) query.set("id", this.id.value.trim());
    if (this.workflow.value) query.set("workflow", this.workflow.value);
    if (pressed) query.set("status", pressed);
    for (const label of this.labels.value.split(/[\s,]+/).filter(text => /^[^:]+:./.test(text))) query.append("label", label);
    return query;
  }

  filtered() {
    this.back = [];
    this.after = null;
    const query = this.asked().toString();
    history.replaceState(null, "", "#/" + (query ? "?" + query : ""));
    this.load();
  }

  async turn(way) {
    if (way > 0 && this.cut) await this.load(); // newer runs have pushed others off this page: the next one begins with these
    if (way > 0) { this.back.push(this.after); this.after = this.next; } else this.after = this.back.pop() ?? null;
    await this.load();
    this.table.scrollIntoView({ block: "nearest" });
  }

  async load() {
    const query = this.asked(), asked = this.asking = Symbol("asked");
    query.set("limit", LIMIT);
    if (this.after) query.set("after", this.after);
    this.host.setAttribute("aria-busy", "true");
    try {
      let page = await get("runs?" + query);
      while (page.runs.length === 0 && page.next && asked === this.asking) { query.set("after", page.next); page = await get("runs?" + query); } // nothing found so far: the search goes on
      if (asked !== this.asking) return;
      this.next = page.next;
      if (this.after === null) {
        this.cursor = page.cursor;
        this.newest = Math.max(-Infinity, ...page.runs.map(run => Date.parse(run.started)));
      }
      this.waiting.clear();
      this.cut = false;
      this.show(page.runs);
    } catch (failed) {
      if (failed.status === 401 || !this.stream) throw failed;
      this.where.textContent = failed.message;
    } finally { this.host.removeAttribute("aria-busy"); }
  }

  /* ---- what is there ---- */
  show(runs) {
    this.rows = new Map(runs.map(run => [run.id, this.row(run)]));
    this.body.replaceChildren(...[...this.rows.values()].map(row => row.line));
    this.settle();
  }

  settle() {
    const count = this.rows.size, filtered = this.asked().size > 0;
    this.table.hidden = count === 0;
    this.empty.hidden = count > 0;
    if (count === 0) this.empty.replaceChildren(...(filtered ? [el("h2", {}, "No run matches"), el("p", { class: "dim" }, "Try fewer words, or another status."), el("button", { type: "button", onclick: () => this.clear() }, "Clear the filter")]
      : [el("h2", {}, "No runs yet"), el("p", { class: "dim" }, "As soon as a workflow of this process starts a run, it stands here, and you can watch its branches, answer its questions and travel back in time.")]));
    this.newer.disabled = this.back.length === 0;
    this.older.disabled = !this.next;
    this.where.textContent = (this.back.length > 0 ? `Page ${this.back.length + 1}, ` : "") + many(count, "run") + (this.next ? ", and older ones" : "");
    this.fresh.hidden = this.waiting.size === 0;
    this.fresh.textContent = many(this.waiting.size, "newer run") + " since. Show";
    const [one, other] = [...this.chosen.keys()];
    this.compare.hidden = this.chosen.size === 0;
    this.compare.textContent = other ? "Compare the two" : "Compare with…";
    this.compare.href = "#/compare?a=" + encodeURIComponent(one ?? "") + (other ? "&b=" + encodeURIComponent(other) : "");
  }

  clear() {
    this.id.value = this.labels.value = this.workflow.value = "";
    this.press(this.status.firstElementChild);
    this.filtered();
  }

  row(run) {
    const labels = Object.entries(run.labels ?? {}), took = el("td", { class: "num", "data-name": "Duration" }), started = el("time", { datetime: run.started, title: new Date(run.started).toLocaleString() });
    const choose = el("input", { type: "checkbox", "aria-label": "Compare run " + run.id, checked: this.chosen.has(run.id), onchange: event => this.choose(run, event.currentTarget) });
    const cell = (name, value) => el("td", { class: "num", "data-name": name }, known(value));
    const line = el("tr", { "data-id": run.id }, el("td", { class: "pick" }, choose), el("td", {}, el("span", { class: "badge " + run.status }, run.status)),
      el("th", { scope: "row" }, el("a", { class: "run-link", href: runLink(run.id) }, run.workflow), el("span", { class: "mono dim id" }, run.id)),
      el("td", { class: "labels" }, labels.slice(0, MOST_LABELS).map(([key, value]) => el("span", { class: "label", title: key + "=" + value }, key + "=" + value)), labels.length > MOST_LABELS ? el("span", { class: "dim" }, "+" + (labels.length - MOST_LABELS)) : null),
      el("td", { class: "started" }, started), took, cell("Steps", run.steps), cell("Tokens", run.tokens),
      el("td", { class: "num", "data-name": "Questions" }, run.questions > 0 ? el("span", { class: "waits" }, many(run.questions, "question")) : known(run.questions === 0 ? undefined : run.questions)));
    line.addEventListener("click", event => { if (!event.target.closest("a, input, button, .pick") && !String(getSelection())) location.hash = runLink(run.id); });
    const row = { run, line, took, started };
    this.time(row);
    return row;
  }

  choose(run, box) {
    if (box.checked && this.chosen.size === 2) {
      const first = this.chosen.keys().next().value;
      this.chosen.delete(first);
      const other = this.rows.get(first)?.line.querySelector("input");
      if (other) other.checked = false;
    }
    if (box.checked) this.chosen.set(run.id, run); else this.chosen.delete(run.id);
    this.settle();
  }

  time({ run, took, started }) {
    started.textContent = ago(run.started);
    const since = run.live ? Math.max(0, Date.now() - Date.parse(run.started)) : run.durationMillis;
    took.replaceChildren(known(since, millis));
  }

  tick() { for (const row of this.rows.values()) this.time(row); }

  /* ---- what changes meanwhile ---- */
  changed(type, data) {
    const id = data.id ?? data.run?.id, run = data.run ?? data;
    if (type === "gone") { this.waiting.delete(id); this.leave(id); return; }
    if (type === "reset") { this.load(); return; }
    if (type !== "run" || !id) return;
    const row = this.rows.get(id);
    if (row && !this.matches(run)) this.leave(id);
    else if (row) this.replace(row, run);
    else if (this.matches(run) && this.isNewest(run)) this.arrive(run);
  }

  leave(id) {
    this.rows.get(id)?.line.remove();
    this.rows.delete(id);
    if (this.rows.size === 0 && this.next) this.load(); else this.settle();
  }

  replace(row, run) {
    const fresh = this.row(run), focused = row.line.contains(document.activeElement) ? document.activeElement.className || document.activeElement.tagName : null;
    row.line.replaceWith(fresh.line);
    if (run.status !== row.run.status || run.questions !== row.run.questions) fresh.line.classList.add("changed");
    this.rows.set(run.id, fresh);
    if (focused) fresh.line.querySelector(focused === "INPUT" ? "input" : "a")?.focus({ preventScroll: true });
  }

  arrive(run) {
    const started = Date.parse(run.started);
    if (this.back.length > 0) {
      if (started > this.newest) this.waiting.set(run.id, run); // others stand on an earlier page, and something more is known of them
      this.settle();
      return;
    }
    this.newest = Math.max(this.newest, started);
    const row = this.row(run);
    row.line.classList.add("changed");
    const before = [...this.rows.values()].find(each => Date.parse(each.run.started) <= Date.parse(run.started));
    if (before) before.line.before(row.line); else this.body.append(row.line);
    this.rows.set(run.id, row);
    if (this.rows.size > LIMIT) {
      const last = this.body.lastElementChild;
      this.rows.delete(last.dataset.id);
      last.remove();
      this.cut = true;
    }
    this.rows = new Map([...this.body.children].map(line => [line.dataset.id, this.rows.get(line.dataset.id)]));
    this.settle();
  }

  isNewest(run) {
    const all = [...this.rows.values()];
    return all.length < LIMIT && !this.next || all.length === 0 || Date.parse(run.started) >= Math.min(...all.map(row => Date.parse(row.run.started)));
  }

  matches(run) {
    const asked = this.asked(), status = asked.get("status");
    return (!asked.get("id") || run.id.startsWith(asked.get("id"))) && (!asked.get("workflow") || run.workflow === asked.get("workflow"))
      && (!status || (status === "live" ? run.live : status === "unfinished" ? isOpen(run) : run.status === status))
      && asked.getAll("label").every(label => { const at = label.indexOf(":"); return run.labels?.[label.slice(0, at)] === label.slice(at + 1); });
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || /^(INPUT|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox") return;
    const links = [...this.body.querySelectorAll("a.run-link")], at = links.findIndex(link => link.closest("tr").contains(document.activeElement));
    const next = links[at < 0 ? 0 : Math.max(0, Math.min(links.length - 1, at + step))];
    if (next) { event.preventDefault(); next.focus(); next.scrollIntoView({ block: "nearest" }); }
  }
}

export async function runsPage(host, frame) {
  const page = new Runs(host, frame);
  try { return await page.start(); } catch (failed) { page.close(); throw failed; }
}
