/* What can be done with a run, each asked for and confirmed in a dialog. */
import { runPath } from "./api.js";
import { act, field, valueOf } from "./dialogs.js";

const { el, number, clipped, long } = RunReport;
const MOST_QUOTED = 600;
const accepted = (answer, text) => ({ title: "Done", done: answer.message ?? text, answer });
const area = (name, value = "") => { const node = el("textarea", { name, rows: 4, spellcheck: "false" }); node.value = value; return node; };

export const pause = run => act({ title: "Pause this run?", text: "Steps that have begun go on to their end; no further step starts until the run is resumed.", confirm: "Pause", path: runPath(run.id, "/pause"), told: answer => accepted(answer, "The run is paused.") });

export const unpause = run => act({ title: "Resume this run?", text: "Its steps start again.", confirm: "Resume", path: runPath(run.id, "/unpause"), told: answer => accepted(answer, "The run goes on.") });

export const cancel = run => act({ title: "Cancel this run?", text: "All its steps in flight are cancelled, and what has been done is undone where agents can. This cannot be taken back.", confirm: "Cancel the run", danger: true, path: runPath(run.id, "/cancel"),
  told: answer => accepted(answer, "The run is being cancelled.") });

export const cancelBranch = (run, branch, agent) => act({ title: "Cancel this branch?", text: `${agent}, branch ${branch}, and everything that it has forked. The rest of the run goes on.`, confirm: "Cancel the branch", danger: true,
  path: runPath(run.id, "/branches/" + encodeURIComponent(branch) + "/cancel"), told: answer => accepted(answer, "The branch is cancelled.") });

export const recover = run => act({ title: "Recover this run?", text: "It goes on in this process from its last recorded fact. Steps that had begun are started again.", confirm: "Recover", path: runPath(run.id, "/recover"), told: answer => accepted(answer, "The run goes on in this process.") });

/* event: the number of the one that goes otherwise; words: what it says. */
export function fork(run, event, words) {
  const input = area("input");
  return act({ title: "Fork this run?", text: `A new run has in common what was before event ${number(event)} (${words}), and goes on from there with your input. This run stays as it is.`, confirm: "Fork",
    fields: [field("Input of the other way", input, "JSON, or else a text. Left empty: null.")], path: runPath(run.id, "/fork"), body: ({ input: text }) => ({ event, input: text === "" ? null : valueOf(text) }),
    told: answer => { const id = answer.run; return { title: "Forked", done: `The new run is ${id}.`, link: "#/compare?a=" + encodeURIComponent(run.id) + "&b=" + encodeURIComponent(id), linkText: "Compare the two", answer }; } });
}

export function answer(run, question, value) {
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  return act({ title: "Send this answer?", text: `${question.agent} asks: ${clipped(question.text, MOST_QUOTED)}`, confirm: "Send the answer", fields: [el("p", { class: "quote" }, shown)], path: runPath(run.id, "/answer"), body: () => ({ question: question.id, value }),
    told: told => accepted(told, told.accepted === false || told.answered === false ? "Somebody has answered before." : "The answer is taken.") });
}

/* The form of a question: its choices as buttons, or a field of its type. closed: why it cannot be answered here, if it cannot. */
export function questionForm(run, question, closed) {
  const choices = question.choices ?? [], send = value => answer(run, question, value);
  const head = el("p", { class: "asks" }, el("b", {}, question.agent), " asks: ", long(question.text, "span", ""));
  const until = question.deadline ? el("small", { class: "dim" }, "until " + new Date(question.deadline).toLocaleString()) : null;
  if (closed !== null) return el("li", {}, head, until, closed ? el("small", { class: "dim" }, closed) : null);
  if (choices.length > 0 || question.answerType === "boolean") {
    const all = choices.length > 0 ? choices : [true, false];
    return el("li", {}, head, el("p", { class: "group wrap" }, all.map(choice => el("button", { type: "button", onclick: () => send(choice) }, typeof choice === "string" ? choice : choice === true ? "Yes" : choice === false ? "No" : JSON.stringify(choice)))), until);
  }
  const isNumber = /^(int|integer|long|double|float|short|byte)$/i.test(question.answerType ?? "");
  const input = el("input", { name: "value", required: true, autocomplete: "off", "aria-label": "Answer to: " + clipped(question.text, MOST_QUOTED), type: isNumber ? "number" : "text", step: isNumber ? "any" : null, placeholder: "Your answer" });
  return el("li", {}, head, el("form", { class: "answer", onsubmit: event => { event.preventDefault(); send(isNumber ? Number(input.value) : question.answerType === "string" || question.answerType === "any" ? input.value : valueOf(input.value)); } },
    input, el("button", { type: "submit", class: "primary" }, "Answer")), until);
}
