"use strict";
/*
 * What a run's events say, for the page of one run. The scripts run-*.js are loaded in the order model, layout, graph, timeline, table, tabs, report, and share the one name RunReport.
 * Texts go into the page as text nodes only, so nothing an agent has said can become markup.
 */
var RunReport = (() => {
  const KEEP = 1000, LONG = 1200, MOST_WORDS = 600;
  const SVG = "http://www.w3.org/2000/svg";
  const ENDS = { "branch-answered": "answered", "branch-failed": "failed", "branch-moved-on": "moved", "branch-cancelled": "cancelled" };
  const WAITS = { forked: "join", "question-asked": "ask", "sleep-started": "ask", "signal-awaited": "ask" };

  /* ---- small tools ---- */
  function el(name, attributes = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "class") { if (value) node.className = value; }
      else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : String(value));
    }
    node.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false).map(child => child instanceof Node ? child : String(child)));
    return node;
  }
  function svg(name, attributes = {}, ...children) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
    node.append(...children);
    return node;
  }
  const NUMBER = new Intl.NumberFormat("en"), BRIEF = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const number = value => NUMBER.format(Number(value));
  const brief = value => value < 10000 ? number(value) : BRIEF.format(Number(value));
  const many = (count, one, more = one + "s") => number(count) + " " + (Number(count) === 1 ? one : more);
  function millis(value) {
    if (value < 1000) return Math.round(value) + " ms";
    if (value < 60000) return (value / 1000).toFixed(value < 10000 ? 2 : 1) + " s";
    const minutes = Math.floor(value / 60000);
    return minutes < 60 ? minutes + " min " + Math.floor((value % 60000) / 1000) + " s" : Math.floor(minutes / 60) + " h " + (minutes % 60) + " min";
  }
  /* The end of a long text is left out, never half a character. */
  function clipped(text, most) {
    if (text.length <= most) return text;
    const half = /[\ud800-\udbff]/.test(text[most - 1]);
    return text.slice(0, half ? most - 1 : most) + "…";
  }
  /* A text of any length: where it is very long its beginning, and the rest for who asks. */
  function long(text, name = "p", kind = "reason") {
    const node = el(name, { class: kind }, clipped(text, LONG));
    if (text.length > LONG) node.append(" ", el("button", { type: "button", class: "small", onclick: () => { node.replaceChildren(text); node.tabIndex = -1; node.focus(); } }, "Show all " + number(text.length) + " characters"));
    return node;
  }
  /* As much of a text as is not wider, with … for its middle. */
  function fitted(pen, text, width) {
    if (pen.measureText(text).width <= width) return text;
    const all = [...clipped(text, 400)], cut = count => all.slice(0, Math.ceil(count / 2)).join("") + "…" + (count > 1 ? all.slice(all.length - Math.floor(count / 2)).join("") : "");
    let fits = 0, wide = all.length;
    while (wide - fits > 1) { const middle = (fits + wide) >> 1; if (pen.measureText(cut(middle)).width <= width) fits = middle; else wide = middle; }
    return cut(fits);
  }
  /* A name in a line with others, whichever way it is written. */
  const isolated = name => "\u2068" + name + "\u2069";
  /* /0.2/1.0/ as the numbers 0 2 1 0. A branch outside every fork is written /~1/, and comes after all that the first one has forked. */
  const path = text => text.split("/").filter(part => part !== "").flatMap(part => part.startsWith("~") ? [Infinity, Number(part.slice(1))] : part.split(".").map(Number));
  const parentOf = text => text.slice(0, text.lastIndexOf("/", text.length - 2) + 1);
  function comparePaths(left, right) {
    for (let at = 0; at < Math.min(left.length, right.length); at++) if (left[at] !== right[at]) return left[at] - right[at];
    return left.length - right.length;
  }

  /* ---- what all events say, each branch with the spans of its steps and waits ---- */
  class Model {
    constructor(data) {
      this.data = data;
      this.events = [];
      this.branches = new Map();
      this.rows = [];
      this.failures = [];
      this.forks = new Map();
      this.arrivals = new Map();
      this.colors = new Map();
      this.zero = null;
      this.reached = 0; // the moment of the last event
      this.last = 0; // what the timeline reaches to: of a live run, now
      this.state = new State();
      this.kept = [];
      for (const node of data.topology?.nodes ?? []) if (!["start", "end", "user"].includes(node.kind)) this.color(node.name);
      this.add(data.events || []);
    }

    /* Which of the colours of the page an agent has. */
    color(agent) {
      let known = this.colors.get(agent);
      if (known === undefined) this.colors.set(agent, known = this.colors.size % 8);
      return known;
    }

    /* Takes further events, in order; gives back what it has made of them. */
    add(events) {
      const added = [], born = [];
      for (const event of events) {
        const at = Date.parse(event.at);
        if (this.zero === null) this.zero = at;
        this.reached = Math.max(at - this.zero, this.reached);
        this.last = Math.max(this.reached, this.last);
        const entry = { seq: this.events.length, ms: this.reached, raw: event, type: event.type };
        this.events.push(entry);
        added.push(entry);
        const branch = this.take(entry);
        if (branch) born.push(branch);
        this.count(entry);
      }
      this.ordered(born);
      return added;
    }

    /* A state is kept before every thousandth event, for those who go back. */
    count(entry) {
      if (entry.seq % KEEP === 0) this.kept.push(this.state.copy());
      this.state.take(entry);
    }

    /* In lineage order: those that come last anyway are only put at the end. */
    ordered(born) {
      const { rows } = this, compare = (left, right) => comparePaths(left.parts, right.parts);
      born.sort(compare);
      const inOrder = born.length === 0 || rows.length === 0 || compare(rows[rows.length - 1], born[0]) < 0;
      const from = inOrder ? rows.length : 0;
      for (const branch of born) rows.push(branch);
      if (!inOrder) rows.sort(compare);
      for (let at = from; at < rows.length; at++) rows[at].row = at;
    }

    take(entry) {
      const event = entry.raw;
      const name = event.branch ?? event.question?.branch;
      if (name === undefined || name === null) return null;
      if (entry.type === "branch-started") return this.born(entry, name);
      const branch = this.branches.get(name);
      if (!branch) return null;
      const open = branch.spans[branch.spans.length - 1];
      const close = () => { if (open && open.to === null) open.to = entry; };
      const begin = kind => { close(); branch.spans.push({ kind, agent: event.agent ?? branch.agent, from: entry, to: null, failed: false, attempts: 1 }); };
      const mark = glyph => branch.marks.push({ seq: entry.seq, ms: entry.ms, glyph });
      switch (entry.type) {
        case "step-started": branch.steps++; begin("step"); break;
        case "step-settled":
          if (open && open.kind === "step") Object.assign(open, { failed: event.failed === true, attempts: event.attempts ?? 1, degraded: event.degraded === true });
          close();
          break;
        case "forked": Object.assign(this.fork(name, event.fork), { branch, opened: entry, size: event.branches }); begin("join"); break;
        case "joined": this.fork(name, event.fork).closed = entry; close(); mark(")"); break;
        case "question-answered": case "sleep-ended": case "signal-taken": case "compensation-settled": close(); break;
        case "compensation-started": begin("undo"); break;
        case "rendezvous-fired": this.arrived(event.agent).push({ seq: entry.seq, fired: true }); break;
        case "decision-rejected": mark("?"); break;
        case "handed-off":
          close();
          entry.edge = branch.agent + "\n" + event.to;
          branch.moves.push({ seq: entry.seq, agent: event.to });
          branch.agent = event.to;
          mark("/");
          break;
        default:
          if (WAITS[entry.type]) begin(WAITS[entry.type]);
          else if (ENDS[entry.type]) { close(); this.ended(entry, branch, event); }
      }
      return null;
    }

    born(entry, name) {
      const { agent } = entry.raw;
      const parent = name === "/" ? undefined : this.branches.get(parentOf(name));
      const branch = { name, parts: path(name), depth: path(name).length / 2 - (name.startsWith("/~") ? 1 : 0), start: entry, end: null, spans: [], marks: [], agent, moves: [{ seq: entry.seq, agent }], steps: 0 };
      this.color(agent);
      if (name === "/") entry.edge = "start\n" + agent;
      else if (parent) entry.edge = parent.moves[parent.moves.length - 1].agent + "\n" + agent;
      const part = name.slice(parentOf(name).length, -1);
      if (parent && !part.startsWith("~")) this.fork(parent.name, part.split(".")[0]).members.push(branch);
      this.branches.set(name, branch);
      return branch;
    }

    ended(entry, branch, event) {
      entry.place = branch.agent;
      if (entry.type === "branch-answered" && event.late !== true) entry.edge = branch.agent + "\n" + this.asker(branch);
      if (event.to) {
        entry.edge = branch.agent + "\n" + event.to;
        if (event.to !== "end" && event.late !== true) this.arrived(event.to).push({ seq: entry.seq, branch });
      }
      branch.end = { seq: entry.seq, ms: entry.ms, fate: ENDS[entry.type], late: event.late === true, to: event.to };
      if (entry.type === "branch-failed") this.failures.push({ entry, branch });
    }

    /* Who gets a branch's answer: the agent that forked it, or the end of the run. */
    asker(branch) {
      const parent = branch.name === "/" ? undefined : this.branches.get(parentOf(branch.name));
      return parent && !branch.name.startsWith("~", 1) ? parent.agent : "end";
    }

    fork(branch, fork) {
      const key = branch + "#" + fork;
      let known = this.forks.get(key);
      if (!known) this.forks.set(key, known = { key, fork: Number(fork), branch: null, opened: null, closed: null, size: 0, members: [] });
      return known;
    }

    arrived(node) {
      let known = this.arrivals.get(node);
      if (!known) this.arrivals.set(node, known = []);
      return known;
    }

    /* What the run is like after so many events: from the nearest of the states kept on the way. */
    at(count) {
      const from = Math.floor(Math.max(0, count - 1) / KEEP);
      const state = count === 0 ? new State() : this.kept[from].copy();
      for (let at = from * KEEP; at < count; at++) state.take(this.events[at]);
      state.moment = count === 0 ? 0 : count === this.events.length ? this.last : this.events[count - 1].ms;
      return state;
    }

    /* Where a branch is after so many events. */
    agentAt(branch, count) {
      let agent = branch.moves[0].agent;
      for (const move of branch.moves) if (move.seq < count) agent = move.agent;
      return agent;
    }

    /* What a branch is doing after so many events, in a word; null before it starts. */
    statusAt(branch, count) {
      if (branch.start.seq >= count) return null;
      if (branch.end && branch.end.seq < count) return branch.end.fate;
      for (let at = branch.spans.length - 1; at >= 0; at--) {
        const span = branch.spans[at];
        if (span.from.seq >= count) continue;
        return span.to && span.to.seq < count ? "ready" : { step: "running", join: "joining", ask: "waiting", undo: "compensating" }[span.kind];
      }
      return "ready";
    }

    forksAt(count) {
      return [...this.forks.values()].filter(({ opened, closed, branch }) => opened && opened.seq < count && !(closed && closed.seq < count) && !(branch.end && branch.end.seq < count));
    }

    /* Who has come to a rendezvous that has not fired since. */
    arrivedAt(node, count) {
      let come = [];
      for (const each of this.arrivals.get(node)) if (each.seq < count) { if (each.fired) come = []; else come.push(each.branch); }
      return come;
    }

    joinCountAt(count) { return this.forksAt(count).length + [...this.arrivals.keys()].filter(node => this.arrivedAt(node, count).length > 0).length; }

    /* The forks and rendezvous that wait after so many events, each with who has come and who is awaited. */
    joinsAt(count) {
      const waiting = [];
      for (const fork of this.forksAt(count)) {
        const told = { kind: "fork", agent: this.agentAt(fork.branch, count), branch: fork.branch.name, size: fork.size, answered: 0, failed: 0, moved: 0, cancelled: 0, awaited: [] };
        for (const member of fork.members) {
          if (member.end && member.end.seq < count) told[member.end.fate]++;
          else if (member.start.seq < count) told.awaited.push(member);
        }
        waiting.push(told);
      }
      for (const node of this.arrivals.keys()) {
        const come = this.arrivedAt(node, count);
        if (come.length > 0) waiting.push({ kind: "rendezvous", agent: node, branch: "", size: come.length, arrived: come, awaited: this.canReach(node, count) });
      }
      return waiting;
    }

    canReach(node, count) {
      const before = new Map();
      for (const [from, to] of this.data.topology?.edges ?? []) { if (!before.has(to)) before.set(to, []); before.get(to).push(from); }
      const seen = new Set(), todo = [node];
      while (todo.length > 0) for (const from of before.get(todo.pop()) ?? []) if (!seen.has(from)) { seen.add(from); todo.push(from); }
      return this.rows.filter(branch => { const status = this.statusAt(branch, count); return status !== null && !FATES.has(status) && seen.has(this.agentAt(branch, count)); });
    }
  }
  const FATES = new Set(Object.values(ENDS));
  const NOTHING = { inputTokens: 0, outputTokens: 0, cost: 0 };

  /* ---- what a run is like after some events, as far as the graph and the numbers show it ---- */
  class State {
    constructor(nodes = new Map(), edges = new Map(), questions = new Map(), totals = { live: 0, steps: 0, retries: 0, failed: 0, ended: 0, corrections: 0, writes: 0, isGuessed: false, status: "running", own: NOTHING, used: NOTHING }, values = new Map()) {
      Object.assign(this, { nodes, edges, questions, totals, values, moment: 0 });
    }

    copy() {
      const nodes = new Map();
      for (const [name, node] of this.nodes) nodes.set(name, { ...node });
      return new State(nodes, new Map(this.edges), new Map(this.questions), { ...this.totals }, new Map(this.values));
    }

    node(name) {
      let known = this.nodes.get(name);
      if (!known) this.nodes.set(name, known = { live: 0, steps: 0, failed: 0, retries: 0, degraded: 0, ...NOTHING });
      return known;
    }

    take({ type, raw, place, edge }) {
      const { totals } = this;
      if (edge !== undefined) this.edges.set(edge, (this.edges.get(edge) ?? 0) + 1);
      switch (type) {
        case "branch-started": this.node(raw.agent).live++; totals.live++; break;
        case "step-started": this.node(raw.agent).steps++; totals.steps++; break;
        case "step-settled": this.settled(raw); break;
        case "handed-off": this.node(raw.agent).live--; this.node(raw.to).live++; break;
        case "decision-rejected": totals.corrections++; break;
        case "question-asked": this.questions.set(raw.question.branch, raw.question); break;
        case "question-answered": this.questions.delete(raw.branch); break;
        case "state-written": totals.writes++; this.written(raw); break;
        case "run-paused": totals.status = "paused"; break;
        case "run-resumed": totals.status = "running"; break;
        case "compensation-started": totals.status = "compensating"; break;
        case "compensation-settled": this.used(this.node(raw.agent), raw); break;
        case "run-finished": totals.status = String(raw.status).toLowerCase(); this.questions.clear(); break;
        default:
          if (ENDS[type]) {
            this.node(place).live--; totals.live--; totals.ended++;
            this.questions.delete(raw.branch); // nobody waits for the answer any more
            if (type === "branch-failed") totals.failed++;
          }
      }
    }

    /* The run's own state; a value that was removed is null. */
    written(raw) {
      for (const { key, value, version } of raw.changes)
        if (value === null || value === undefined) this.values.delete(key); else this.values.set(key, { value, version, agent: raw.agent });
    }

    settled(raw) {
      const node = this.node(raw.agent), again = Math.max(0, (raw.attempts ?? 1) - 1);
      node.retries += again;
      this.totals.retries += again;
      if (raw.failed === true) node.failed++;
      if (raw.degraded === true) node.degraded++;
      this.used(node, raw);
    }

    /* What a step has used, and the whole run by then, which a live event does not say. Where a step's is not recorded, it is what was used since the step that ended before. */
    used(node, { usage, used }) {
      const { totals } = this, own = {}, whole = {};
      for (const what of Object.keys(NOTHING)) {
        const step = usage ? Number(usage[what]) : Math.max(0, Number(used?.[what] ?? 0) - totals.used[what]);
        node[what] += step;
        totals.isGuessed ||= !usage && step > 0;
        own[what] = totals.own[what] + step;
        whole[what] = used ? Number(used[what]) : Math.max(totals.used[what], own[what]);
      }
      Object.assign(totals, { own, used: whole });
    }
  }

  /* ---- words ---- */
  const reasonOf = event => {
    const { failure } = event;
    return failure === null || failure === undefined ? "" : typeof failure === "string" ? failure : failure.message ?? failure.reason ?? JSON.stringify(failure);
  };
  const steps = raw => "step " + raw.step + (raw.failed ? " fails" : " ends") + (raw.attempts > 1 ? " after " + many(raw.attempts, "attempt") : "") + (raw.degraded ? ", by a fallback" : "");
  const late = raw => raw.late ? ", too late to count" : "";
  const byDefault = raw => raw.byDefault ? ", by default" : "";
  const SAID = {
    "run-started": () => "the run starts", "run-paused": () => "the run is paused", "run-resumed": () => "the run is resumed", "run-finished": raw => "the run ends: " + String(raw.status).toLowerCase(),
    "state-written": raw => "writes state " + raw.changes.map(change => change.key).join(", "), "branch-started": () => "branch starts", "step-started": raw => "step " + raw.step + " starts", "step-settled": steps, "decision-rejected": raw => "decision rejected: " + raw.problem, "handed-off": raw => "hands over to " + raw.to,
    forked: raw => "forks into " + many(raw.branches, "branch", "branches"), joined: raw => `join ${raw.verdict}: ${number(raw.answered)} answered, ${number(raw.failed)} failed` + (raw.stragglers > 0 ? ", " + number(raw.stragglers) + " still live" : ""),
    "rendezvous-fired": raw => `rendezvous ${raw.verdict}: ` + many(raw.arrivals, "arrival"), "branch-answered": raw => "answers" + late(raw), "branch-failed": raw => "fails: " + reasonOf(raw),
    "branch-moved-on": raw => (raw.to ? "moves on to " + raw.to : "has moved on with all its branches") + late(raw), "branch-cancelled": () => "is cancelled", "question-asked": raw => "asks: " + raw.question.text,
    "question-answered": raw => "is answered" + byDefault(raw), "sleep-ended": () => "wakes", "signal-awaited": raw => "waits for signal " + raw.signal, "signal-taken": raw => "takes signal " + raw.signal + byDefault(raw), "signal-received": raw => `signal ${raw.signal} comes: ${raw.delivery}`,
    "compensation-started": raw => "step " + raw.step + " is being undone", "compensation-settled": raw => "step " + raw.step + (raw.failed ? " cannot be undone" : " is undone"),
  };
  const words = entry => clipped(told(entry), MOST_WORDS);
  function told({ type, raw }) {
    if (SAID[type]) return SAID[type](raw);
    const skip = new Set(["type", "sequence", "fact", "at", "branch", "agent", "used"]);
    const fields = Object.entries(raw).filter(([key, value]) => !skip.has(key) && value !== null && value !== undefined && value !== false)
      .map(([key, value]) => key + " " + (typeof value === "object" ? value.reason ?? value.message ?? value.text ?? JSON.stringify(value) : value)).join(", ");
    return type.replaceAll("-", " ") + (fields ? ": " + fields : "");
  }

  return { Model, el, svg, number, many, brief, millis, words, reasonOf, clipped, long, fitted, isolated };
})();
