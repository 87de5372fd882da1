/*
 * Where the nodes of a topology stand. Layers from start on, each as deep as the longest way to it; a layer of many nodes takes several rows, which stand in each other's gaps.
 * Where most know most others there are no layers to see: these stand in a circle.
 */
RunReport.layout = (() => {
  const STEP = 88, GAP = 24, ACROSS = 7, TOP = 44, MANY = 5, DENSE = 3.2;
  const isEndpoint = node => ["start", "end", "user"].includes(node.kind);

  function reached(from, successors) {
    const seen = new Set(), todo = [from];
    while (todo.length > 0) for (const to of successors.get(todo.pop())) if (!seen.has(to)) { seen.add(to); todo.push(to); }
    return seen;
  }

  /* How many edges each node is away from start, or from the first that nothing leads to. */
  function distances(names, successors) {
    const distance = new Map();
    for (const root of names) {
      if (distance.has(root)) continue;
      distance.set(root, 0);
      const todo = [root];
      for (const from of todo) for (const to of successors.get(from)) if (!distance.has(to)) { distance.set(to, distance.get(from) + 1); todo.push(to); }
    }
    return distance;
  }

  /* How deep each node is. Of a cycle only the edges count that lead further away from start. */
  function ranked(nodes, successors) {
    const names = nodes.map(node => node.name), distance = distances(names, successors), reach = new Map(names.map(name => [name, reached(name, successors)]));
    const ahead = new Map(names.map(name => [name, successors.get(name).filter(to => !reach.get(to).has(name) || distance.get(name) < distance.get(to))]));
    const waiting = new Map(names.map(name => [name, 0])), rank = new Map(names.map(name => [name, 0]));
    for (const all of ahead.values()) for (const to of all) waiting.set(to, waiting.get(to) + 1);
    const ready = names.filter(name => waiting.get(name) === 0);
    for (const name of ready) {
      for (const to of ahead.get(name)) {
        rank.set(to, Math.max(rank.get(to), rank.get(name) + 1));
        waiting.set(to, waiting.get(to) - 1);
        if (waiting.get(to) === 0) ready.push(to);
      }
    }
    const end = nodes.find(node => node.kind === "end");
    if (end) rank.set(end.name, 1 + Math.max(0, ...names.filter(name => name !== end.name).map(name => rank.get(name))));
    return rank;
  }

  /* Neighbours stand near each other: each layer by the middle of those that its nodes have an edge with. */
  function layered(nodes, edges, rank) {
    const layers = [], position = new Map(), near = new Map(nodes.map(node => [node.name, []]));
    for (const { name } of nodes) (layers[rank.get(name)] ??= []).push(name);
    const all = layers.filter(Boolean), place = layer => layer.forEach((name, at) => position.set(name, at - (layer.length - 1) / 2));
    all.forEach(place);
    for (const [from, to] of edges) if (rank.get(from) !== rank.get(to)) { near.get(from).push(to); near.get(to).push(from); }
    const middle = name => near.get(name).length === 0 ? position.get(name) : near.get(name).reduce((sum, other) => sum + position.get(other), 0) / near.get(name).length;
    for (let sweep = 0; sweep < 6; sweep++) {
      for (const layer of all) {
        const wanted = new Map(layer.map(name => [name, middle(name)]));
        layer.sort((left, right) => wanted.get(left) - wanted.get(right));
        place(layer);
      }
    }
    return all;
  }

  function* rowsOf(layer) {
    if (layer.length <= ACROSS) { yield layer; return; }
    for (let at = 0, row = 0; at < layer.length; row++) {
      const next = at + ACROSS - row % 2;
      yield layer.slice(at, next);
      at = next;
    }
  }

  function inLayers(nodes, edges, successors, wide) {
    const rank = ranked(nodes, successors), rows = layered(nodes, edges, rank).flatMap(layer => [...rowsOf(layer)]);
    const width = Math.max(280, Math.max(...rows.map(row => row.length)) * (wide + GAP) + 76), where = new Map();
    rows.forEach((row, at) => row.forEach((name, place) => where.set(name, { x: width / 2 + (place - (row.length - 1) / 2) * (wide + GAP), y: TOP + at * STEP, rank: rank.get(name) })));
    return { where, width, height: rows.length * STEP + 4, dense: false };
  }

  function inACircle(nodes, wide) {
    const agents = nodes.filter(node => !isEndpoint(node)), start = nodes.filter(node => node.kind === "start"), below = nodes.filter(node => isEndpoint(node) && node.kind !== "start"), turn = 2 * Math.PI / agents.length, chord = 2 * Math.sin(turn / 2);
    const across = (wide + GAP) / chord, down = 128 / chord, width = Math.max(280, across * 2 + wide + 76), middle = TOP + (start.length > 0 ? STEP * .8 : 0) + down;
    const where = new Map(start.map(({ name }) => [name, { x: width / 2, y: TOP - 14, rank: 0 }]));
    agents.forEach(({ name }, at) => where.set(name, { x: width / 2 + across * Math.sin(at * turn), y: middle - down * Math.cos(at * turn), rank: 1 }));
    below.forEach(({ name }, at) => where.set(name, { x: width / 2 + (at - (below.length - 1) / 2) * (wide + GAP), y: middle + down + STEP * .8, rank: 2 }));
    return { where, width, height: middle + down + (below.length > 0 ? STEP * .8 : 0) + 44, dense: true };
  }

  /* wide: of a node. Gives back { where: the middle of each node and its rank, width, height, dense: whether edges are straight }. */
  return ({ nodes, edges }, wide) => {
    const known = new Set(nodes.map(node => node.name)), inside = edges.filter(([from, to]) => known.has(from) && known.has(to) && from !== to), successors = new Map(nodes.map(node => [node.name, []]));
    for (const [from, to] of inside) successors.get(from).push(to);
    const agents = new Set(nodes.filter(node => !isEndpoint(node)).map(node => node.name)), between = inside.filter(([from, to]) => agents.has(from) && agents.has(to)).length;
    return agents.size >= MANY && between >= DENSE * agents.size ? inACircle(nodes, wide) : inLayers(nodes, inside, successors, wide);
  };
})();
