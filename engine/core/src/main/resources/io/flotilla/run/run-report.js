/*
 * RunReport.show(root, data, options) draws a run. data: { run: {...}, topology: { nodes: [{name, kind}], edges: [[from, to]] }, events: [...], result }, the events in the form of
 * RunEvent.toMap(). The view that it gives back takes more events while the run is live, see append.
 */
RunReport.show = (() => {
  const { Model, Graph, Timeline, el, number, many, millis, tabs } = RunReport;
  const SOON = 120, PLAY_STEPS = 240, PLAY_MILLIS = 40;
  let views = 0;

  class View {
    /* options: { tabs: further tabs, actions: nodes of the header, notices: a node below it, runLink: the address of a run, live: whether more events come, model: of the events if there is one already, moved: called with the view when it stands elsewhere } */
    constructor(root, data, options = {}) {
      Object.assign(this, { data, options, model: options.model ?? new Model(data), branch: null, follow: true, id: "run" + ++views });
      this.count = this.model.events.length;
      this.tabs = [...tabs.all(), ...(options.tabs ?? [])];
      this.tab = this.model.failures.length > 0 ? "Failures" : "Events";
      this.build(root);
      this.state = this.model.at(this.count);
      this.draw();
    }

    dispose() {
      if (this.timer) this.play();
      clearTimeout(this.soon);
      this.timeline.dispose();
      this.tabs.forEach(tab => tab.dispose?.());
    }

    build(root) {
      this.badge = el("span", { class: "badge" });
      this.header = el("header", { class: "run" });
      this.facts = el("dl", { class: "facts" });
      const graph = el("div", { class: "graph", tabindex: "0", role: "group", "aria-label": "Topology" });
      const picture = el("section", { class: "card picture", "aria-labelledby": this.id + "graph" }, el("div", { class: "bar" }, el("h2", { id: this.id + "graph" }, "Topology")), graph);
      this.said = el("p", { class: "visually-hidden", role: "status" });
      root.replaceChildren(this.header, ...(this.options.notices ? [this.options.notices] : []), this.facts, this.grid = el("div", { class: "run-grid" }, picture, this.lanes(), this.details()), this.travel(), this.said);
      this.graph = new Graph(this.data.topology, graph, this.model.colors);
      this.grid.classList.toggle("is-wide", this.graph.isWide);
      this.head();
    }

    head() {
      const { run } = this.data, labels = Object.entries(run.labels ?? {});
      this.header.replaceChildren(el("div", { class: "title" }, el("h1", {}, run.workflow || "Run"), this.badge, ...(this.options.actions ? [el("div", { class: "actions" }, this.options.actions)] : [])),
        el("div", { class: "about" }, el("span", { class: "mono" }, run.id), run.version ? el("span", {}, "version " + run.version) : null,
          run.startedAt ? el("time", { datetime: run.startedAt }, new Date(run.startedAt).toLocaleString()) : null,
          run.parent ? el("span", {}, "nested in ", this.options.runLink ? el("a", { href: this.options.runLink(run.parent), class: "mono" }, run.parent) : el("span", { class: "mono" }, run.parent)) : null,
          ...labels.map(([key, value]) => el("span", { class: "label", title: key + "=" + value }, key + "=" + value))));
    }

    lanes() {
      const zoom = (text, label, factor) => el("button", { type: "button", class: "small", title: label, "aria-label": label, onclick: () => this.timeline.zoomBy(factor) }, text);
      const card = el("section", { class: "card timeline", "aria-labelledby": this.id + "lanes" },
        el("div", { class: "bar" }, el("h2", { id: this.id + "lanes" }, "Timeline"), el("span", { class: "group" }, zoom("−", "Show more time", .5), zoom("+", "Show less time", 2))));
      this.timeline = new Timeline(this.model, card, branch => { this.choose(branch); });
      const key = (color, text) => el("span", {}, el("i", { class: "key " + color }), text);
      card.append(el("div", { class: "legend" }, key("step", "step"), key("bad", "failed step"), key("wait", "waits for a join"), key("ask", "waits for an answer, a signal or time"), key("moved", "is undone"),
        el("span", {}, "✓ answered  → moved on  ✕ failed  ⊘ cancelled  ! late  / hands off  ) joined  ? corrected")));
      return card;
    }

    details() {
      this.list = el("div", { class: "tabs", role: "tablist", "aria-label": "Details" });
      this.list.addEventListener("keydown", event => this.walk(event));
      this.panel = el("div", { class: "panel", role: "tabpanel", id: this.id + "panel" });
      this.buttons = new Map(this.tabs.map(({ name }) => {
        const label = el("span", {}, name), badge = el("span", { class: "count" });
        return [name, { badge, button: el("button", { type: "button", role: "tab", id: this.id + name, "aria-controls": this.id + "panel", onclick: () => this.open(name) }, label, badge) }];
      }));
      this.list.append(...[...this.buttons.values()].map(({ button }) => button));
      return el("section", { class: "card wide", "aria-label": "Details" }, el("div", { class: "bar" }, this.list), this.panel);
    }

    walk(event) {
      const names = this.tabs.filter(tab => !tab.hidden?.(this)).map(tab => tab.name), at = names.findIndex(name => this.buttons.get(name).button === event.target);
      const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      const name = names[(next + names.length) % names.length];
      this.open(name);
      this.buttons.get(name).button.focus();
    }

    travel() {
      this.slider = el("input", { type: "range", min: 0, max: this.count, value: this.count, "aria-label": "Event of the run", oninput: () => { this.follow = false; this.show(Number(this.slider.value)); } });
      this.where = el("output", {});
      this.playing = el("button", { type: "button", class: "play", onclick: () => this.play() }, "Play");
      this.latest = el("button", { type: "button", class: "small", hidden: true, onclick: () => this.seek(this.model.events.length) }, this.options.live ? "Follow" : "To the end");
      return el("div", { class: "time", role: "group", "aria-label": "Travel through the run" }, this.playing, this.slider, this.where, this.latest);
    }

    play() {
      if (this.timer) { clearInterval(this.timer); this.timer = null; this.playing.textContent = "Play"; return; }
      if (this.atEnd()) this.seek(0);
      this.follow = false;
      this.playing.textContent = "Stop";
      const step = Math.max(1, Math.round(this.model.events.length / PLAY_STEPS));
      this.timer = setInterval(() => { this.seek(Math.min(this.model.events.length, this.count + step)); if (this.atEnd()) this.play(); }, PLAY_MILLIS);
    }

    /* ---- what the inspector tells a live view ---- */

    /* Further events, in order. The view goes with them unless somebody has gone back in time. */
    append(events) {
      const added = this.model.add(events), all = this.model.events.length;
      this.slider.max = all;
      if (this.follow) { this.slider.value = all; this.graph.flash(added.map(entry => entry.edge).filter(edge => edge !== undefined)); this.show(all); } else this.show(this.count);
    }

    /* Something of the run itself is known better now: { run, result }. */
    update({ run, result }) {
      if (run) { this.data.run = { ...this.data.run, ...run }; this.head(); }
      if (result !== undefined) this.data.result = result;
      this.show(this.count);
    }

    /* Of a live run: it is this instant, in milliseconds since 1970, and nothing else has happened. */
    tick(now) {
      const { model } = this;
      if (model.zero === null || model.state.totals.status === "paused" || !(now - model.zero > model.last)) return;
      model.last = now - model.zero;
      this.show(this.count);
    }

    atEnd() { return this.count >= this.model.events.length; }

    seek(count) {
      this.slider.value = count;
      this.follow = count >= this.model.events.length;
      this.show(count);
      if (!this.timer) this.say();
    }

    say() { this.said.textContent = this.where.textContent; }

    show(count) {
      this.count = count;
      if (this.drawing) return;
      this.drawing = true;
      requestAnimationFrame(() => { this.drawing = false; this.draw(); });
    }

    choose(branch) {
      this.branch = branch;
      this.timeline.chosen = branch;
      this.timeline.later();
      if (branch) this.said.textContent = `Branch ${branch.name}, ${this.model.agentAt(branch, this.count)}, ${this.model.statusAt(branch, this.count) ?? "not started"}`;
      this.open("Events");
      this.options.moved?.(this);
    }

    draw() {
      const state = this.model.at(this.count), all = this.model.events.length;
      this.state = state;
      this.numbers(state);
      this.graph.show(state);
      this.timeline.show(this.count);
      this.where.textContent = `${number(this.count)} of ${many(all, "event")} · ${millis(state.moment)}`;
      this.slider.setAttribute("aria-valuetext", this.where.textContent);
      this.latest.hidden = this.atEnd();
      this.options.moved?.(this);
      if (this.soon) return;
      this.soon = setTimeout(() => { this.soon = null; this.fill(); }, this.built ? SOON : 0); // while the slider moves, the tables come a little later
      this.built = true;
    }

    /* What all steps have used; events that come live do not say what those have that were cancelled. */
    used({ totals }) {
      const { usage } = this.data.run, tokens = used => used ? used.inputTokens + used.outputTokens : -1;
      return this.atEnd() && tokens(usage) >= tokens(totals.used) ? usage : totals.used;
    }

    numbers(state) {
      const { totals } = state, { run } = this.data, recorded = String(run.status ?? "").toLowerCase();
      const status = this.atEnd() && recorded && recorded !== "unfinished" ? recorded : totals.status;
      this.badge.textContent = status;
      this.badge.className = "badge " + status;
      const used = this.used(state);
      const facts = [["time", millis(state.moment)], ["branches", number(totals.live + totals.ended)], ["live", number(totals.live)], ["steps", number(totals.steps)], ["retries", number(totals.retries)],
        ["failed branches", number(totals.failed), totals.failed > 0], ["corrections", number(totals.corrections)], ["questions", number(state.questions.size), false, state.questions.size > 0]];
      if (used && used.inputTokens + used.outputTokens > 0) facts.push(["tokens in", number(used.inputTokens)], ["tokens out", number(used.outputTokens)]);
      if (used && Number(used.cost) > 0) facts.push(["cost", tabs.cost(used.cost)]);
      const names = facts.map(([name]) => name).join();
      if (this.named !== names) { this.named = names; this.facts.replaceChildren(...facts.map(([name]) => el("div", {}, el("dt", {}, name), el("dd", {})))); }
      facts.forEach(([, value, bad, ask], at) => {
        const fact = this.facts.children[at], kind = bad ? "bad" : ask ? "ask" : value === "0" ? "none" : "";
        if (fact.className !== kind) fact.className = kind;
        if (fact.lastChild.textContent !== value) fact.lastChild.textContent = value;
      });
    }

    open(tab) { this.tab = tab; this.fill(); }

    fill() {
      clearTimeout(this.soon);
      this.soon = null;
      if (this.tabs.find(tab => tab.name === this.tab)?.hidden?.(this)) this.tab = "Events";
      for (const tab of this.tabs) {
        const { button, badge } = this.buttons.get(tab.name), chosen = tab.name === this.tab, count = tab.badge?.(this) ?? 0;
        button.hidden = tab.hidden?.(this) === true;
        button.setAttribute("aria-selected", String(chosen));
        button.tabIndex = chosen ? 0 : -1;
        badge.textContent = count > 0 ? number(count) : "";
        button.classList.toggle("bad", tab.name === "Failures" && count > 0);
        if (!chosen) continue;
        this.panel.setAttribute("aria-labelledby", this.id + tab.name);
        if (this.panel.firstChild !== tab.node) this.panel.replaceChildren(tab.node);
        tab.show(this);
      }
    }
  }

  return (root, data, options) => new View(root, data, options);
})();
