/* What steps tell while they run, as it streams: the last steps, each with its last attempt. */

const { el, number, many } = RunReport;
const MOST_STEPS = 300, MOST_TEXT = 20000;

export class Output {
  constructor() {
    this.steps = new Map();
    this.lost = null;
    this.node = el("div", { class: "output", tabindex: "0", role: "log", "aria-label": "Output of the steps", "aria-live": "off" });
    this.none = el("p", { class: "empty" }, "Nothing has been told yet. What agents emit while they work streams in here; it is not recorded.");
    this.missing = el("p", { class: "dim missing", hidden: true });
    this.node.append(this.none, this.missing);
  }

  tab(live) { return { name: "Output", node: this.node, badge: () => this.steps.size, hidden: () => !live && this.steps.size === 0, show: () => this.flush() }; }

  /* A piece of RunOutput: attempt-started, emitted, settled or lost. */
  take(piece) {
    const kind = piece.type ?? (piece.value !== undefined ? "emitted" : "");
    if (kind === "lost") { this.lost = (this.lost ?? 0) + Number(piece.values ?? 0); this.later(); return; }
    const step = this.step(piece);
    if (kind === "attempt-started") Object.assign(step, { attempt: piece.attempt, called: piece.called, text: "", kind: "running" });
    else if (kind === "emitted") {
      step.attempt = piece.attempt ?? step.attempt;
      step.text += typeof piece.value === "string" ? piece.value : JSON.stringify(piece.value) + "\n";
      if (step.text.length > MOST_TEXT) step.text = "…" + step.text.slice(-MOST_TEXT);
    } else if (kind === "settled") Object.assign(step, { kind: String(piece.kind ?? "settled").toLowerCase().replace("_", "-"), dropped: piece.dropped ?? 0 });
    step.stale = true;
    this.later();
  }

  step(piece) {
    const key = piece.branch + "#" + piece.step;
    let step = this.steps.get(key);
    if (!step) {
      step = { piece, attempt: 1, text: "", kind: "running", dropped: 0, stale: true };
      step.badge = el("span", { class: "badge" });
      step.about = el("span", { class: "dim" });
      step.pre = el("pre", { tabindex: "0", role: "group", "aria-label": "Output of " + piece.agent + ", branch " + piece.branch });
      step.node = el("article", {}, el("header", { class: "join-head" }, el("b", {}, piece.agent), el("span", { class: "mono dim" }, piece.branch), step.about, step.badge), step.pre);
      this.steps.set(key, step);
      if (this.steps.size > MOST_STEPS) {
        const [oldest, gone] = this.steps.entries().next().value;
        this.steps.delete(oldest);
        gone.node.remove();
      }
    }
    return step;
  }

  later() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; if (this.node.isConnected) this.flush(); });
  }

  flush() {
    this.none.hidden = this.steps.size > 0;
    this.missing.hidden = this.lost === null;
    this.missing.textContent = (this.lost > 0 ? many(this.lost, "value is", "values are") : "Some output is") + " not shown: it came too fast, or too long ago.";
    const atEnd = this.node.scrollTop + this.node.clientHeight > this.node.scrollHeight - 40;
    for (const step of this.steps.values()) {
      if (!step.stale) continue;
      step.stale = false;
      const { pre } = step, follows = pre.scrollTop + pre.clientHeight > pre.scrollHeight - 20;
      pre.textContent = step.text;
      step.badge.textContent = step.kind;
      step.badge.className = "badge " + (step.kind === "succeeded" || step.kind === "degraded" ? "answered" : step.kind === "running" ? "running" : "failed");
      step.about.textContent = "step " + number(step.piece.step) + (step.attempt > 1 ? ", attempt " + step.attempt : "") + (step.dropped > 0 ? ", " + many(step.dropped, "value") + " not shown" : "");
      if (!step.node.isConnected) this.node.append(step.node);
      if (follows) pre.scrollTop = pre.scrollHeight;
    }
    if (atEnd) this.node.scrollTop = this.node.scrollHeight;
  }
}
