/* What is recorded of a run, however long it is: as it comes, with word of how far it is. */
import { getPieces, runPath } from "./api.js";

const LIMIT = 1000000, AT_ONCE = 12; // milliseconds, then the page is drawn again

/* Calls take(entries, count so far) as they come, in order. The response has an entry a line. */
async function eachPage(id, take, going) {
  let next = 0, count = 0, since = performance.now();
  const some = entries => { count += entries.length; if (entries.length > 0) take(entries, count); };
  while (next !== null && going()) {
    let rest = "";
    await getPieces(runPath(id, `/facts?from=${next}&limit=${LIMIT}`), async piece => {
      const lines = (rest + piece).split("\n");
      rest = lines.pop();
      if (lines.length > 0 && lines[0].startsWith('{"entries"')) lines[0] = lines[0].replace(/^\{"entries":\[/, "");
      const whole = lines.filter(line => line !== "").join("\n").replace(/,\s*$/, "");
      if (whole !== "") some(JSON.parse("[" + whole + "]"));
      if (performance.now() - since > AT_ONCE) {
        await new Promise(resolve => setTimeout(resolve));
        since = performance.now();
      }
      return going();
    });
    if (!going()) return;
    const end = JSON.parse(rest.startsWith('{"entries"') ? rest : '{"entries":[' + rest);
    some(end.entries);
    next = end.next ?? null;
  }
}

/* The events of a run, taken in as they come. */
export async function readModel(id, detail, told, going) {
  const model = new RunReport.Model(reportData(detail));
  await eachPage(id, (entries, count) => { model.add(entries); told(count); }, going);
  return model;
}

/* A run as the view of a report knows it, without its events. */
export function reportData({ run, topology, result, usage }) {
  return { run: { id: run.id, workflow: run.workflow, version: run.version, status: run.live && run.status === "unfinished" ? "running" : run.status, startedAt: run.started, parent: run.parent, labels: run.labels, usage }, topology, ...(result === null || result === undefined ? {} : { result: String(result) }) };
}
