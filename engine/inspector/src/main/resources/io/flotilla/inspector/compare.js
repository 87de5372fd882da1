/* Two runs, or a run and its fork, side by side, with the first difference marked. */
import { get, runPath } from "./api.js";
import { readModel } from "./facts.js";

const { el, number, many, millis, words, Timeline, Table, tabs } = RunReport;

function chooser(query) {
  const input = (name, label) => { const node = el("input", { name, required: true, autocomplete: "off", spellcheck: "false", placeholder: "Run id" }); node.value = query.get(name) ?? ""; return el("label", { class: "field" }, el("span", {}, label), node); };
  const go = event => { event.preventDefault(); const values = new FormData(event.currentTarget); location.hash = "#/compare?" + new URLSearchParams([["a", values.get("a").trim()], ["b", values.get("b").trim()]]); };
  return el("form", { class: "card chooser", onsubmit: go }, el("p", { class: "dim" }, "Choose two runs by their ids, or tick two in the table of runs. A fork is compared with the run it was taken from in the same way."), el("div", { class: "two" }, input("a", "Run A"), input("b", "Run B")), el("button", { type: "submit", class: "primary" }, "Compare"));
}

class Side {
  constructor(name, detail, model) { Object.assign(this, { name, detail, model, state: model.at(model.events.length) }); }

  /* The place of the first event that came of a fact, or of a later one. */
  from(fact) {
    const at = this.model.events.findIndex(entry => entry.raw.fact >= fact);
    return at < 0 ? this.model.events.length : at;
  }

  card(difference, upTo, choose) {
    const { run } = this.detail, at = this.model.events[difference];
    const told = at ? el("p", {}, at.raw.agent ? el("b", {}, at.raw.agent, " ") : null, words(at), at.type === "run-started" ? ", with another task or of another version" : null, el("span", { class: "dim" }, " · " + millis(at.ms))) : el("p", { class: "dim" }, "This run has no more events.");
    this.node = el("section", { class: "card side timeline", "aria-label": "Run " + this.name }, el("div", { class: "bar" }, el("h2", {}, el("span", { class: "letter" }, this.name), el("a", { href: "#/runs/" + encodeURIComponent(run.id) }, run.workflow)), el("span", { class: "badge " + run.status }, run.status)),
      el("p", { class: "mono dim side-id" }, run.id), difference === null ? null : el("div", { class: "differs" }, el("span", { class: "flag" }, "first difference"), told));
    this.timeline = new Timeline(this.model, this.node, choose);
    this.timeline.flag = difference === null ? null : at?.ms ?? this.model.last;
    this.timeline.upTo = upTo;
    return this.node;
  }
}

class Compare {
  constructor(host, query, title) { Object.assign(this, { host, query, title, a: query.get("a"), b: query.get("b") }); }

  close() { this.closed = true; this.sides?.forEach(side => side.timeline?.dispose()); this.rows?.dispose(); }

  async start() {
    this.title("Compare");
    const head = el("div", { class: "page-head" }, el("h1", {}, "Compare"));
    if (!this.a || !this.b) { this.host.replaceChildren(head, chooser(this.query)); return this; }
    const status = el("p", { class: "empty", role: "status" }, "Reading both runs…");
    this.host.replaceChildren(head, status);
    const read = async (id, name) => {
      const detail = await get(runPath(id));
      return new Side(name, detail, await readModel(id, detail, count => { status.textContent = many(count, "event") + " read…"; }, () => !this.closed));
    };
    const [told, ...sides] = await Promise.all([get("compare?" + new URLSearchParams({ a: this.a, b: this.b })), read(this.a, "A"), read(this.b, "B")]);
    if (this.closed) return this;
    this.sides = sides;
    this.show(head, told);
    return this;
  }

  show(head, told) {
    const [a, b] = this.sides, all = Math.max(a.model.events.length, b.model.events.length), upTo = Math.max(a.model.last, b.model.last);
    const difference = told.difference ? Math.min(...this.sides.map(side => side.from(told.difference.position ?? told.common))) : null;
    this.difference = difference;
    const verdict = difference === null ? el("p", { class: "verdict same" }, el("b", {}, "No difference."), " Both runs have the same " + many(all, "event") + ".")
      : el("p", { class: "verdict" }, difference === 0 ? el("b", {}, "They differ from the start.") : el("span", {}, "The first ", el("b", {}, many(difference, "event")), (difference === 1 ? " is" : " are") + " the same, then they part."));
    this.host.replaceChildren(head, verdict, this.numbers(a, b), el("div", { class: "two" }, this.sides.map(side => side.card(difference, upTo, branch => this.rows.reveal(branch.start.seq)))), this.list(a, b, all));
    this.rows.show(all);
    if (difference !== null) this.rows.reveal(difference);
  }

  numbers(a, b) {
    const used = side => side.detail.run.tokens ?? null;
    const rows = [["status", side => side.detail.run.status, null], ["time", side => side.state.moment, millis], ["events", side => side.model.events.length, number], ["branches", side => side.model.branches.size, number], ["steps", side => side.state.totals.steps, number],
      ["failed branches", side => side.state.totals.failed, number], ["retries", side => side.state.totals.retries, number], ["tokens", used, number], ["cost", side => Number(side.detail.run.cost ?? 0), value => tabs.cost(value) || "–"]];
    const text = (form, value) => value === null ? "–" : form ? form(value) : value;
    const line = (letter, side) => el("tr", {}, el("th", { scope: "row" }, el("span", { class: "letter" }, letter)), rows.map(([, of, form]) => el("td", { class: "num" + (of(a) === of(b) ? "" : " differs-cell") }, text(form, of(side)))));
    return el("section", { class: "card", "aria-label": "The numbers of both" }, tabs.table("The numbers of both", ["run", ...rows.map(([name]) => "#" + name)], [line("A", a), line("B", b)]));
  }

  list(a, b, all) {
    const cell = (side, at) => { const entry = side.model.events[at]; return entry ? el("span", { class: "agent" }, entry.raw.agent ? tabs.agentCell({ model: side.model }, entry.raw.agent) : null, el("span", { class: "what" }, words(entry))) : el("span", { class: "dim" }, "–"); };
    this.rows = new Table({ label: "Events of both runs", columns: [{ name: "no.", num: true, width: "4.4rem" }, { name: "A", width: "minmax(0, 1fr)" }, { name: "B", width: "minmax(0, 1fr)" }],
      row: at => ({ cells: [number(at), cell(a, at), cell(b, at)], class: this.difference !== null && at === this.difference ? "first-difference" : this.difference === null || at < this.difference ? "common" : "" }) });
    return el("section", { class: "card", "aria-label": "Events side by side" }, el("div", { class: "bar" }, el("h2", {}, "Events side by side"), el("span", { class: "dim" }, many(all, "row"))), this.rows.node);
  }
}

export async function comparePage(host, { query, title }) {
  const page = new Compare(host, query, title);
  try { return await page.start(); } catch (failed) { page.close(); throw failed; }
}
