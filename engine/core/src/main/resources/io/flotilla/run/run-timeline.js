/* The branches of a run over time, on a canvas: only the rows in sight are drawn, and only what is wide enough to be seen. */
RunReport.Timeline = (() => {
  const { el, many, millis, reasonOf, fitted, isolated } = RunReport;
  const ROW = 24, HEAD = 26, INDENT = 12, PAD = 12, MIN_NAMES = 118, TICK = 104, EDGE = 22, LEAST_HEIGHT = 220, MOST_TOLD = 200;
  const GLYPH = { answered: "✓", failed: "✕", moved: "→", cancelled: "⊘" };
  const FONT = "12.5px -apple-system, BlinkMacSystemFont, 'Segoe UI Variable', 'Segoe UI', Roboto, Inter, Ubuntu, Cantarell, 'Noto Sans', 'Helvetica Neue', Arial, sans-serif";
  const NAMES = ["run", "wait", "ask", "bad", "ok", "gone", "moved", "text", "dim", "line", "soft", "card", "accent", "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"];

  class Timeline {
    constructor(model, host, choose = () => {}) {
      Object.assign(this, { model, choose, zoom: 1, chosen: null, count: model.events.length, flag: null, upTo: null, size: "" });
      this.canvas = el("canvas", { "aria-hidden": "true" });
      this.spacer = el("div", { class: "spacer" });
      this.tip = el("div", { class: "tip", hidden: true });
      this.scroll = el("div", { class: "scroll", tabindex: "0", role: "group", "aria-roledescription": "timeline" }, this.canvas, this.spacer);
      this.frame = el("div", { class: "lanes" }, this.scroll, this.tip);
      host.append(this.frame);
      this.scroll.addEventListener("scroll", () => { this.tip.hidden = true; this.later(); }, { passive: true });
      this.scroll.addEventListener("click", event => this.select(this.rowAt(event)));
      this.scroll.addEventListener("keydown", event => this.key(event));
      this.scroll.addEventListener("pointermove", event => this.hover(event));
      this.scroll.addEventListener("pointerleave", () => { this.tip.hidden = true; });
      this.watch = new ResizeObserver(() => this.later());
      this.watch.observe(this.scroll);
      this.scheme = matchMedia("(prefers-color-scheme: dark)");
      this.recolor = () => { this.paints = null; this.later(); };
      this.scheme.addEventListener("change", this.recolor);
    }

    dispose() { this.watch.disconnect(); this.scheme.removeEventListener("change", this.recolor); }

    later() {
      if (this.waiting) return;
      this.waiting = true;
      requestAnimationFrame(() => { this.waiting = false; this.paint(); });
    }

    show(count) { this.count = count; this.later(); }

    zoomBy(factor) {
      const { scroll } = this, middle = scroll.scrollLeft + (scroll.clientWidth - this.names) / 2, before = this.span;
      this.zoom = Math.min(256, Math.max(1, this.zoom * factor));
      this.paint();
      scroll.scrollLeft = middle * this.span / before - (scroll.clientWidth - this.names) / 2;
      this.later();
    }

    rowAt(event) { return Math.floor((event.clientY - this.scroll.getBoundingClientRect().top + this.scroll.scrollTop - HEAD) / ROW); }

    key(event) {
      const page = Math.max(1, Math.floor(this.scroll.clientHeight / ROW) - 2), last = this.model.rows.length - 1, at = this.chosen ? this.chosen.row : -1;
      const next = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: last }[event.key];
      if (event.key === "+" || event.key === "-") { event.preventDefault(); this.zoomBy(event.key === "+" ? 2 : .5); }
      if (next === undefined) return;
      event.preventDefault();
      this.select(Math.max(0, Math.min(last, next)));
      this.reveal();
    }

    reveal() {
      if (!this.chosen) return;
      const y = this.chosen.row * ROW, { scroll } = this;
      if (y < scroll.scrollTop) scroll.scrollTop = y;
      else if (y + ROW * 2 + HEAD > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = y + ROW * 2 + HEAD - scroll.clientHeight;
    }

    select(row) {
      const branch = this.model.rows[row];
      if (branch) { this.chosen = branch; this.choose(branch); this.later(); }
    }

    hover(event) {
      const branch = this.model.rows[this.rowAt(event)];
      if (!branch || event.pointerType === "touch" || branch.start.seq >= this.count) { this.tip.hidden = true; return; }
      const box = this.scroll.getBoundingClientRect(), inside = event.clientX - box.left;
      const moment = (inside - this.names - PAD + this.scroll.scrollLeft) / this.span * this.total();
      const span = branch.spans.find(each => each.from.seq < this.count && each.from.ms <= moment && moment <= this.until(each, branch));
      this.tip.replaceChildren(el("b", {}, this.model.agentAt(branch, this.count)), el("span", { class: "mono" }, branch.name), el("span", {}, this.told(branch, span)));
      this.tip.hidden = false;
      const { offsetWidth: wide, offsetHeight: high } = this.tip, below = event.clientY - box.top + 18, y = below + high > box.height ? Math.max(2, below - high - 30) : below;
      this.tip.style.transform = `translate(${Math.round(Math.max(4, Math.min(inside + 14, box.width - wide - 8)))}px, ${Math.round(y)}px)`;
    }

    told(branch, span) {
      const status = this.model.statusAt(branch, this.count), failed = branch.end?.fate === "failed" && status === "failed" ? ": " + reasonOf(this.model.events[branch.end.seq].raw).slice(0, MOST_TOLD) : "";
      if (!span) return status + failed;
      const took = millis(this.until(span, branch) - span.from.ms);
      const what = { step: "step", join: "waits for a join", ask: "waits", undo: "is undone" }[span.kind];
      return what + " · " + took + (span.attempts > 1 ? " · " + many(span.attempts, "attempt") : "") + (span.failed ? " · failed" : "") + (span.degraded ? " · degraded" : "") + failed;
    }

    until(span, branch) {
      if (span.to && span.to.seq < this.count) return span.to.ms;
      return branch.end && branch.end.seq < this.count ? branch.end.ms : this.now();
    }

    /* Of a live run what has begun goes on until now. */
    now() {
      if (this.count >= this.model.events.length) return this.model.last;
      return this.count === 0 ? 0 : this.model.events[this.count - 1].ms;
    }

    /* How long the time is that is shown; two runs side by side have the same. */
    total() { return Math.max(1, this.upTo ?? this.model.last); }

    measure(width) {
      const wide = Math.max(MIN_NAMES, Math.min(260, width * .24));
      this.names = Math.round(wide);
      this.span = Math.max(40, width - wide - PAD * 2 - EDGE) * this.zoom;
    }

    fit() {
      const { scroll, canvas, model } = this, width = scroll.clientWidth, height = scroll.clientHeight, ratio = window.devicePixelRatio || 1;
      this.measure(width);
      const long = model.rows.length * ROW + HEAD + 10, wide = this.names + this.span + PAD * 2 + EDGE - 2, size = long + " " + wide;
      if (this.size !== size) {
        this.size = size;
        Object.assign(this.spacer.style, { height: long + "px", width: wide + "px" });
        this.frame.style.setProperty("--rows", Math.max(LEAST_HEIGHT, long + 14) + "px");
      }
      if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
        canvas.style.width = width + "px";
        canvas.style.height = height + "px";
      }
      const pen = canvas.getContext("2d");
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      pen.font = FONT;
      pen.textBaseline = "middle";
      return pen;
    }

    paint() {
      const { scroll, model } = this, width = scroll.clientWidth, height = scroll.clientHeight;
      if (width === 0) return;
      const label = `Timeline of ${many(model.rows.length, "branch", "branches")} over ${millis(model.last)}. Arrow keys choose a branch, plus and minus zoom; the tab Branches has the same as a table`;
      if (this.label !== label) scroll.setAttribute("aria-label", this.label = label);
      const pen = this.fit(), paint = this.paints ??= this.colors(), total = this.total(), left = scroll.scrollLeft;
      const view = { paint, x: moment => this.names + PAD + moment / total * this.span - left, from: this.names, to: width, now: this.now() };
      const first = Math.max(0, Math.floor(scroll.scrollTop / ROW) - 1), until = Math.min(model.rows.length, first + Math.ceil(height / ROW) + 2);
      const y = row => HEAD + row * ROW - scroll.scrollTop;
      if (this.chosen && this.chosen.row >= first && this.chosen.row < until) { pen.fillStyle = paint.soft; pen.fillRect(0, y(this.chosen.row), width, ROW); }
      pen.save();
      pen.beginPath(); pen.rect(this.names, 0, width - this.names, height); pen.clip();
      this.ticks(pen, view, total, height);
      pen.save();
      pen.beginPath(); pen.rect(this.names, HEAD, width - this.names, height); pen.clip();
      for (let row = first; row < until; row++) this.bars(pen, model.rows[row], y(row) + ROW / 2, view);
      pen.restore();
      if (this.flag !== null) this.line(pen, view.x(this.flag), paint.bad, height);
      if (this.count < model.events.length) this.line(pen, view.x(view.now), paint.accent, height);
      pen.restore();
      pen.save();
      pen.beginPath(); pen.rect(0, HEAD, this.names - 4, height); pen.clip();
      for (let row = first; row < until; row++) this.name(pen, model.rows[row], y(row) + ROW / 2, paint);
      pen.restore();
    }

    colors() {
      const style = getComputedStyle(document.documentElement);
      return Object.fromEntries(NAMES.map(name => [name, style.getPropertyValue("--" + name).trim()]));
    }

    line(pen, x, color, height) {
      pen.fillStyle = color;
      pen.fillRect(Math.round(x) - .75, HEAD - 6, 1.5, height);
      pen.beginPath(); pen.arc(Math.round(x), HEAD - 8, 4, 0, 7); pen.fill();
    }

    ticks(pen, { x, paint, from, to }, total, height) {
      const wanted = Math.max(1, total / Math.max(1, this.span / TICK)), unit = 10 ** Math.floor(Math.log10(wanted || 1));
      const step = [1, 2, 5, 10].map(factor => factor * unit).find(size => size >= wanted) || unit;
      const start = Math.max(0, Math.floor((from - x(0)) / this.span * total / step) * step);
      pen.textAlign = "left";
      for (let moment = start; moment <= total && x(moment) < to; moment += step) {
        pen.fillStyle = paint.line;
        pen.fillRect(Math.round(x(moment)), HEAD - 6, 1, height);
        pen.fillStyle = paint.dim;
        if (x(moment) + 44 < to) pen.fillText(moment === 0 ? "0" : millis(Math.round(moment)).replace(/\.0+ /, " "), x(moment) + 4, HEAD / 2 - 1);
      }
    }

    bars(pen, branch, middle, view) {
      if (branch.start.seq >= this.count) return;
      const { x, paint, now } = view, over = branch.end && branch.end.seq < this.count, ended = over ? branch.end.ms : now;
      pen.fillStyle = paint.line;
      pen.fillRect(x(branch.start.ms), middle - .5, Math.max(1, x(ended) - x(branch.start.ms)), 1);
      this.spans(pen, branch, middle, view, ended);
      this.glyphs(pen, branch, middle, view);
      if (!over) return;
      pen.font = "600 " + FONT;
      pen.fillStyle = { answered: paint.ok, failed: paint.bad, moved: paint.moved, cancelled: paint.gone }[branch.end.fate];
      pen.fillText(branch.end.late ? "!" : GLYPH[branch.end.fate], x(branch.end.ms) + 11, middle + .5);
      pen.font = FONT;
    }

    spans(pen, branch, middle, { x, paint, from: first, to: last }, ended) {
      let drawn = -1, kind = "";
      for (const part of branch.spans) {
        if (part.from.seq >= this.count) break;
        const done = part.to && part.to.seq < this.count, from = x(part.from.ms), to = x(done ? part.to.ms : ended);
        const bad = part.failed && done, color = part.kind + bad + part.agent;
        if (to < first || (to - drawn < .5 && kind === color)) continue;
        if (from > last) break;
        drawn = to;
        kind = color;
        const step = part.kind === "step", tall = step ? 14 : 4, wide = Math.max(2, to - from);
        pen.fillStyle = { join: paint.wait, ask: paint.ask, undo: paint.moved }[part.kind] ?? (bad ? paint.bad : paint["c" + this.model.color(part.agent)]);
        pen.globalAlpha = step && !done ? .55 : 1;
        if (wide > 5) { pen.beginPath(); pen.roundRect(from, middle - tall / 2, wide, tall, step ? 3.5 : 2); pen.fill(); } else pen.fillRect(from, middle - tall / 2, wide, tall);
        pen.globalAlpha = 1;
        if (done && part.attempts > 1 && wide > 9) this.attempts(pen, part, from, wide, middle, paint);
      }
    }

    /* As many notches as there were further attempts: when they began is not recorded. */
    attempts(pen, part, from, wide, middle, paint) {
      const notches = Math.min(part.attempts - 1, Math.floor(wide / 4) - 1, 9);
      pen.fillStyle = paint.card;
      for (let at = 1; at <= notches; at++) pen.fillRect(from + wide * at / (notches + 1), middle - 7, 1.5, 14);
    }

    glyphs(pen, branch, middle, { x, paint, from, to }) {
      pen.textAlign = "center";
      pen.fillStyle = paint.dim;
      let drawn = -9;
      for (const mark of branch.marks) {
        if (mark.seq >= this.count) break;
        const at = x(mark.ms);
        if (at < from || at > to || at - drawn < 5) continue;
        drawn = at;
        pen.fillText(mark.glyph, at, middle);
      }
    }

    name(pen, branch, middle, paint) {
      const indent = 16 + Math.min(branch.depth, 6) * (this.names < 180 ? INDENT / 2 : INDENT), room = this.names - 8 - indent;
      pen.globalAlpha = branch.start.seq < this.count ? 1 : .35;
      pen.textAlign = "left";
      pen.fillStyle = paint.text;
      const moves = branch.moves.length > 3 ? [branch.moves[0].agent, "…", branch.agent] : branch.moves.map(move => move.agent), agents = fitted(pen, moves.map(isolated).join(" → "), room);
      pen.fillText(agents, indent, middle);
      const used = pen.measureText(agents).width;
      pen.fillStyle = paint.dim;
      if (indent + used + 8 + pen.measureText(branch.name).width < this.names - 6) pen.fillText(branch.name, indent + used + 8, middle);
      pen.globalAlpha = 1;
    }
  }
  return Timeline;
})();
