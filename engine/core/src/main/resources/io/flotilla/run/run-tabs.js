/* What stands below the graph and the timeline, a tab each: { name, badge(view), node, show(view) }. All follow the slider. */
RunReport.tabs = (() => {
  const { el, number, many, millis, words, reasonOf, long, Table } = RunReport;
  const MOST = 200, NAMED = 14;

  const dot = (view, agent) => el("i", { class: "agent-dot c" + view.model.color(agent), "aria-hidden": "true" });
  const agentCell = (view, agent) => agent ? el("span", { class: "agent" }, dot(view, agent), el("span", { class: "agent-name", title: agent.length > 20 ? agent : null }, agent)) : "";
  const status = word => el("span", { class: "badge " + word }, word);
  const quiet = text => el("p", { class: "empty" }, text);
  const more = count => count > 0 ? [el("p", { class: "dim" }, "and " + number(count) + " more")] : [];
  function table(label, heads, rows) {
    const head = heads.map(name => el("th", { scope: "col", class: name.startsWith("#") ? "num" : null }, name.replace("#", "")));
    return el("div", { class: "plain-table", tabindex: "0", role: "group", "aria-label": label }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)));
  }

  /* A tab whose content is built again only if it says something else: what somebody has opened, or is about to press, stays as it is. */
  function tab(name, { said, build, ...more }) {
    return { name, node: el("div", {}), ...more, show(view) {
      const now = said(view), key = typeof now === "string" ? now : JSON.stringify(now);
      if (key === this.key) return;
      this.key = key;
      this.node.replaceChildren(...[build(view, now)].flat());
    } };
  }
  const tell = (some, all, none, build) => all === 0 ? [quiet(none)] : [build(some), ...more(all - some.length)];

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
    const parts = told.kind === "fork" ? [["answered", told.answered], ["failed", told.failed], ["moved", told.moved], ["cancelled", told.cancelled], ["awaited", told.awaited]] : [["answered", told.arrived], ["awaited", told.awaited]];
    const some = parts.filter(([, count]) => count > 0), all = Math.max(1, some.reduce((sum, [, count]) => sum + count, 0));
    const bar = el("div", { class: "share", "aria-hidden": "true" }, some.map(([kind, count]) => { const part = el("i", { class: kind }); part.style.width = count / all * 100 + "%"; return part; }));
    const word = { answered: told.kind === "fork" ? "answered" : "arrived", moved: "moved on", awaited: told.kind === "fork" ? "awaited" : "may still come" };
    const chips = told.named.map(([branch, agent]) => el("button", { type: "button", class: "chip", title: branch, onclick: () => view.choose(view.model.branches.get(branch)) }, agentCell(view, agent), " ", el("span", { class: "mono" }, branch)));
    return el("li", { class: "join" }, el("div", { class: "join-head" }, el("b", {}, told.agent), el("span", { class: "dim" }, told.kind === "fork" ? "waits for the fork of " + many(told.size, "branch", "branches") : "rendezvous"), el("span", { class: "mono dim" }, told.branch)), bar,
      el("p", { class: "dim" }, some.map(([kind, count]) => number(count) + " " + (word[kind] ?? kind)).join(" · ")),
      chips.length > 0 ? el("p", { class: "chips" }, "Awaited: ", chips, told.awaited > chips.length ? " and " + number(told.awaited - chips.length) + " more" : null) : null);
  }

  const joins = () => tab("Joins", {
    badge: view => view.model.joinCountAt(view.count),
    said: view => {
      const { model, count } = view, all = model.joinsAt(count);
      return [all.length, all.slice(0, MOST).map(told => ({ ...told, arrived: told.arrived?.length, awaited: told.awaited.length, named: told.awaited.slice(0, NAMED).map(branch => [branch.name, model.agentAt(branch, count)]) }))];
    },
    build: (view, [all, some]) => tell(some, all, "Nobody waits for others at this moment.", () => el("ul", { class: "joins" }, some.map(each => join(view, each)))),
  });

  function causes(failure) {
    const told = [];
    for (let at = failure?.first; at && told.length < 9; at = at.first) told.push(long(at.message ?? at.reason ?? "", "li", ""));
    for (const each of failure?.suppressed ?? []) told.push(long(String(each), "li", "dim"));
    return told.length === 0 ? null : el("details", {}, el("summary", {}, many(told.length, "cause")), el("ol", {}, told));
  }

  const failures = () => tab("Failures", {
    badge: view => view.state.totals.failed,
    said: view => [view.state.totals.failed, view.model.failures.length], // they come in order
    build: view => {
      const shown = view.model.failures.filter(failure => failure.entry.seq < view.count), some = shown.slice(0, MOST);
      return tell(some, shown.length, "No branch has failed so far.", () => el("ul", { class: "failures" }, some.map(({ entry, branch }) => el("li", {},
        el("div", { class: "join-head" }, agentCell(view, entry.raw.agent), el("span", { class: "mono dim" }, branch.name), el("button", { type: "button", class: "small plain", "aria-label": "Go to the moment of this failure, " + millis(entry.ms), onclick: () => view.seek(entry.seq + 1) }, millis(entry.ms))),
        long(reasonOf(entry.raw)), causes(entry.raw.failure)))));
    },
  });

  const cost = value => value === undefined || value === null || Number(value) === 0 ? "" : Number(value).toLocaleString("en", { maximumFractionDigits: 4 });

  /* What each agent has used, as of the slider. */
  function agents() {
    const tokens = ({ inputTokens, outputTokens }) => inputTokens + outputTokens;
    return tab("Agents", {
      badge: view => view.state.nodes.size,
      said: view => {
        const { nodes, totals: { own, isGuessed } } = view.state, rows = [...nodes].sort((left, right) => right[1].steps - left[1].steps);
        return { all: rows.length, rows: rows.slice(0, MOST), paid: tokens(own) + own.cost > 0, isGuessed, others: Math.max(0, tokens(view.used(view.state)) - tokens(own)) };
      },
      build: (view, { all, rows, paid, isGuessed, others }) => tell(rows, all, "No agent has worked yet.", () => [table("Agents", ["agent", "#live", "#steps", "#failed", "#retries", "#fallbacks", ...(paid ? ["#tokens in", "#tokens out", "#cost"] : [])], rows.map(([name, node]) => {
        const numbers = [node.live, node.steps, node.failed, node.retries, node.degraded, ...(paid ? [node.inputTokens, node.outputTokens] : [])];
        return el("tr", {}, el("th", { scope: "row" }, agentCell(view, name)), numbers.map((value, at) => el("td", { class: "num" + (at === 2 && value > 0 ? " bad" : "") }, value === 0 ? "–" : number(value))), paid ? el("td", { class: "num" }, cost(node.cost) || "–") : null);
      })), ...(others > 0 ? [el("p", { class: "dim" }, "Steps that have not ended by then, or were cancelled, have used " + many(others, "token") + " besides.")] : []),
      ...(isGuessed ? [el("p", { class: "dim" }, "This run was recorded before each step's own usage was: what is used is put down to the step that ends next.")] : [])]).flat(),
    });
  }

  const messages = () => tab("Messages", {
    badge: view => view.state.edges.size,
    said: view => [view.state.edges.size, [...view.state.edges].sort((left, right) => right[1] - left[1]).slice(0, MOST)],
    build: (view, [all, rows]) => tell(rows, all, "Nobody has gone along an edge yet.", () => table("Messages along each edge", ["from", "to", "#messages", ""], rows.map(([edge, count]) => {
      const [from, to] = edge.split("\n"), bar = el("i", { class: "meter" });
      bar.style.width = Math.max(2, count / rows[0][1] * 100) + "%";
      return el("tr", {}, el("th", { scope: "row" }, from), el("td", {}, to), el("td", { class: "num" }, number(count)), el("td", { class: "meter-cell", "aria-hidden": "true" }, bar));
    }))),
  });

  const questions = () => tab("Questions", {
    badge: view => view.state.questions.size,
    said: view => [view.state.questions.size, [...view.state.questions.values()].slice(0, MOST)],
    build: (view, [all, open]) => tell(open, all, "No question is open.", () => table("Open questions", ["agent", "branch", "question", "id"], open.map(question =>
      el("tr", {}, el("th", { scope: "row" }, agentCell(view, question.agent)), el("td", { class: "mono" }, question.branch), el("td", {}, long(question.text)), el("td", { class: "mono dim" }, question.id))))),
  });

  const text = value => typeof value === "string" ? value : JSON.stringify(value, null, 1);
  const state = () => tab("State", {
    hidden: view => view.model.state.totals.writes === 0,
    badge: view => view.state.values.size,
    said: view => [view.state.values.size, view.state.totals.writes], // a value changes by a write only
    build: (view, [all]) => {
      const rows = [...view.state.values].sort(([left], [right]) => left < right ? -1 : 1).slice(0, MOST);
      return tell(rows, all, "The run's own state is empty at this moment.", () => table("The run's own state", ["key", "value", "#version", "written by"], rows.map(([key, { value, version, agent }]) =>
        el("tr", {}, el("th", { scope: "row", class: "mono" }, key), el("td", { class: "value" }, long(text(value), "div")), el("td", { class: "num" }, number(version)), el("td", {}, agentCell(view, agent))))));
    },
  });

  const result = () => tab("Result", {
    hidden: view => view.data.result === undefined || view.data.result === null,
    said: view => view.data.result,
    build: (view, said) => el("pre", { tabindex: "0" }, said),
  });

  return { all: () => [events(), branches(), joins(), failures(), agents(), messages(), questions(), state(), result()], table, quiet, agentCell, cost };
})();
