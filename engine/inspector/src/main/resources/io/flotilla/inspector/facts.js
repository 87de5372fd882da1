/* What is recorded of a run, however long it is: as it comes, with word of how far it is. */
import { getPieces, runPath } from "./api.js";

const LIMIT = 1000000;

/* Calls take(entries, count so far) as they come, in order; gives back how many there were. The response has an entry a line. */
export async function eachPage(id, take, { from = 0, going = () => true } = {}) {
  let next = from, count = 0;
  while (next !== null && going()) {
    let rest = "";
    const some = lines => {
      if (lines.length === 0) return;
      const entries = JSON.parse("[" + lines.join("\n").replace(/,\s*$/, "") + "]");
      count += entries.length;
      take(entries, count);
    };
    await getPieces(runPath(id, `/facts?from=${next}&limit=${LIMIT}`), async piece => {
      const lines = (rest + piece).split("\n");
      rest = lines.pop();
      if (lines.length > 0 && lines[0].startsWith('{"entries"')) lines[0] = lines[0].replace(/^\{"entries":\[/, "");
      some(lines.filter(line => line !== ""));
      await new Promise(resolve => setTimeout(resolve)); // the page stays alive meanwhile
      return going();
    });
    if (!going()) break;
    const end = JSON.parse(rest.startsWith('{"entries"') ? rest : '{"entries":[' + rest);
    count += end.entries.length;
    if (end.entries.length > 0) take(end.entries, count);
    next = end.next ?? null;
  }
  return count;
}

export async function allEntries(id, told = () => {}, going = () => true) {
  const all = [];
  await eachPage(id, (entries, count) => { for (const entry of entries) all.push(entry); told(count); }, { going });
  return all;
}

/* A run as the view of a report knows it. */
export function reportData({ run, topology, result, usage }, events) {
  return { run: { id: run.id, workflow: run.workflow, version: run.version, status: run.live && run.status === "unfinished" ? "running" : run.status, startedAt: run.started, parent: run.parent, labels: run.labels, usage }, topology, events, ...(result === null || result === undefined ? {} : { result: String(result) }) };
}
