/* One run: its recorded facts, then what comes. */
import { get, runPath, Stream } from "./api.js";
import { readModel, reportData } from "./facts.js";
import { HealthTab } from "./health.js";
import { Output } from "./output.js";
import { cancel, cancelBranch, fork, pause, questionForm, recover, unpause } from "./actions.js";

const { el, number, clipped, long, words } = RunReport;
const ENDED = ["succeeded", "failed", "cancelled"], HEALTH_PAUSE = 3000, TICK = 500, MOST_QUESTIONS = 20, MOST_QUOTED = 120;

class RunPage {
  constructor(host, id, { about, title, query }) {
    Object.assign(this, { host, id, about, title, query, waiting: [], closed: false, output: new Output(), health: about.health ? new HealthTab() : null });
    this.notices = el("div", { class: "notices" });
    this.buttons = new Map();
    this.loading = el("p", { class: "empty", role: "status" }, "Reading the run…");
  }

  stays(name, of) { return name === "runs" && of === this.id; }

  close() {
    this.closed = true;
    clearInterval(this.clock);
    clearInterval(this.checks);
    this.stream?.close();
    this.view?.dispose();
  }

  async start() {
    this.host.replaceChildren(this.back(), this.loading);
    this.detail = await get(runPath(this.id));
    const { run } = this.detail;
    this.title(run.workflow + " " + run.id);
    const model = await readModel(this.id, this.detail, count => { this.loading.textContent = number(count) + " events read…"; }, () => !this.closed);
    if (this.closed) return this;
    this.show(model);
    if (!this.over()) this.listen();
    if (this.health && this.detail.run.live) {
      this.check();
      this.checks = setInterval(() => this.check(), HEALTH_PAUSE);
    }
    this.clock = setInterval(() => { if (this.stream && this.detail.run.live && !this.over()) this.view.tick(Date.now() + (this.about.ahead ?? 0)); }, TICK);
    return this;
  }

  back() { return el("p", { class: "crumbs" }, el("a", { href: "#/" }, "← All runs")); }

  over() { return ENDED.includes(this.detail.run.status) || ENDED.includes(this.view?.model.state.totals.status); }

  show(model) {
    const body = el("div", {}), live = this.detail.run.live;
    this.host.replaceChildren(this.back(), body);
    this.view = RunReport.show(body, reportData(this.detail), { live, model, tabs: [this.output.tab(live), ...(this.health ? [this.health.tab(live)] : [])], actions: this.bar(), notices: this.notices, runLink: id => "#/runs/" + encodeURIComponent(id), moved: () => this.settle() });
    if (this.query.get("at")) this.view.seek(Math.min(model.events.length, Number(this.query.get("at")) || 0));
    this.settle();
  }

  /* ---- live ---- */
  listen() {
    const { events } = this.view.model;
    this.stream = new Stream(runPath(this.id, "/events"), { event: (type, data) => this.take(type, data), again: () => this.refresh() }, events.length > 0 ? events[events.length - 1].raw.sequence : null);
  }

  take(type, data) {
    if (type === "fact") { this.waiting.push(data); this.later(); }
    else if (type === "output") this.output.take(data);
    else if (type === "end") { this.flush(); this.ended(); }
  }

  later() {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => { this.drawing = false; this.flush(); });
    setTimeout(() => { if (this.drawing) { this.drawing = false; this.flush(); } }, 500); // a page in the background has no frames
  }

  /* Events come in order and may come twice after a reconnect; if one is missing, they are asked for again from there. */
  flush() {
    if (this.closed || this.waiting.length === 0) return;
    const { events } = this.view.model, fresh = [];
    let next = events.length > 0 ? events[events.length - 1].raw.sequence + 1 : 0;
    for (const event of this.waiting) {
      if (event.sequence < next) continue;
      if (event.sequence > next) { this.stream?.after(next - 1); break; }
      fresh.push(event);
      next++;
    }
    this.waiting = [];
    if (fresh.length > 0) this.view.append(fresh);
  }

  async ended() {
    this.stream?.close();
    this.stream = null;
    await this.refresh();
    if (!this.closed && this.detail.run.live && !this.over()) this.listen();
  }

  async check() {
    if (document.hidden) return;
    try {
      const told = await get("health");
      if (!this.closed && this.health.take(told)) this.view.fill();
    } catch { /* the next look may succeed */ }
  }

  async refresh() {
    try { this.detail = await get(runPath(this.id)); } catch { return; }
    if (this.closed) return;
    const { run, result } = this.detail;
    this.view.options.live = run.live;
    this.view.update({ run: reportData(this.detail).run, ...(result === null || result === undefined ? {} : { result: String(result) }) });
    this.settle();
  }

  /* ---- what can be done ---- */
  bar() {
    const button = (name, text, kind, doIt) => { const node = el("button", { type: "button", class: kind, hidden: true, onclick: doIt }, text); this.buttons.set(name, node); return node; };
    const then = action => async () => { if (await action()) this.refresh(); };
    const run = () => this.detail.run;
    return [button("pause", "Pause", null, then(() => pause(run()))), button("unpause", "Resume", null, then(() => unpause(run()))), button("recover", "Recover", "primary", then(async () => this.recovered(await recover(run())))),
      button("branch", "Cancel branch", null, then(() => cancelBranch(run(), this.view.branch.name, this.view.model.agentAt(this.view.branch, this.view.count)))),
      button("fork", "Fork from here", null, then(() => fork(run(), this.turn().seq, clipped(words(this.turn()), MOST_QUOTED)))), el("a", { class: "button", href: "#/compare?a=" + encodeURIComponent(this.id) }, "Compare"), button("cancel", "Cancel run", "danger quiet", then(() => cancel(run())))];
  }

  recovered(done) { if (done && !this.stream) this.listen(); return done; }

  /* The event before the slider with which a run can be taken another way: its start, the end of a step, an answer. */
  turn() {
    const { events } = this.view.model;
    let at = this.view.count - 1;
    while (at > 0 && !["step-settled", "question-answered"].includes(events[at].type)) at--;
    return events[at];
  }

  settle() {
    if (!this.view?.state) return;
    const { run } = this.detail, { view } = this, last = view.model.state.totals.status, running = run.live && !ENDED.includes(last), paused = last === "paused", allowed = this.about.actions;
    const chosen = view.branch && view.model.statusAt(view.branch, view.model.events.length);
    const shown = { pause: running && !paused, unpause: running && paused, cancel: running || (!run.live && run.status === "unfinished"), recover: !run.live && run.status === "unfinished",
      branch: running && chosen && !["answered", "failed", "moved", "cancelled"].includes(chosen), fork: view.count > 0 };
    for (const [name, button] of this.buttons) button.hidden = !(allowed && shown[name]);
    const all = view.state.questions.size, questions = [...view.state.questions.values()].slice(0, MOST_QUESTIONS), failure = view.atEnd() && last === "failed" ? view.data.result : null;
    const key = JSON.stringify([questions.map(question => question.id), all, allowed, view.atEnd() && running, failure?.length]);
    if (key === this.noticed) return;
    this.noticed = key;
    const closed = !running || !view.atEnd() ? "" : allowed ? null : "The inspector was started without actions, so answers are not taken here.";
    this.notices.replaceChildren(...(all > 0 ? [el("section", { class: "card notice", "aria-label": "Pending questions" }, el("ul", {}, questions.map(question => questionForm(run, question, closed))),
      all > MOST_QUESTIONS ? el("p", { class: "dim" }, "and " + number(all - MOST_QUESTIONS) + " more, in the tab Questions") : null)] : []),
    ...(failure ? [el("section", { class: "card notice is-bad", "aria-label": "Failure" }, el("b", {}, "The run has failed"), long(String(failure).trim()))] : []));
  }
}

export async function runPage(host, frame) {
  const page = new RunPage(host, frame.of, frame);
  try { return await page.start(); } catch (failed) { page.close(); throw failed; }
}
