/* The topology of a run as a picture: layers from start, edges that lead back in a bow. */
RunReport.Graph = (() => {
  const { svg, number, brief } = RunReport;
  const ENDPOINTS = ["start", "end", "user"], STEP = 88, GAP = 24, FLASH = 900;
  const key = (from, to) => from + "\n" + to;
  let pictures = 0;

  /* Which edges lead back, and how deep each node is. */
  function ranked(topology) {
    const successors = new Map(topology.nodes.map(node => [node.name, []]));
    topology.edges.forEach(([from, to]) => successors.get(from)?.push(to));
    const state = new Map(), back = new Set(), order = [];
    const names = topology.nodes.map(node => node.name);
    for (const root of ["start", ...names].filter(name => successors.has(name))) {
      if (state.has(root)) continue;
      const stack = [[root, 0]];
      state.set(root, 1);
      while (stack.length > 0) {
        const frame = stack[stack.length - 1];
        const next = successors.get(frame[0])[frame[1]++];
        if (next === undefined) { state.set(frame[0], 2); order.push(frame[0]); stack.pop(); }
        else if (state.get(next) === 1) back.add(key(frame[0], next));
        else if (successors.has(next) && !state.has(next)) { state.set(next, 1); stack.push([next, 0]); }
      }
    }
    const rank = new Map(names.map(name => [name, 0]));
    for (const name of order.reverse()) {
      for (const to of successors.get(name)) {
        if (rank.has(to) && !back.has(key(name, to))) rank.set(to, Math.max(rank.get(to), rank.get(name) + 1));
      }
    }
    const deepest = Math.max(0, ...[...rank].filter(([name]) => name !== "end").map(([, depth]) => depth));
    if (rank.has("end")) rank.set("end", Math.max(rank.get("end"), deepest + 1));
    return { names, back, rank };
  }

  class Graph {
    constructor(topology, host, colors = new Map()) {
      this.host = host;
      this.nodes = new Map();
      this.edges = new Map();
      this.colors = colors;
      this.layout(topology);
      this.draw(topology);
    }

    layout(topology) {
      const { names, back, rank } = ranked(topology);
      const layers = [];
      for (const name of names) (layers[rank.get(name)] ??= []).push(name);
      const position = new Map();
      const place = layer => layer.forEach((name, at) => position.set(name, at - (layer.length - 1) / 2));
      layers.forEach(place);
      const near = new Map(names.map(name => [name, []]));
      topology.edges.forEach(([from, to]) => { near.get(from)?.push(to); near.get(to)?.push(from); });
      for (let sweep = 0; sweep < 6; sweep++) {
        for (const layer of layers.filter(Boolean)) {
          const middle = new Map(layer.map(name => {
            const all = near.get(name).filter(other => position.has(other) && rank.get(other) !== rank.get(name));
            return [name, all.length === 0 ? position.get(name) : all.reduce((sum, other) => sum + position.get(other), 0) / all.length];
          }));
          layer.sort((left, right) => middle.get(left) - middle.get(right));
          place(layer);
        }
      }
      const width = Math.max(138, Math.min(206, 46 + 7.6 * Math.max(0, ...names.map(name => Math.min(22, name.length)))));
      const widest = Math.max(1, ...layers.map(layer => layer ? layer.length : 0));
      Object.assign(this, { back, rank, nodeWidth: width, width: Math.max(280, widest * (width + GAP) + 76), height: layers.length * STEP + 4 });
      this.where = new Map(names.map(name => [name, { x: this.width / 2 + position.get(name) * (width + GAP), y: 44 + rank.get(name) * STEP }]));
    }

    draw(topology) {
      const tip = "tip" + ++pictures;
      const picture = svg("svg", { role: "img" });
      this.title = svg("title", {}, document.createTextNode(`The topology: ${topology.nodes.length} nodes, ${topology.edges.length} edges`));
      picture.append(this.title, svg("defs", {}, svg("marker", { id: tip, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, svg("path", { d: "M0 .5 7.5 4 0 7.5z" }))));
      this.given = new Set(topology.edges.map(([from, to]) => key(from, to)));
      this.reach = { left: 0, right: this.width };
      const lines = svg("g"), labels = svg("g"), boxes = svg("g");
      for (const [from, to] of topology.edges) this.edge(from, to, tip, lines, labels);
      for (const node of topology.nodes) this.node(node, boxes);
      const { left, right } = this.reach, width = right - left;
      picture.setAttribute("viewBox", `${left} 0 ${width} ${this.height}`);
      picture.style.maxWidth = width * 1.1 + "px";
      picture.style.minWidth = Math.min(width * .62, 1600) + "px";
      picture.append(lines, labels, boxes);
      this.host.replaceChildren(picture);
    }

    edge(from, to, tip, lines, labels) {
      const [a, b] = [this.where.get(from), this.where.get(to)];
      if (!a || !b) return;
      const backwards = this.back.has(key(from, to)) || this.rank.get(from) >= this.rank.get(to);
      const both = this.given.has(key(to, from)) && Math.abs(this.rank.get(from) - this.rank.get(to)) === 1;
      const line = svg("path", { class: "edge" + (backwards ? " back" : ""), d: this.curve(a, b, backwards, both, from === "start" ? 15 : 22, to === "end" || to === "user" ? 17 : 24), "marker-end": `url(#${tip})` });
      const label = svg("text", { class: "edge-count", visibility: "hidden" });
      lines.append(line);
      labels.append(label);
      this.edges.set(key(from, to), { line, label, a, b, both, count: 0 });
    }

    node(node, boxes) {
      const { x, y } = this.where.get(node.name), half = this.nodeWidth / 2;
      const group = svg("g", { class: "node " + node.kind });
      const endpoint = ENDPOINTS.includes(node.kind);
      if (endpoint) group.append(svg("rect", { x: x - 34, y: y - 15, width: 68, height: 30, rx: 15 }));
      else if (node.kind === "rendezvous") group.append(svg("polygon", { points: `${x - half},${y} ${x - half + 13},${y - 22} ${x + half - 13},${y - 22} ${x + half},${y} ${x + half - 13},${y + 22} ${x - half + 13},${y + 22}` }));
      else group.append(svg("rect", { x: x - half, y: y - 22, width: this.nodeWidth, height: 44, rx: 10 }));
      if (!endpoint && this.colors.has(node.name)) group.append(svg("circle", { class: "agent-color c" + this.colors.get(node.name), cx: x - half + 16, cy: y, r: 4.5 }));
      const shift = endpoint ? 0 : 7;
      const name = svg("text", { class: "name", x: x + shift, y: y + 4.5 }), count = svg("text", { x: x + shift, y: y + 14, class: "count" });
      name.textContent = node.name.length > 22 ? node.name.slice(0, 10) + "…" + node.name.slice(-10) : node.name;
      const disc = svg("g", { visibility: "hidden", class: "live-mark" });
      const label = svg("text", { x: x + half - 4, y: y - 18, class: "live-text" });
      const pill = svg("rect", { x: x + half - 17, y: y - 32, width: 26, height: 20, rx: 10, class: "live-count" });
      disc.append(pill, label);
      group.append(svg("title", {}, document.createTextNode(node.name)), name, count, disc);
      boxes.append(group);
      this.nodes.set(node.name, { group, name, count, disc, label, pill, y, x, half, kind: node.kind });
    }

    /* Two agents that hand over both ways, one above the other: two lanes side by side. */
    lane(a, b, up) {
      const shift = up ? 9 : -9, [from, to] = up ? [a.y - 22, b.y + 24] : [a.y + 22, b.y - 24], lift = (to - from) / 2;
      return `M${a.x + shift} ${from} C${a.x + shift} ${from + lift} ${b.x + shift} ${to - lift} ${b.x + shift} ${to}`;
    }

    curve(a, b, backwards, both, below, above) {
      if (a === b) return `M${a.x + 30} ${a.y - 22} c 30 -40 60 0 20 14`;
      if (both) return this.lane(a, b, backwards);
      if (!backwards) {
        const around = this.around(a, b);
        if (around !== 0) return this.bow(a, b, around, 6, below, above);
        const lift = Math.max(20, (b.y - a.y) / 2.3);
        return `M${a.x} ${a.y + below} C${a.x} ${a.y + below + lift} ${b.x} ${b.y - above - lift} ${b.x} ${b.y - above}`;
      }
      return this.bow(a, b, (a.x + b.x) / 2 >= this.width / 2 ? 1 : -1, -6, below, above);
    }

    /* From the side of one node to the same side of the other. */
    bow(a, b, side, lean, below, above) {
      const half = height => (height < 20 ? 34 : this.nodeWidth / 2), from = a.x + half(below) * side, to = b.x + (half(above) + 2) * side;
      const out = (24 + Math.abs(a.y - b.y) * .11) * side, far = side > 0 ? Math.max(from, to) + out : Math.min(from, to) + out;
      this.reach.left = Math.min(this.reach.left, far);
      this.reach.right = Math.max(this.reach.right, far);
      return `M${from} ${a.y + lean} C${far} ${a.y + lean * 2} ${far} ${b.y - lean * 2} ${to} ${b.y - lean}`;
    }

    /* On which side an edge goes round the nodes that stand in its way: -1 left, 1 right, 0 if there are none. */
    around(a, b) {
      const half = this.nodeWidth / 2, between = [...this.where.values()].filter(({ y }) => y > a.y + 4 && y < b.y - 4);
      if (!between.some(({ x, y }) => Math.abs(x - (a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y))) < half)) return 0;
      const left = between.filter(({ x }) => x < Math.min(a.x, b.x) - 4).length, right = between.filter(({ x }) => x > Math.max(a.x, b.x) + 4).length;
      return right < left ? 1 : -1;
    }

    show({ nodes, edges }) {
      for (const [name, node] of this.nodes) {
        const seen = nodes.get(name), now = seen ? seen.live + " " + seen.steps + " " + seen.failed + " " + seen.retries : "";
        if (node.shown === now) continue;
        node.shown = now;
        this.showNode(node, seen, seen ? seen.live : 0, seen && seen.steps > 0);
      }
      for (const [name, edge] of this.edges) {
        const count = edges.get(name) ?? 0;
        if (count === edge.count) continue;
        edge.count = count;
        edge.line.classList.toggle("used", count > 0);
        this.labelled(edge, count);
      }
    }

    showNode(node, seen, live, worked) {
      node.group.setAttribute("class", "node " + node.kind + (live > 0 ? " live" : "") + (seen && seen.failed > 0 ? " bad" : ""));
      node.count.textContent = seen?.note ?? (worked ? brief(seen.steps) + (seen.steps === 1 ? " step" : " steps") + (seen.failed > 0 ? " · " + brief(seen.failed) + " failed" : seen.retries > 0 ? " · " + brief(seen.retries) + (seen.retries === 1 ? " retry" : " retries") : "") : "");
      node.name.setAttribute("y", worked ? node.y - 2.5 : node.y + 4.5);
      node.disc.setAttribute("visibility", live > 0 ? "visible" : "hidden");
      const text = brief(live), wide = 14 + text.length * 7.5;
      node.label.textContent = text;
      node.pill.setAttribute("width", wide);
      node.pill.setAttribute("x", node.x + node.half - 4 - wide / 2);
    }

    labelled(edge, count) {
      edge.label.setAttribute("visibility", count > 1 ? "visible" : "hidden");
      if (count < 2) return;
      edge.label.textContent = number(count);
      if (!edge.placed) {
        edge.placed = true;
        const middle = edge.line.getTotalLength?.() ? edge.line.getPointAtLength(edge.line.getTotalLength() * (edge.both ? .36 : .5)) : { x: (edge.a.x + edge.b.x) / 2, y: (edge.a.y + edge.b.y) / 2 };
        edge.label.setAttribute("x", middle.x);
        edge.label.setAttribute("y", middle.y + 4);
      }
    }

    /* The edges that somebody has just gone along. */
    flash(names) {
      for (const name of new Set(names)) {
        const edge = this.edges.get(name);
        if (!edge) continue;
        edge.line.classList.add("flash");
        clearTimeout(edge.timer);
        edge.timer = setTimeout(() => edge.line.classList.remove("flash"), FLASH);
      }
    }
  }
  return Graph;
})();
