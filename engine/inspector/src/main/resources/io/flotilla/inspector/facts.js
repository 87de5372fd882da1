/* What is recorded of a run, however long it is: page by page, with word of how far it is. */
import { get, runPath } from "./api.js";

const PAGE = 5000;

/* Calls take(entries) with each page; gives back how many there were. */
export async function eachPage(id, take, { from = 0, going = () => true } = {}) {
  let next = from, count = 0;
  while (next !== null && next !== undefined && going()) {
    const page = await get(runPath(id, `/facts?from=${next}&limit=${PAGE}`));
    count += page.entries.length;
    take(page.entries, count);
    next = page.next;
    await new Promise(resolve => setTimeout(resolve)); // the page stays alive meanwhile
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
  return { run: { id: run.id, workflow: run.workflow, version: run.version, status: run.live && run.status === "unfinished" ? "running" : run.status, startedAt: run.started, labels: run.labels, usage }, topology, events, ...(result === null || result === undefined ? {} : { result: String(result) }) };
}
