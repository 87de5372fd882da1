/* Health checks and circuit breakers as they are now: for the page of the system, and for a tab of a run. */
const { el, many, millis, long, tabs } = RunReport;

export const said = value => value === null || value === undefined || value === "" ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);
const word = status => String(status ?? "unknown").toLowerCase().replaceAll("_", "-");
export const badge = status => el("span", { class: "badge " + word(status).replace(/[^a-z-]/g, "") }, word(status).replaceAll("-", " "));

/* What a check says beside its status. */
function details({ data }) {
  const { reason, tookMs, checkedAt, state, ...rest } = data ?? {};
  return { took: tookMs, state, told: [reason, ...Object.entries(rest).map(([name, value]) => name + " " + said(value))].filter(Boolean).join(" · ") || "–" };
}

function checkLine(check) {
  const { took, told } = details(check);
  return el("tr", {}, el("th", { scope: "row" }, check.name, check.critical ? el("span", { class: "dim" }, " critical") : null), el("td", {}, badge(check.status)), el("td", { class: "detail" }, long(told, "div", "")), el("td", { class: "num" }, took === undefined ? "–" : millis(took)));
}

function breakerLine(breaker) {
  const { state, told } = details(breaker);
  return el("tr", {}, el("th", { scope: "row" }, breaker.name.replace(/^circuit breaker /, "")), el("td", {}, badge(state ?? breaker.status)), el("td", { class: "detail" }, long(told, "div", "")));
}

/* { title, count, body } of what there is. */
export function healthParts({ health, breakers }) {
  const parts = [], all = breakers?.checks ?? [];
  if (health) parts.push({ title: "Health checks", count: many(health.checks.length, "check"), body: health.checks.length === 0 ? tabs.quiet("No check is registered.") : tabs.table("Health checks", ["check", "status", "what it says", "#took"], health.checks.map(checkLine)) });
  if (all.length > 0) parts.push({ title: "Circuit breakers", count: many(all.length, "breaker"), body: tabs.table("Circuit breakers", ["breaker", "state", "what it says"], all.map(breakerLine)) });
  return parts;
}

/* The tab of a run. */
export class HealthTab {
  constructor() { Object.assign(this, { node: el("div", {}, tabs.quiet("Looking…")), troubled: 0, shown: "" }); }

  tab(live) { return { name: "Health", node: this.node, badge: () => this.troubled, hidden: () => !live, show() {} }; }

  /* Whether that is other than before. */
  take(told) {
    const now = JSON.stringify(told);
    if (now === this.shown) return false;
    this.shown = now;
    this.troubled = [...(told.health?.checks ?? []), ...(told.breakers?.checks ?? [])].filter(check => check.status !== "UP").length;
    const parts = healthParts(told);
    this.node.replaceChildren(...(parts.length === 0 ? [tabs.quiet("Nothing is checked.")] : [...parts.map(({ title, body }) => el("section", { "aria-label": title }, el("h3", { class: "part" }, title), body)), el("p", { class: "dim" }, "As it is now, wherever the slider stands.")]));
    return true;
  }
}
