/* What stands below the graph and the timeline, a tab each: { name, badge(view), node, show(view) }. All follow the slider. */
RunReport.tabs = (() => {
  const { el, number, many, millis, words, reasonOf, Table } = RunReport;
  const MOST = 200, NAMED = 14;

  const dot = (view, agent) => el("i", { class: "agent-dot c" + view.model.color(agent), "aria-hidden": "true" });
  const agentCell = (view, agent) => agent ? el("span", { class: "agent" }, dot(view, agent), agent) : "";
  const status = word => el("span", { class: "badge " + word }, word);
  const quiet = text => el("p", { class: "empty" }, text);
  const more = count => count > 0 ? [el("p", { class: "dim" }, "and " + number(count) + " more")] : [];
  function table(label, heads, rows) {
    const head = heads.map(name => el("th", { scope: "col", class: name.startsWith("#") ? "num" : null }, name.replace("#", "")));
    return el("div", { class: "plain-table", tabindex: "0", role: "group", "aria-label": label }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)));
  }

  function events() {
    let shown = [], known = "";
    const host = el("div", {}), chips = el("p", { class: "chips", hidden: true });
    let rows, view;
    rows = new Table({ label: "Events", empty: "Nothing has happened yet.", columns: [{ name: "no.", num: true, width: "4.6rem" }, { name: "time", num: true, width: "6rem" },
      { name: "agent", width: "minmax(6rem, 1.1fr)" }, { name: "branch", mono: true, width: "minmax(4rem, .9fr)", wide: true }, { name: "what", width: "minmax(9rem, 3.4fr)" }],
    row: at => {
      const entry = shown[(view.branch ? shown.length : view.count) - 1 - at];
      return { cells: [number(entry.seq), millis(entry.ms), agentCell(view, entry.raw.agent ?? entry.raw.question?.agent), entry.raw.branch ?? entry.raw.question?.branch ?? "", words(entry)],
        class: (entry.seq === view.count - 1 ? "now " : "") + (entry.type === "branch-failed" || entry.raw.failed === true ? "is-bad" : ""),
        open: () => view.seek(entry.seq + 1), label: `Event ${entry.seq}, ${words(entry)}: go there` };
    } });
    host.append(chips, rows.node);
    return { name: "Events", node: host, badge: current => current.count, dispose: () => rows.dispose(), show(current) {
      view = current;
      const { branch, model, count } = view, now = (branch ? branch.name : "") + "@" + count + "/" + model.events.length;
      if (now !== known) {
        known = now;
        shown = branch ? model.events.filter(entry => entry.seq < count && (entry.raw.branch ?? entry.raw.question?.branch) === branch.name) : model.events;
      }
      chips.hidden = !branch;
      if (branch) chips.replaceChildren("Only of branch ", el("b", {}, model.agentAt(branch, count)), " ", el("span", { class: "mono" }, branch.name), " ", el("button", { type: "button", class: "small", onclick: () => view.choose(null) }, "Show all"));
      rows.show(branch ? shown.length : count);
    } };
  }

  function branches() {
    let shown = [], view;
    const rows = new Table({ label: "Branches", empty: "No branch has started yet.", columns: [{ name: "branch", mono: true, width: "minmax(5rem, 1fr)" }, { name: "agent", width: "minmax(6rem, 1.6fr)" }, { name: "status", width: "8rem" },
      { name: "steps", num: true, width: "4.5rem" }, { name: "started", num: true, width: "6rem", wide: true }, { name: "took", num: true, width: "6rem", wide: true }],
    row: at => {
      const branch = shown[at], { model, count } = view, over = branch.end && branch.end.seq < count;
      const steps = branch.spans.filter(span => span.kind === "step" && span.from.seq < count).length;
      return { cells: [branch.name, agentCell(view, model.agentAt(branch, count)), status(model.statusAt(branch, count)), number(steps), millis(branch.start.ms), millis((over ? branch.end.ms : view.state.moment) - branch.start.ms)],
        class: branch === view.branch ? "now" : "", open: () => view.choose(branch), label: `Branch ${branch.name}: show its events` };
    } });
    return { name: "Branches", node: rows.node, badge: current => current.state.totals.live + current.state.totals.ended, dispose: () => rows.dispose(), show(current) {
      view = current;
      shown = view.model.rows.filter(branch => branch.start.seq < view.count);
      rows.show(shown.length);
    } };
  }

  function join(view, told) {
    const parts = told.kind === "fork" ? [["answered", told.answered], ["failed", told.failed], ["moved", told.moved], ["cancelled", told.cancelled], ["awaited", told.awaited.length]] : [["answered", told.arrived.length], ["awaited", told.awaited.length]];
    const all = Math.max(1, parts.reduce((sum, [, count]) => sum + count, 0));
    const bar = el("div", { class: "share", "aria-hidden": "true" }, parts.filter(([, count]) => count > 0).map(([kind, count]) => { const part = el("i", { class: kind }); part.style.width = count / all * 100 + "%"; return part; }));
    const word = { answered: told.kind === "fork" ? "answered" : "arrived", moved: "moved on", awaited: told.kind === "fork" ? "awaited" : "may still come" };
    const chips = told.awaited.slice(0, NAMED).map(branch => el("button", { type: "button", class: "chip", title: branch.name, onclick: () => view.choose(branch) }, dot(view, view.model.agentAt(branch, view.count)), view.model.agentAt(branch, view.count), " ", el("span", { class: "mono" }, branch.name)));
    return el("li", { class: "join" }, el("div", { class: "join-head" }, el("b", {}, told.agent), el("span", { class: "dim" }, told.kind === "fork" ? "waits for the fork of " + many(told.size, "branch", "branches") : "rendezvous"), el("span", { class: "mono dim" }, told.branch)), bar,
      el("p", { class: "dim" }, parts.filter(([, count]) => count > 0).map(([kind, count]) => number(count) + " " + (word[kind] ?? kind)).join(" · ")),
      chips.length > 0 ? el("p", { class: "chips" }, "Awaited: ", chips, told.awaited.length > NAMED ? " and " + number(told.awaited.length - NAMED) + " more" : null) : null);
  }

  const joins = () => ({ name: "Joins", node: el("div", {}), badge: view => view.model.joinsAt(view.count).length, show(view) {
    const all = view.model.joinsAt(view.count);
    this.node.replaceChildren(...(all.length === 0 ? [quiet("Nobody waits for others at this moment.")] : [el("ul", { class: "joins" }, all.slice(0, MOST).map(each => join(view, each))), ...more(all.length - MOST)]));
  } });

  function causes(failure) {
    const told = [];
    for (let at = failure?.first; at && told.length < 9; at = at.first) told.push(el("li", {}, at.message ?? at.reason));
    for (const each of failure?.suppressed ?? []) told.push(el("li", { class: "dim" }, each));
    return told.length === 0 ? null : el("details", {}, el("summary", {}, many(told.length, "cause")), el("ol", {}, told));
  }

  const failures = () => ({ name: "Failures", node: el("div", {}), badge: view => view.state.totals.failed, show(view) {
    const shown = view.model.failures.filter(failure => failure.entry.seq < view.count);
    this.node.replaceChildren(...(shown.length === 0 ? [quiet("No branch has failed so far.")] : [el("ul", { class: "failures" }, shown.slice(0, MOST).map(({ entry, branch }) => el("li", {},
      el("div", { class: "join-head" }, agentCell(view, entry.raw.agent), el("span", { class: "mono dim" }, branch.name), el("button", { type: "button", class: "small plain", onclick: () => view.seek(entry.seq + 1) }, millis(entry.ms))),
      el("p", { class: "reason" }, reasonOf(entry.raw)), causes(entry.raw.failure)))), ...more(shown.length - MOST)]));
  } });

  const cost = value => value === undefined || value === null || Number(value) === 0 ? "" : Number(value).toLocaleString("en", { maximumFractionDigits: 4 });
  const agents = () => ({ name: "Agents", node: el("div", {}), badge: view => view.state.nodes.size, show(view) {
    const rows = [...view.state.nodes].sort((left, right) => right[1].steps - left[1].steps);
    const used = new Map((view.usage ?? []).map(each => [each.agent, each]));
    const heads = ["agent", "#live", "#steps", "#failed", "#retries", "#fallbacks", ...(used.size > 0 ? ["#tokens in", "#tokens out", "#cost"] : [])];
    this.node.replaceChildren(rows.length === 0 ? quiet("No agent has worked yet.") : table("Agents", heads, rows.map(([name, node]) => {
      const mine = used.get(name) ?? {}, numbers = [node.live, node.steps, node.failed, node.retries, node.degraded, ...(used.size > 0 ? [mine.inputTokens ?? 0, mine.outputTokens ?? 0] : [])];
      return el("tr", {}, el("th", { scope: "row" }, agentCell(view, name)), numbers.map((value, at) => el("td", { class: "num" + (at === 2 && value > 0 ? " bad" : "") }, value === 0 ? "–" : number(value))), used.size > 0 ? el("td", { class: "num" }, cost(mine.cost) || "–") : null);
    })), ...(used.size > 0 && !view.atEnd() ? [el("p", { class: "dim" }, "Tokens and cost by agent are of the whole run.")] : []));
  } });

  const messages = () => ({ name: "Messages", node: el("div", {}), badge: view => view.state.edges.size, show(view) {
    const rows = [...view.state.edges].sort((left, right) => right[1] - left[1]), most = Math.max(1, ...rows.map(([, count]) => count));
    this.node.replaceChildren(...(rows.length === 0 ? [quiet("Nobody has gone along an edge yet.")] : [table("Messages along each edge", ["from", "to", "#messages", ""], rows.slice(0, MOST).map(([edge, count]) => {
      const [from, to] = edge.split("\n"), bar = el("i", { class: "meter" });
      bar.style.width = Math.max(2, count / most * 100) + "%";
      return el("tr", {}, el("th", { scope: "row" }, from), el("td", {}, to), el("td", { class: "num" }, number(count)), el("td", { class: "meter-cell", "aria-hidden": "true" }, bar));
    })), ...more(rows.length - MOST)]));
  } });

  const questions = () => ({ name: "Questions", node: el("div", {}), badge: view => view.state.questions.size, show(view) {
    const open = [...view.state.questions.values()];
    this.node.replaceChildren(open.length === 0 ? quiet("No question is open.") : table("Open questions", ["agent", "branch", "question", "id"], open.map(question =>
      el("tr", {}, el("th", { scope: "row" }, agentCell(view, question.agent)), el("td", { class: "mono" }, question.branch), el("td", {}, question.text), el("td", { class: "mono dim" }, question.id)))));
  } });

  const text = value => typeof value === "string" ? value : JSON.stringify(value);
  const state = () => ({ name: "State", node: el("div", {}), hidden: view => view.model.state.totals.writes === 0, badge: view => view.state.values.size, show(view) {
    const rows = [...view.state.values].sort(([left], [right]) => left < right ? -1 : 1);
    this.node.replaceChildren(...(rows.length === 0 ? [quiet("The run's own state is empty at this moment.")] : [table("The run's own state", ["key", "value", "#version", "written by"], rows.slice(0, MOST).map(([key, { value, version, agent }]) =>
      el("tr", {}, el("th", { scope: "row", class: "mono" }, key), el("td", {}, text(value)), el("td", { class: "num" }, number(version)), el("td", {}, agentCell(view, agent))))), ...more(rows.length - MOST)]));
  } });

  const result = () => ({ name: "Result", node: el("div", {}), hidden: view => view.data.result === undefined || view.data.result === null, show(view) {
    this.node.replaceChildren(el("pre", { tabindex: "0" }, view.data.result));
  } });

  return { all: () => [events(), branches(), joins(), failures(), agents(), messages(), questions(), state(), result()], table, quiet, agentCell, status, cost };
})();
