/* How the process is: health with its circuit breakers, what has happened, and who sends how much to whom. */
import { get } from "./api.js";
import { badge, healthParts, said } from "./health.js";

const { el, number, many, tabs } = RunReport;
const PAUSE = 2000, MOST_DRAWN = 60;

class System {
  constructor(host, { about, title }) { Object.assign(this, { host, about }); title("System"); }

  close() { this.closed = true; clearTimeout(this.timer); }

  async start() {
    this.content = el("div", { class: "system-grid" });
    this.status = el("span", { role: "status" });
    this.host.replaceChildren(el("div", { class: "page-head" }, el("h1", {}, "System"), this.status), this.content);
    await this.load();
    return this;
  }

  async load() {
    const { health, network, log } = this.about;
    try {
      const [healthy, networks, { actions }, { entries }] = await Promise.all([health ? get("health") : null, network ? get("network") : null, this.about.actions ? get("actions") : { actions: [] }, log ? get("log") : { entries: [] }]);
      if (!this.closed) this.show(healthy, networks, actions, entries);
    } catch (failed) {
      if (!this.shown) throw failed;
      this.shown = "unknown"; // the next look may succeed
      this.status.replaceChildren(el("span", { class: "badge down" }, failed.message));
    }
    this.next();
  }

  next() {
    if (this.closed) return;
    this.timer = setTimeout(() => { if (document.hidden) this.next(); else this.load(); }, PAUSE);
  }

  show(health, networks, actions, entries) {
    const now = JSON.stringify([health, networks, actions, entries]);
    if (now === this.shown) return;
    this.shown = now;
    this.status.replaceChildren(...(health?.health?.status ? [badge(health.health.status)] : []));
    const cards = [...(health ? healthParts(health).map(({ title, count, body }) => this.card(title, count, body)) : []), ...(entries.length > 0 ? [this.log(entries)] : []), ...(networks ? this.networks(networks) : []), ...(actions.length > 0 ? [this.actions(actions)] : [])];
    this.content.replaceChildren(...(cards.length > 0 ? cards : [el("section", { class: "card blank" }, el("h2", {}, "Neither health nor a network is shown"), el("p", { class: "dim" }, "The service tells the inspector of them when it starts it: Inspector.on(runs).health(monitor).network(network)."))]));
  }

  card(title, count, body) { return el("section", { class: "card", "aria-label": title }, el("div", { class: "bar" }, el("h2", {}, title), count ? el("span", { class: "dim" }, count) : null), body); }

  /* What has happened, with the time to the millisecond: how long it took from a failure to the way around it is to be read off. */
  log(entries) {
    const time = at => new Date(at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
    const rows = [...entries].reverse().map(entry => el("tr", {}, el("td", { class: "mono" }, el("time", { datetime: entry.at }, time(entry.at))), el("td", {}, entry.source), el("td", { class: "detail" }, entry.text)));
    return this.card("What has happened", "the last " + number(entries.length), tabs.table("What has happened", ["when", "where", "what"], rows));
  }

  networks({ networks }) {
    return networks.flatMap(network => {
      const title = network.name === "network" ? "Network" : "Network " + network.name, cards = [];
      const told = el("div", {}, network.members.length > 0 && network.members.length <= MOST_DRAWN ? this.picture(network) : null, network.members.length === 0 ? tabs.quiet("Nobody is a member of this network.") : this.generic(title, network.members));
      cards.push(this.card(title, many(network.members.length, "member") + (network.kind ? ", " + network.kind.toLowerCase() : ""), told));
      if (network.edges.length > 0) cards.push(this.card(title + ": messages", many(network.edges.length, "way"), this.generic(title + ": messages", network.edges)));
      if ((network.deadLetters ?? []).length > 0) cards.push(this.card(title + ": dead letters", many(network.deadLetters.length, "message"), this.generic(title + ": dead letters", network.deadLetters)));
      return cards;
    });
  }

  actions(actions) {
    return this.card("Actions", "the last " + number(actions.length), tabs.table("Actions", ["when", "action", "run", "by", "outcome"], actions.map(action => el("tr", {}, el("td", {}, el("time", { datetime: action.at }, new Date(action.at).toLocaleString())), el("th", { scope: "row" }, action.action),
      el("td", { class: "mono" }, el("a", { href: "#/runs/" + encodeURIComponent(action.run) }, action.run)), el("td", {}, said(action.by)), el("td", { class: "detail" }, said(action.outcome))))));
  }

  /* Who sends to whom, how much; who works has a number. */
  picture({ members, edges, links = [] }) {
    const host = el("div", { class: "graph", tabindex: "0", role: "group", "aria-label": "Who sends to whom" }), names = new Set(members.map(member => member.id));
    const used = new Map(edges.filter(({ from, to }) => names.has(from) && names.has(to)).map(({ from, to, messages }) => [from + "\n" + to, messages]));
    const linked = links.filter(([from, to]) => !used.has(from + "\n" + to));
    const graph = new RunReport.Graph({ nodes: members.map(({ id }) => ({ name: id, kind: "agent" })), edges: [...[...used.keys()].map(key => key.split("\n")), ...linked] }, host);
    graph.show({ edges: used, nodes: new Map(members.map(member => [member.id, { live: member.inFlight + member.queued, steps: 1, failed: member.deadLettered + member.refused, note: RunReport.brief(member.delivered) + " delivered" }])) });
    return host;
  }

  /* A table of whatever fields there are. */
  generic(label, rows) {
    const names = [...new Set(rows.flatMap(row => Object.keys(row)))].filter(name => name === "id" || rows.some(row => row[name] !== 0 && row[name] !== null)).slice(0, 8), isNumber = name => rows.every(row => row[name] === undefined || row[name] === null || typeof row[name] === "number");
    return tabs.table(label, names.map(name => (isNumber(name) ? "#" : "") + name.replace(/([A-Z])/g, " $1").toLowerCase()), rows.map(row => el("tr", {}, names.map((name, at) => {
      const value = typeof row[name] === "number" ? number(row[name]) : said(row[name]);
      return at === 0 ? el("th", { scope: "row" }, value) : el("td", { class: isNumber(name) ? "num" : null }, value);
    }))));
  }
}

export async function systemPage(host, frame) {
  const page = new System(host, frame);
  try { return await page.start(); } catch (failed) { page.close(); throw failed; }
}
