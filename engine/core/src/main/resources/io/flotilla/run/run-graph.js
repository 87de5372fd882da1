/* The topology of a run as a picture, with what each node has done and how often each edge was gone along. */
RunReport.Graph = (() => {
  const { el, svg, number, many, brief, fitted, layout } = RunReport;
  const ENDPOINTS = ["start", "end", "user"], MOST_NODES = 300, MOST_EDGES = 3000, MOST_COUNTED = 60, WIDE = 720, LEAST_SCALE = .75, MORE_SCALE = 1.1, FLASH = 900;
  const NAME_FONT = "600 13px system-ui, sans-serif", NODE_PAD = 46, LEAST_NODE = 146, MOST_NODE = 216, HALF = 22, ENDPOINT_HALF = 34;
  const key = (from, to) => from + "\n" + to;
  let pictures = 0;

  class Graph {
    constructor(topology, host, colors = new Map()) {
      Object.assign(this, { host, colors, nodes: new Map(), edges: new Map(), width: 0 });
      const { nodes, edges } = topology;
      if (nodes.length > MOST_NODES || edges.length > MOST_EDGES) {
        host.replaceChildren(el("p", { class: "empty" }, `${many(nodes.length, "node")} and ${many(edges.length, "edge")} are too many to draw. The tabs Agents and Messages tell of them.`));
        return;
      }
      this.pen = el("canvas").getContext("2d");
      this.pen.font = NAME_FONT;
      this.nodeWidth = Math.round(Math.max(LEAST_NODE, Math.min(MOST_NODE, NODE_PAD + Math.max(0, ...nodes.map(({ name }) => this.pen.measureText(name).width)))));
      this.endpoints = new Set(nodes.filter(({ kind }) => ENDPOINTS.includes(kind)).map(({ name }) => name));
      Object.assign(this, layout(topology, this.nodeWidth));
      this.crowded = this.dense || edges.length > MOST_COUNTED; // no numbers at the edges then: the tab Messages has them
      this.draw(topology);
    }

    /* Whether it needs the width of the page to be read. */
    get isWide() { return this.width > WIDE; }

    draw({ nodes, edges }) {
      const tip = "tip" + ++pictures, picture = svg("svg", { role: "img" }), lines = svg("g"), labels = svg("g"), boxes = svg("g");
      picture.append(svg("title", {}, document.createTextNode(`The topology: ${many(nodes.length, "node")}, ${many(edges.length, "edge")}`)),
        svg("defs", {}, svg("marker", { id: tip, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, svg("path", { d: "M0 .5 7.5 4 0 7.5z" }))), lines, labels, boxes);
      this.given = new Set(edges.map(([from, to]) => key(from, to)));
      this.reach = { left: 0, right: this.width };
      for (const [from, to] of edges) this.edge(from, to, tip, lines, labels);
      for (const node of nodes) this.node(node, boxes);
      const { left, right } = this.reach, width = right - left;
      this.width = width;
      picture.setAttribute("viewBox", `${left} 0 ${width} ${this.height}`);
      Object.assign(picture.style, { maxWidth: width * MORE_SCALE + "px", minWidth: width * LEAST_SCALE + "px", minHeight: this.height * LEAST_SCALE + "px" });
      this.host.replaceChildren(picture);
      requestAnimationFrame(() => { this.host.scrollLeft = (this.host.scrollWidth - this.host.clientWidth) / 2; });
    }

    edge(from, to, tip, lines, labels) {
      const [a, b] = [this.where.get(from), this.where.get(to)];
      if (!a || !b) return;
      const line = svg("path", { class: "edge" + (this.crowded ? " thin" : ""), d: this.path(a, b, this.given.has(key(to, from)), this.half(from), this.half(to)), "marker-end": `url(#${tip})` });
      const label = svg("text", { class: "edge-count", visibility: "hidden" });
      lines.append(line);
      labels.append(label);
      this.edges.set(key(from, to), { line, label, both: this.given.has(key(to, from)), count: 0 });
    }

    /* Half a node's width and height, of which an edge keeps away. */
    half(name) { return this.endpoints.has(name) ? { x: ENDPOINT_HALF, y: 15 } : { x: this.nodeWidth / 2, y: HALF }; }

    node(node, boxes) {
      const { x, y } = this.where.get(node.name), half = this.nodeWidth / 2, endpoint = this.endpoints.has(node.name), shift = endpoint ? 0 : 7;
      const group = svg("g", { class: "node " + node.kind });
      if (endpoint) group.append(svg("rect", { x: x - ENDPOINT_HALF, y: y - 15, width: ENDPOINT_HALF * 2, height: 30, rx: 15 }));
      else if (node.kind === "rendezvous") group.append(svg("polygon", { points: `${x - half},${y} ${x - half + 13},${y - HALF} ${x + half - 13},${y - HALF} ${x + half},${y} ${x + half - 13},${y + HALF} ${x - half + 13},${y + HALF}` }));
      else group.append(svg("rect", { x: x - half, y: y - HALF, width: this.nodeWidth, height: HALF * 2, rx: 10 }));
      if (!endpoint && this.colors.has(node.name)) group.append(svg("circle", { class: "agent-color c" + this.colors.get(node.name), cx: x - half + 16, cy: y, r: 4.5 }));
      const name = svg("text", { class: "name", x: x + shift, y: y + 4.5 }), count = svg("text", { x: x + shift, y: y + 14, class: "count" }), disc = svg("g", { visibility: "hidden", class: "live-mark" });
      name.textContent = fitted(this.pen, node.name, this.nodeWidth - NODE_PAD + 6);
      const label = svg("text", { x: x + half - 4, y: y - 18, class: "live-text" }), pill = svg("rect", { x: x + half - 17, y: y - 32, width: 26, height: 20, rx: 10, class: "live-count" });
      disc.append(pill, label);
      group.append(svg("title", {}, document.createTextNode(node.name)), name, count, disc);
      boxes.append(group);
      this.nodes.set(node.name, { group, name, count, disc, label, pill, y, x, half, kind: node.kind });
    }

    /* both: whether there is an edge back too. */
    path(a, b, both, halfA, halfB) {
      if (a === b) return loop(a, halfA);
      if (this.dense) return straight(a, b, both, halfA, halfB);
      if (a.y === b.y) return level(a, b, both, halfA, halfB);
      const up = b.y < a.y;
      if (both && Math.abs(a.rank - b.rank) === 1) return lane(a, b, up);
      if (up) return this.bow(a, b, (a.x + b.x) / 2 >= this.width / 2 ? 1 : -1, -6, halfA, halfB);
      const side = this.around(a, b);
      if (side !== 0) return this.bow(a, b, side, 6, halfA, halfB);
      const lift = Math.max(20, (b.y - a.y) / 2.3), from = a.y + halfA.y, to = b.y - halfB.y - 2;
      return `M${a.x} ${from} C${a.x} ${from + lift} ${b.x} ${to - lift} ${b.x} ${to}`;
    }

    /* From the side of one node to the same side of the other. */
    bow(a, b, side, lean, halfA, halfB) {
      const from = a.x + halfA.x * side, to = b.x + (halfB.x + 2) * side, out = (24 + Math.abs(a.y - b.y) * .11) * side, far = side > 0 ? Math.max(from, to) + out : Math.min(from, to) + out;
      this.reach.left = Math.min(this.reach.left, far);
      this.reach.right = Math.max(this.reach.right, far);
      return `M${from} ${a.y + lean} C${far} ${a.y + lean * 2} ${far} ${b.y - lean * 2} ${to} ${b.y - lean}`;
    }

    /* On which side an edge goes round the layers between, if a node stands in its way: -1 left, 1 right, 0 if none does. */
    around(a, b) {
      const half = this.nodeWidth / 2, between = [...this.where.values()].filter(({ rank }) => rank > a.rank && rank < b.rank);
      if (!between.some(({ x, y }) => Math.abs(x - (a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y))) < half)) return 0;
      const left = between.filter(({ x }) => x < Math.min(a.x, b.x) - 4).length, right = between.filter(({ x }) => x > Math.max(a.x, b.x) + 4).length;
      return right < left ? 1 : -1;
    }

    show({ nodes, edges }) {
      for (const [name, node] of this.nodes) {
        const seen = nodes.get(name), now = seen ? [seen.live, seen.steps, seen.failed, seen.retries, seen.note].join() : "";
        if (node.shown === now) continue;
        node.shown = now;
        this.showNode(node, seen, seen ? seen.live : 0, seen && seen.steps > 0);
      }
      for (const [name, edge] of this.edges) {
        const count = edges.get(name) ?? 0;
        if (count === edge.count) continue;
        edge.count = count;
        edge.line.classList.toggle("used", count > 0);
        if (!this.crowded) this.labelled(edge, count);
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
      if (edge.placed) return;
      edge.placed = true;
      const { x, y } = edge.line.getPointAtLength(edge.line.getTotalLength() * (edge.both ? .36 : .5));
      edge.label.setAttribute("x", x);
      edge.label.setAttribute("y", y + 4);
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

  /* From an agent to itself, over its left corner. */
  function loop({ x, y }, half) {
    const left = x - half.x + 16, top = y - half.y;
    return `M${left} ${top} C${left - 10} ${top - 27} ${left + 40} ${top - 27} ${left + 30} ${top - 2}`;
  }

  /* Two agents that hand over both ways, one above the other: two lanes side by side. */
  function lane(a, b, up) {
    const shift = up ? 9 : -9, [from, to] = up ? [a.y - HALF, b.y + HALF + 2] : [a.y + HALF, b.y - HALF - 2], lift = (to - from) / 2;
    return `M${a.x + shift} ${from} C${a.x + shift} ${from + lift} ${b.x + shift} ${to - lift} ${b.x + shift} ${to}`;
  }

  /* Two in a row: to the next one directly, to others above the row, or below it on the way back. */
  function level(a, b, both, halfA, halfB) {
    const side = Math.sign(b.x - a.x), apart = Math.abs(b.x - a.x) - halfA.x - halfB.x, shift = both ? 7 * -side : 0;
    if (apart < HALF * 2) return `M${a.x + halfA.x * side} ${a.y + shift} L${b.x - (halfB.x + 2) * side} ${b.y + shift}`;
    const out = -side * (16 + Math.min(34, apart * .06)), from = a.y - halfA.y * side, to = b.y - (halfB.y + 2) * side;
    return `M${a.x + 14 * side} ${from} C${a.x + 14 * side} ${from + out} ${b.x - 14 * side} ${to + out} ${b.x - 14 * side} ${to}`;
  }

  /* From the border of one to the border of the other, beside the edge back. */
  function straight(a, b, both, halfA, halfB) {
    const x = b.x - a.x, y = b.y - a.y, length = Math.hypot(x, y), shift = both ? 4 / length : 0, border = half => Math.min(half.x / Math.abs(x || .01), half.y / Math.abs(y || .01));
    const from = border(halfA), to = 1 - border(halfB) - 2 / length;
    return `M${a.x + x * from - y * shift} ${a.y + y * from + x * shift} L${a.x + x * to - y * shift} ${a.y + y * to + x * shift}`;
  }
  return Graph;
})();
