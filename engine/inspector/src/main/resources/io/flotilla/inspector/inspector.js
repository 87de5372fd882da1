/* The frame of the inspector: which page is shown, how the connection is, and whether actions are allowed. */
import { get, token, watchLink } from "./api.js";
import { unlock, say } from "./dialogs.js";
import { runsPage } from "./runs.js";
import { runPage } from "./run.js";
import { comparePage } from "./compare.js";
import { systemPage } from "./system.js";

const { el } = RunReport;
const main = document.getElementById("main"), link = document.getElementById("link"), lock = document.getElementById("unlock");
const about = { workflows: [], actions: false };
let page = null, shown = 0;

/* #/runs/ID?x=y: the parts of the path, and what is asked. */
function where() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  return { parts: path.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
}

function pageOf({ parts, query }) {
  if (parts[0] === "runs" && parts[1]) return ["runs", runPage, parts[1]];
  if (parts[0] === "compare") return ["compare", comparePage, null];
  if (parts[0] === "system") return ["system", systemPage, null];
  return ["runs", runsPage, query];
}

async function show() {
  const mine = ++shown, to = where(), [name, build, of] = pageOf(to);
  if (page?.stays?.(name, of, to.query)) return;
  page?.close?.();
  page = null;
  for (const each of document.querySelectorAll("nav a")) {
    if (each.dataset.page === name) each.setAttribute("aria-current", "page"); else each.removeAttribute("aria-current");
  }
  const host = el("div", { class: "page page-" + name });
  main.replaceChildren(host);
  window.scrollTo(0, 0);
  try {
    const built = await build(host, { about, query: to.query, of, title: text => { document.title = text + " · Flotilla"; say(text); } });
    if (mine === shown) page = built; else built?.close?.();
  } catch (failed) {
    if (mine === shown) trouble(host, failed);
  }
}

function trouble(host, failed) {
  const locked = failed.status === 401;
  host.replaceChildren(el("section", { class: "card blank", role: "alert" }, el("h1", {}, locked ? "This inspector is locked" : failed.status === 404 ? "Not found" : "This page cannot be shown"),
    el("p", { class: "dim" }, locked ? "It shows runs only to those who know its token. The process that started it has printed it." : failed.message),
    el("p", { class: "group" }, locked ? el("button", { type: "button", class: "primary", onclick: enter }, "Enter the token") : el("button", { type: "button", class: "primary", onclick: start }, "Try again"), el("a", { class: "button", href: "#/" }, "All runs"))));
}

async function enter() { if (await unlock()) await start(); }

function locks() {
  lock.hidden = !about.actions;
  lock.querySelector("span").textContent = token.get() ? "Actions on" : "Unlock actions";
  lock.toggleAttribute("data-open", token.get() !== "");
  lock.title = token.get() ? "This tab knows the token. Press to forget it." : "Enter the token to pause, cancel, answer and fork";
}

lock.addEventListener("click", async () => {
  if (token.get()) { token.set(""); say("The token is forgotten"); } else await unlock();
  locks();
});

async function start() {
  try { Object.assign(about, await get("about")); about.ahead = Date.parse(about.now) - Date.now(); } catch (failed) { if (failed.status !== 401) about.failed = failed.message; }
  locks();
  await show();
}

/* The printed address may bring the token: #token=... It does not stay in the address. */
const brought = /^#token=([^&]+)/.exec(location.hash);
if (brought) {
  token.set(decodeURIComponent(brought[1]));
  history.replaceState(null, "", location.pathname + location.search + "#/");
}

watchLink(({ state, text }) => { link.dataset.state = state; link.firstElementChild.textContent = text; });
addEventListener("hashchange", () => { if (location.hash !== "#main") show(); });
addEventListener("flotilla-token", locks);
document.querySelector(".skip").addEventListener("click", event => { event.preventDefault(); main.focus(); });
start();
