"use strict";
/*
 * The page of one run: RunReport.show(root, data) draws it. data: { run: {...}, topology: { nodes: [{name, kind}], edges: [[from, to]] }, events: [...] }, the events in the form of
 * RunEvent.toMap(). Texts go into the page as text nodes only, so nothing an agent has said can become markup.
 */
const RunReport = (() => {
  const KEEP = 1000, ROW = 20, INDENT = 12, PAD = 10, MIN_NAMES = 130;
  const SVG = "http://www.w3.org/2000/svg";
  const ENDS = { "branch-answered": "answered", "branch-failed": "failed", "branch-moved-on": "moved", "branch-cancelled": "cancelled" };
  const GLYPH = { answered: "✓", failed: "✕", moved: "→", cancelled: "⊘" };

  /* ---- small tools ---- */
  function el(name, attributes = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "class") node.className = value;
      else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : String(value));
    }
    node.append(...children.flat().filter(child => child !== null && child !== undefined).map(child => child instanceof Node ? child : String(child)));
    return node;
  }
  function svg(name, attributes = {}, ...children) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
    node.append(...children);
    return node;
  }
  const number = value => Number(value).toLocaleString("en");
  function millis(value) {
    if (value < 1000) return Math.round(value) + " ms";
    if (value < 60000) return (value / 1000).toFixed(value < 10000 ? 2 : 1) + " s";
    const minutes = Math.floor(value / 60000);
    return minutes < 60 ? minutes + " min " + Math.round((value % 60000) / 1000) + " s" : Math.floor(minutes / 60) + " h " + (minutes % 60) + " min";
  }
  function hue(text) {
    let hash = 7;
    for (const char of text) hash = (hash * 31 + char.codePointAt(0)) >>> 0;
    return (hash * 137) % 360;
  }
  /* A branch outside every fork is written /~1/. */
  const path = text => text.split("/").filter(part => part !== "").map(part => part.startsWith("~") ? "0." + part.slice(1) : part);
  function comparePaths(left, right) {
    for (let at = 0; at < Math.min(left.length, right.length); at++) {
      const [a, b] = [left[at].split(".").map(Number), right[at].split(".").map(Number)];
      const difference = (a[0] - b[0]) || ((a[1] ?? 0) - (b[1] ?? 0));
      if (difference) return difference;
    }
    return left.length - right.length;
  }

  /* ---- the model: what all events say, each branch with the spans of its steps and waits ---- */
  class Model {
    constructor(data) {
      this.data = data;
      this.events = [];
      this.branches = new Map();
      this.rows = [];
      this.failures = [];
      this.zero = null;
      this.last = 0;
      this.state = new State();
      this.kept = [this.state.copy()];
      this.add(data.events || []);
    }

    add(events) {
      let born = false;
      for (const event of events) {
        const at = Date.parse(event.at);
        if (this.zero === null) this.zero = at;
        const moment = Math.max(at - this.zero, this.last);
        this.last = moment;
        const entry = { seq: this.events.length, ms: moment, raw: event, type: event.type };
        this.events.push(entry);
        born = this.take(entry) || born;
        this.state.take(entry);
        if (this.events.length % KEEP === 0) this.kept.push(this.state.copy());
      }
      if (born) {
        this.rows = [...this.branches.values()].sort((left, right) => comparePaths(left.parts, right.parts));
        this.rows.forEach((branch, at) => { branch.row = at; });
      }
    }

    take(entry) {
      const event = entry.raw;
      const name = event.branch ?? event.question?.branch;
      if (name === undefined || name === null) return false;
      let branch = this.branches.get(name);
      if (entry.type === "branch-started") {
        const parent = this.branches.get("/" + path(name).slice(0, -1).map(part => part + "/").join(""));
        if (name === "/") entry.edge = "start\n" + event.agent;
        else if (parent) entry.edge = parent.agent + "\n" + event.agent;
        this.branches.set(name, { name, parts: path(name), start: entry, end: null, spans: [], marks: [], agent: event.agent, moves: [{ seq: entry.seq, agent: event.agent }], steps: 0 });
        return true;
      }
      if (!branch) return false;
      const open = branch.spans[branch.spans.length - 1];
      const close = () => { if (open && open.to === null) open.to = entry; };
      switch (entry.type) {
        case "step-started":
          close();
          branch.steps++;
          branch.spans.push({ kind: "step", agent: event.agent, from: entry, to: null, failed: false });
          break;
        case "step-settled":
          if (open && open.kind === "step") open.failed = event.failed === true;
          close();
          break;
        case "forked":
          close();
          branch.spans.push({ kind: "wait", agent: event.agent, from: entry, to: null, failed: false });
          break;
        case "joined":
          close();
          branch.marks.push({ seq: entry.seq, ms: entry.ms, glyph: ")" });
          break;
        case "question-asked":
          close();
          branch.spans.push({ kind: "ask", agent: branch.agent, from: entry, to: null, failed: false });
          break;
        case "question-answered":
        case "sleep-ended":
        case "signal-taken":
          close();
          break;
        case "sleep-started":
        case "signal-awaited":
          close();
          branch.spans.push({ kind: "ask", agent: event.agent, from: entry, to: null, failed: false });
          break;
        case "compensation-started":
          branch.spans.push({ kind: "undo", agent: event.agent, from: entry, to: null, failed: false });
          break;
        case "compensation-settled":
          close();
          break;
        case "handed-off":
          close();
          entry.edge = branch.agent + "\n" + event.to;
          branch.moves.push({ seq: entry.seq, agent: event.to });
          branch.agent = event.to;
          branch.marks.push({ seq: entry.seq, ms: entry.ms, glyph: "/" });
          break;
        default:
          if (ENDS[entry.type]) {
            close();
            entry.place = branch.agent;
            if (event.to) entry.edge = branch.agent + "\n" + event.to;
            branch.end = { seq: entry.seq, ms: entry.ms, fate: ENDS[entry.type], late: event.late === true, to: event.to };
            if (entry.type === "branch-failed") this.failures.push({ entry, branch });
          }
      }
      return false;
    }

    /* What the run is like after so many events: from the nearest of the states kept on the way. */
    at(count) {
      const state = this.kept[Math.floor(count / KEEP)].copy();
      for (let at = Math.floor(count / KEEP) * KEEP; at < count; at++) state.take(this.events[at]);
      state.moment = count === 0 ? 0 : this.events[count - 1].ms;
      return state;
    }
  }

  /* What a run is like after some events, as far as the graph and the numbers show it. */
  class State {
    constructor(nodes = new Map(), edges = new Set(), questions = new Map(), totals = { live: 0, steps: 0, failed: 0, ended: 0, corrections: 0, status: "running" }) {
      Object.assign(this, { nodes, edges, questions, totals });
    }

    copy() {
      const nodes = new Map();
      for (const [name, node] of this.nodes) nodes.set(name, { ...node });
      return new State(nodes, new Set(this.edges), new Map(this.questions), { ...this.totals });
    }

    node(name) {
      let known = this.nodes.get(name);
      if (!known) this.nodes.set(name, known = { live: 0, steps: 0, failed: 0 });
      return known;
    }

    take({ type, raw, place, edge }) {
      const { totals } = this;
      if (edge !== undefined) this.edges.add(edge);
      switch (type) {
        case "branch-started": this.node(raw.agent).live++; totals.live++; break;
        case "step-started": this.node(raw.agent).steps++; totals.steps++; break;
        case "step-settled": if (raw.failed === true) this.node(raw.agent).failed++; break;
        case "handed-off": this.node(raw.agent).live--; this.node(raw.to).live++; break;
        case "decision-rejected": totals.corrections++; break;
        case "question-asked": this.questions.set(raw.question.id, raw.question); break;
        case "question-answered": this.questions.delete(raw.question); break;
        case "run-paused": totals.status = "paused"; break;
        case "run-resumed": totals.status = "running"; break;
        case "run-finished": totals.status = String(raw.status).toLowerCase(); break;
        default:
          if (ENDS[type]) {
            this.node(place).live--; totals.live--; totals.ended++;
            if (type === "branch-failed") totals.failed++;
          }
      }
    }
  }

  /* ---- the graph: layers from start, edges that lead back in a bow ---- */
  class Graph {
    constructor(topology, host) {
      this.host = host;
      this.nodes = new Map();
      this.layout(topology);
      this.draw(topology);
    }

    layout(topology) {
      const successors = new Map(topology.nodes.map(node => [node.name, []]));
      topology.edges.forEach(([from, to]) => successors.get(from)?.push(to));
      const state = new Map(), back = new Set(), order = [];
      const names = topology.nodes.map(node => node.name);
      const roots = ["start", ...names].filter(name => successors.has(name));
      for (const root of roots) {
        if (state.has(root)) continue;
        const stack = [[root, 0]];
        state.set(root, 1);
        while (stack.length > 0) {
          const frame = stack[stack.length - 1];
          const next = successors.get(frame[0])[frame[1]++];
          if (next === undefined) { state.set(frame[0], 2); order.push(frame[0]); stack.pop(); }
          else if (state.get(next) === 1) back.add(frame[0] + "\n" + next);
          else if (!state.has(next)) { state.set(next, 1); stack.push([next, 0]); }
        }
      }
      const rank = new Map(names.map(name => [name, 0]));
      for (const name of order.reverse()) {
        for (const to of successors.get(name)) {
          if (!back.has(name + "\n" + to)) rank.set(to, Math.max(rank.get(to), rank.get(name) + 1));
        }
      }
      const deepest = Math.max(0, ...[...rank].filter(([name]) => name !== "end").map(([, depth]) => depth));
      if (rank.has("end")) rank.set("end", Math.max(rank.get("end"), deepest + 1));
      const layers = [];
      for (const name of names) (layers[rank.get(name)] ??= []).push(name);
      const position = new Map();
      const place = layer => layer.forEach((name, at) => position.set(name, at - (layer.length - 1) / 2));
      layers.forEach(place);
      const near = new Map(names.map(name => [name, []]));
      topology.edges.forEach(([from, to]) => { near.get(from)?.push(to); near.get(to)?.push(from); });
      for (let sweep = 0; sweep < 6; sweep++) {
        for (const layer of layers) {
          if (!layer) continue;
          const middle = name => {
            const all = near.get(name).filter(other => rank.get(other) !== rank.get(name));
            return all.length === 0 ? position.get(name) : all.reduce((sum, other) => sum + position.get(other), 0) / all.length;
          };
          layer.sort((left, right) => middle(left) - middle(right));
          place(layer);
        }
      }
      this.back = back;
      this.rank = rank;
      const width = Math.max(110, Math.min(190, 26 + 8 * Math.max(...names.map(name => name.length))));
      this.nodeWidth = width;
      const widest = Math.max(...layers.map(layer => layer ? layer.length : 0));
      this.width = widest * (width + 26) + 60;
      this.height = layers.length * 86 + 20;
      this.where = new Map(names.map(name => [name, { x: this.width / 2 + position.get(name) * (width + 26), y: 46 + rank.get(name) * 86 }]));
    }

    draw(topology) {
      const picture = svg("svg", { viewBox: `0 0 ${this.width} ${this.height}`, role: "img" });
      picture.append(svg("title", {}, document.createTextNode("The topology: " + topology.nodes.length + " nodes, " + topology.edges.length + " edges")));
      const marker = svg("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" });
      marker.append(svg("path", { d: "M0 0 8 4 0 8z" }));
      picture.append(svg("defs", {}, marker));
      this.edges = new Map();
      for (const [from, to] of topology.edges) {
        const [a, b] = [this.where.get(from), this.where.get(to)];
        if (!a || !b) continue;
        const backwards = this.back.has(from + "\n" + to) || this.rank.get(from) >= this.rank.get(to);
        const line = svg("path", { class: "edge", d: this.curve(a, b, backwards, from === "start" ? 15 : 20, to === "end" ? 17 : 22), "marker-end": "url(#tip)" });
        this.edges.set(from + "\n" + to, line);
        picture.append(line);
      }
      for (const node of topology.nodes) {
        const { x, y } = this.where.get(node.name);
        const group = svg("g", { class: "node " + node.kind });
        const half = this.nodeWidth / 2;
        if (node.kind === "start" || node.kind === "end" || node.kind === "user") {
          group.append(svg("rect", { x: x - 34, y: y - 15, width: 68, height: 30, rx: 15 }));
        } else if (node.kind === "rendezvous") {
          group.append(svg("polygon", { points: `${x - half},${y} ${x - half + 14},${y - 20} ${x + half - 14},${y - 20} ${x + half},${y} ${x + half - 14},${y + 20} ${x - half + 14},${y + 20}` }));
        } else {
          group.append(svg("rect", { x: x - half, y: y - 20, width: this.nodeWidth, height: 40, rx: 9 }));
        }
        const shown = node.name.length > 22 ? node.name.slice(0, 10) + "…" + node.name.slice(-10) : node.name;
        const agent = !["start", "end", "user"].includes(node.kind);
        const title = svg("text", { x, y: agent ? y - 2 : y + 4.5 });
        title.textContent = shown;
        const count = svg("text", { x, y: y + 13, class: "count" });
        const full = svg("title", {}, document.createTextNode(node.name));
        const disc = svg("g", { visibility: "hidden" });
        const label = svg("text", { x: x + half - 2, y: y - 15, class: "live-text" });
        disc.append(svg("circle", { cx: x + half - 2, cy: y - 19, r: 11, class: "live-count" }), label);
        group.append(full, title, count, disc);
        picture.append(group);
        this.nodes.set(node.name, { group, count, disc, label, kind: node.kind });
      }
      this.host.replaceChildren(picture);
    }

    curve(a, b, backwards, below, above) {
      if (a === b) return `M${a.x + 30} ${a.y - 20} c 30 -40 60 0 20 14`;
      if (!backwards) {
        const lift = Math.max(20, (b.y - a.y) / 2.2);
        return `M${a.x} ${a.y + below} C${a.x} ${a.y + below + lift} ${b.x} ${b.y - above - lift} ${b.x} ${b.y - above}`;
      }
      const side = a.x >= this.width / 2 ? 1 : -1;
      const out = this.nodeWidth / 2 * side, bow = (34 + Math.abs(a.y - b.y) * .12) * side;
      return `M${a.x + out} ${a.y} C${a.x + out + bow} ${a.y} ${b.x + out + bow} ${b.y} ${b.x + out + side * 2} ${b.y}`;
    }

    show({ nodes, edges }) {
      for (const [name, node] of this.nodes) {
        const seen = nodes.get(name);
        const live = seen ? seen.live : 0;
        node.group.setAttribute("class", "node " + node.kind + (live > 0 ? " live" : "") + (seen && seen.failed > 0 ? " bad" : ""));
        node.count.textContent = seen && seen.steps > 0 ? number(seen.steps) + (seen.steps === 1 ? " step" : " steps") + (seen.failed > 0 ? ", " + number(seen.failed) + " failed" : "") : "";
        node.disc.setAttribute("visibility", live > 0 ? "visible" : "hidden");
        node.label.textContent = live > 999 ? "1k+" : String(live);
      }
      for (const [key, line] of this.edges) line.classList.toggle("used", edges.has(key));
    }
  }

  /* ---- the timeline: only the rows in sight are drawn ---- */
  class Timeline {
    constructor(model, host, choose) {
      this.model = model;
      this.choose = choose;
      this.zoom = 1;
      this.chosen = null;
      this.canvas = el("canvas", { "aria-hidden": "true" });
      this.spacer = el("div", { class: "spacer" });
      this.scroll = el("div", { class: "scroll", tabindex: "0", role: "img" }, this.canvas, this.spacer);
      host.append(this.scroll);
      this.scroll.addEventListener("scroll", () => this.later());
      this.scroll.addEventListener("click", event => this.pick(event));
      this.scroll.addEventListener("keydown", event => this.key(event));
      this.count = model.events.length;
      new ResizeObserver(() => this.later()).observe(this.scroll);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.later());
    }

    later() {
      if (!this.waiting) {
        this.waiting = true;
        requestAnimationFrame(() => { this.waiting = false; this.paint(); });
      }
    }

    show(count) { this.count = count; this.later(); }

    zoomBy(factor) { this.zoom = Math.min(64, Math.max(1, this.zoom * factor)); this.later(); }

    pick(event) {
      const top = this.scroll.getBoundingClientRect().top;
      this.select(Math.floor((event.clientY - top + this.scroll.scrollTop - 22) / ROW));
    }

    key(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = Math.max(0, Math.min(this.model.rows.length - 1, (this.chosen ? this.chosen.row : -1) + step));
      this.select(next);
      const y = next * ROW;
      if (y < this.scroll.scrollTop) this.scroll.scrollTop = y;
      else if (y + ROW * 2 + 22 > this.scroll.scrollTop + this.scroll.clientHeight) this.scroll.scrollTop = y + ROW * 2 + 22 - this.scroll.clientHeight;
    }

    select(row) {
      const branch = this.model.rows[row];
      if (branch) { this.chosen = branch; this.choose(branch); this.later(); }
    }

    paint() {
      const { scroll, canvas, model } = this;
      const [width, height] = [scroll.clientWidth, scroll.clientHeight];
      if (width === 0) return;
      const names = Math.max(MIN_NAMES, Math.min(300, width * .26));
      const span = (width - names - PAD * 2 - 16) * this.zoom;
      this.spacer.style.height = Math.max(0, model.rows.length * ROW + 30) + "px";
      this.spacer.style.width = names + span + PAD * 2 + 16 + "px";
      scroll.setAttribute("aria-label", `Timeline of ${number(model.rows.length)} branches over ${millis(model.last)}; arrow keys choose a branch, the tab Branch tells about it`);
      const ratio = window.devicePixelRatio || 1;
      if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
        canvas.style.width = width + "px";
        canvas.style.height = height + "px";
      }
      const style = getComputedStyle(document.documentElement);
      const color = name => style.getPropertyValue("--" + name).trim();
      const paint = { run: color("run"), wait: color("wait"), ask: color("ask"), bad: color("bad"), ok: color("ok"), gone: color("gone"), moved: color("moved"),
        text: color("text"), dim: color("dim"), line: color("line"), soft: color("soft"), card: color("card") };
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      const pen = canvas.getContext("2d");
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      const total = Math.max(1, model.last);
      const left = scroll.scrollLeft;
      const x = moment => names + PAD + moment / total * span - left;
      const now = this.count === 0 ? 0 : model.events[this.count - 1].ms;
      pen.font = "12px system-ui, sans-serif";
      pen.textBaseline = "middle";
      const first = Math.max(0, Math.floor(scroll.scrollTop / ROW) - 1);
      const until = Math.min(model.rows.length, first + Math.ceil(height / ROW) + 2);
      pen.save();
      pen.beginPath(); pen.rect(names, 0, width - names, height); pen.clip();
      this.ticks(pen, x, total, span, height, paint);
      for (let row = first; row < until; row++) this.bars(pen, model.rows[row], 22 + row * ROW - scroll.scrollTop, x, now, paint, dark);
      if (this.count < model.events.length) {
        pen.fillStyle = paint.text;
        pen.fillRect(x(now), 0, 1, height);
      }
      pen.restore();
      pen.save();
      pen.beginPath(); pen.rect(0, 22, names, height); pen.clip();
      for (let row = first; row < until; row++) this.name(pen, model.rows[row], 22 + row * ROW - scroll.scrollTop, names, paint);
      pen.restore();
    }

    ticks(pen, x, total, span, height, paint) {
      const wanted = total / Math.max(1, span / 110);
      const unit = 10 ** Math.floor(Math.log10(wanted || 1));
      const step = [1, 2, 5, 10].map(factor => factor * unit).find(size => size >= wanted) || unit;
      pen.textAlign = "left";
      for (let moment = 0; moment <= total; moment += step) {
        pen.fillStyle = paint.line;
        pen.fillRect(Math.round(x(moment)), 20, 1, height);
        pen.fillStyle = paint.dim;
        pen.fillText(millis(moment), x(moment) + 2, 11);
      }
    }

    bars(pen, branch, y, x, now, paint, dark) {
      if (branch.start.seq >= this.count) return;
      if (branch === this.chosen) { pen.fillStyle = paint.soft; pen.fillRect(0, y, 1e5, ROW); }
      const middle = y + ROW / 2;
      const ended = branch.end && branch.end.seq < this.count ? branch.end.ms : now;
      pen.fillStyle = paint.line;
      pen.fillRect(x(branch.start.ms), middle - .5, Math.max(1, x(ended) - x(branch.start.ms)), 1);
      for (const part of branch.spans) {
        if (part.from.seq >= this.count) break;
        const over = part.to && part.to.seq < this.count;
        const from = x(part.from.ms), to = x(over ? part.to.ms : ended);
        const tall = part.kind === "step" ? 12 : 4;
        pen.fillStyle = part.kind === "wait" ? paint.wait : part.kind === "ask" ? paint.ask : part.kind === "undo" ? paint.moved
          : part.failed && over ? paint.bad : `hsl(${hue(part.agent)} ${dark ? "52% 58%" : "58% 46%"})`;
        pen.fillRect(from, middle - tall / 2, Math.max(1.5, to - from), tall);
      }
      pen.textAlign = "center";
      for (const mark of branch.marks) {
        if (mark.seq < this.count) { pen.fillStyle = paint.dim; pen.fillText(mark.glyph, x(mark.ms), middle); }
      }
      if (branch.end && branch.end.seq < this.count) {
        pen.fillStyle = { answered: paint.ok, failed: paint.bad, moved: paint.moved, cancelled: paint.gone }[branch.end.fate];
        pen.fillText(branch.end.late ? "!" : GLYPH[branch.end.fate], x(branch.end.ms) + 8, middle);
      }
    }

    name(pen, branch, y, names, paint) {
      const indent = 10 + Math.min(branch.parts.length, 8) * INDENT;
      pen.globalAlpha = branch.start.seq < this.count ? 1 : .35;
      pen.textAlign = "left";
      pen.fillStyle = paint.text;
      const agents = branch.moves.map(move => move.agent).join(" → ");
      pen.fillText(agents, indent, y + ROW / 2);
      const used = pen.measureText(agents).width;
      pen.fillStyle = paint.dim;
      if (indent + used + 30 < names) pen.fillText(branch.name, indent + used + 7, y + ROW / 2);
      pen.globalAlpha = 1;
    }
  }

  /* ---- words ---- */
  function words({ type, raw }) {
    const skip = new Set(["type", "sequence", "at", "branch", "agent"]);
    const rest = Object.entries(raw).filter(([key, value]) => !skip.has(key) && value !== null && value !== undefined && value !== false);
    const told = rest.map(([key, value]) => key + " " + (typeof value === "object" ? value.reason ?? value.message ?? value.text ?? JSON.stringify(value) : value)).join(", ");
    return type.replaceAll("-", " ") + (told ? ": " + told : "");
  }
  const reasonOf = event => {
    const failure = event.failure;
    return failure === null || failure === undefined ? "" : typeof failure === "string" ? failure : failure.message ?? failure.reason ?? JSON.stringify(failure);
  };

  class View {
    constructor(root, data) {
      this.model = new Model(data);
      this.data = data;
      this.count = this.model.events.length;
      this.tab = this.model.failures.length > 0 ? "Failures" : "Events";
      this.build(root);
      this.show(this.count);
    }

    build(root) {
      const { run } = this.data;
      this.badge = el("span", { class: "badge" });
      const header = el("header", { class: "run" }, el("h1", {}, run.workflow || "Run"), this.badge,
        el("span", { class: "id mono" }, run.id), run.version ? el("span", { class: "dim" }, "version " + run.version) : null,
        run.startedAt ? el("time", { class: "dim", datetime: run.startedAt }, new Date(run.startedAt).toLocaleString()) : null,
        ...Object.entries(run.labels || {}).map(([key, value]) => el("span", { class: "badge" }, key + "=" + value)));
      this.facts = el("dl", { class: "facts" });
      const graph = el("div", { class: "graph" });
      const lanes = el("section", { class: "card timeline", "aria-labelledby": "lanes" });
      lanes.append(el("div", { class: "bar" }, el("h2", { id: "lanes" }, "Timeline"), el("span", {},
        el("button", { type: "button", title: "Show less time", "aria-label": "Zoom in", onclick: () => this.timeline.zoomBy(2) }, "+"), " ",
        el("button", { type: "button", title: "Show more time", "aria-label": "Zoom out", onclick: () => this.timeline.zoomBy(.5) }, "−"))));
      this.timeline = new Timeline(this.model, lanes, branch => { this.branch = branch; this.open("Branch"); });
      const key = (color, text) => el("span", {}, (i => { i.style.background = `var(--${color})`; return i; })(el("i", {})), text);
      lanes.append(el("div", { class: "legend" }, key("run", "step, a colour an agent"), key("bad", "failed step"), key("wait", "waits for a join"), key("ask", "waits for an answer, a signal or time"), key("moved", "is undone"),
        el("span", {}, "✓ answered  → moved on  ✕ failed  ⊘ cancelled  ! late  / hands off  ) joined")));
      const topology = this.data.topology;
      const picture = el("section", { class: "card", "aria-labelledby": "graph" }, el("div", { class: "bar" }, el("h2", { id: "graph" }, "Topology")), graph);
      this.tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Details" });
      this.panel = el("div", { class: "panel", role: "tabpanel", id: "panel", tabindex: "0" });
      const details = el("section", { class: "card wide" }, el("div", { class: "bar" }, this.tabs), this.panel);
      this.slider = el("input", { type: "range", min: 0, max: this.count, value: this.count, "aria-label": "Event of the run",
        oninput: () => this.show(Number(this.slider.value)) });
      this.where = el("output", {});
      this.playing = el("button", { type: "button", onclick: () => this.play() }, "Play");
      root.replaceChildren(header, this.facts, el("main", {}, picture, lanes, details),
        el("footer", { class: "time" }, this.playing, this.slider, this.where));
      this.graph = new Graph(topology, graph);
    }

    play() {
      if (this.timer) { clearInterval(this.timer); this.timer = null; this.playing.textContent = "Play"; return; }
      const all = this.model.events.length;
      if (this.count >= all) this.seek(0);
      this.playing.textContent = "Stop";
      const step = Math.max(1, Math.round(all / 200));
      this.timer = setInterval(() => { this.seek(Math.min(all, this.count + step)); if (this.count >= all) this.play(); }, 50);
    }

    seek(count) { this.slider.value = count; this.show(count); }

    show(count) {
      this.count = count;
      if (this.drawing) return;
      this.drawing = true;
      requestAnimationFrame(() => { this.drawing = false; this.draw(); });
    }

    draw() {
      const state = this.model.at(this.count), { totals } = state;
      const whole = this.count === this.model.events.length;
      const status = whole && this.data.run.status ? this.data.run.status.toLowerCase() : totals.status;
      this.badge.textContent = status;
      this.badge.className = "badge " + status;
      const fact = (name, value, bad) => el("div", bad ? { class: "bad" } : {}, el("dt", {}, name), el("dd", {}, value));
      const usage = this.data.run.usage || {};
      this.facts.replaceChildren(fact("time", millis(state.moment)), fact("branches", number(totals.live + totals.ended)), fact("live", number(totals.live)),
        fact("steps", number(totals.steps)), fact("failed branches", number(totals.failed), totals.failed > 0), fact("pending questions", number(state.questions.size)),
        fact("corrections", number(totals.corrections)),
        ...(whole && usage.inputTokens + usage.outputTokens > 0 ? [fact("tokens", number(usage.inputTokens) + " in, " + number(usage.outputTokens) + " out")] : []));
      this.graph.show(state);
      this.timeline.show(this.count);
      this.where.textContent = `${number(this.count)} of ${number(this.model.events.length)} events, ${millis(state.moment)}`;
      this.slider.setAttribute("aria-valuetext", this.where.textContent);
      this.state = state;
      clearTimeout(this.soon);
      this.soon = setTimeout(() => this.details(), this.built ? 120 : 0); // while the slider moves, the tables wait
      this.built = true;
    }

    open(tab) { this.tab = tab; this.details(); }

    details() {
      clearTimeout(this.soon);
      const names = ["Failures", "Agents", "Branch", "Questions", "Events", ...(this.data.result !== undefined ? ["Result"] : [])];
      this.tabs.replaceChildren(...names.map(name => el("button", { type: "button", role: "tab", "aria-selected": String(name === this.tab), "aria-controls": "panel", onclick: () => this.open(name) },
        name === "Failures" ? `Failures (${this.model.failures.filter(failure => failure.entry.seq < this.count).length})` : name)));
      this.panel.replaceChildren(...[this["tab" + this.tab]()].flat());
    }

    table(heads, rows) {
      return el("table", {}, el("thead", {}, el("tr", {}, heads.map(head => el("th", head.startsWith("#") ? { class: "num", scope: "col" } : { scope: "col" }, head.replace("#", ""))))), el("tbody", {}, rows));
    }

    tabFailures() {
      const shown = this.model.failures.filter(failure => failure.entry.seq < this.count);
      if (shown.length === 0) return el("p", { class: "dim" }, "No branch has failed so far.");
      return [this.table(["#time", "agent", "branch", "reason"], shown.slice(0, 500).map(({ entry, branch }) => el("tr", {}, el("td", { class: "num" }, millis(entry.ms)), el("td", {}, entry.raw.agent),
        el("td", { class: "mono" }, branch.name), el("td", {}, reasonOf(entry.raw))))), ...(shown.length > 500 ? [el("p", { class: "dim" }, number(shown.length - 500) + " more")] : [])];
    }

    tabAgents() {
      const rows = [...this.state.nodes].sort((left, right) => right[1].steps - left[1].steps);
      return this.table(["agent", "#live branches", "#steps", "#failed steps"], rows.map(([name, node]) =>
        el("tr", {}, el("td", {}, name), ...[node.live, node.steps, node.failed].map(value => el("td", { class: "num" }, number(value))))));
    }

    tabBranch() {
      if (!this.branch) return el("p", { class: "dim" }, "Choose a branch in the timeline.");
      const mine = this.model.events.filter(entry => (entry.raw.branch ?? entry.raw.question?.branch) === this.branch.name && entry.seq < this.count);
      return [el("p", {}, el("b", {}, this.branch.agent), " ", el("span", { class: "mono dim" }, this.branch.name)), this.eventTable(mine.slice(0, 500))];
    }

    tabQuestions() {
      const open = [...this.state.questions.values()];
      if (open.length === 0) return el("p", { class: "dim" }, "No question is open.");
      return this.table(["id", "agent", "question"], open.map(question => el("tr", {}, el("td", { class: "mono" }, question.id), el("td", {}, question.agent), el("td", {}, question.text))));
    }

    tabEvents() {
      const from = Math.max(0, this.count - 200);
      return this.eventTable(this.model.events.slice(from, this.count).reverse());
    }

    tabResult() { return el("pre", {}, this.data.result); }

    eventTable(entries) {
      return this.table(["#no.", "#time", "agent", "branch", "what"], entries.map(entry => el("tr", entry.seq === this.count - 1 ? { class: "now" } : {}, el("td", { class: "num" }, number(entry.seq)),
        el("td", { class: "num" }, millis(entry.ms)), el("td", {}, entry.raw.agent ?? ""), el("td", { class: "mono" }, entry.raw.branch ?? ""), el("td", {}, words(entry)))));
    }
  }

  return { show: (root, data) => new View(root, data) };
})();
