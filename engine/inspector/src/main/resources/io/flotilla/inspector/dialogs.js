/* What is asked before anything is done, and what became of it: one modal dialog. */
import { post, token } from "./api.js";

const { el } = RunReport;
const dialog = document.getElementById("dialog"), announce = document.getElementById("announce");

export function say(text) { announce.textContent = text; }

const field = (label, input, hint) => el("label", { class: "field" }, el("span", {}, label), input, hint ? el("small", { class: "dim" }, hint) : null);
const tokenField = () => el("input", { type: "password", name: "token", autocomplete: "off", spellcheck: "false", required: true });

/* Shows the dialog; `act` gets the form's values and gives back what to show when it is done, or throws. Resolves with what act has said, null if it was left. */
function ask({ title, text, fields = [], confirm, danger, act }) {
  return new Promise(resolve => {
    let outcome = null;
    const error = el("p", { class: "error", role: "alert" });
    const go = el("button", { type: "submit", class: danger ? "danger" : "primary" }, confirm), leave = el("button", { type: "button", onclick: () => dialog.close() }, "Back");
    const form = el("form", {}, el("h2", { id: "dialog-title" }, title), text ? el("p", { class: "dim" }, text) : null, fields, error, el("div", { class: "dialog-actions" }, leave, go));
    form.addEventListener("submit", async event => {
      event.preventDefault();
      go.disabled = true;
      error.textContent = "";
      try {
        outcome = await act(Object.fromEntries(new FormData(form)));
        if (outcome?.done) { done(form, outcome); say(outcome.done); } else dialog.close();
      } catch (failed) {
        if (failed.status === 401 || failed.status === 403) { token.set(""); dispatchEvent(new Event("flotilla-token")); }
        error.textContent = failed.status === 401 ? "That is not this inspector's token." : failed.message;
        if (failed.status === 401 && !form.elements.token) error.before(field("Token", tokenField()));
      } finally { go.disabled = false; }
    });
    dialog.replaceChildren(form);
    dialog.addEventListener("close", () => { dialog.replaceChildren(); resolve(outcome); }, { once: true });
    dialog.showModal();
    (form.querySelector("input, textarea, select") ?? go).focus();
  });
}

function done(form, outcome) {
  const close = el("button", { type: "button", class: outcome.link ? null : "primary", onclick: () => dialog.close() }, "Close");
  form.replaceChildren(el("h2", { id: "dialog-title" }, outcome.title ?? "Done"), el("p", { role: "status" }, outcome.done), el("div", { class: "dialog-actions" }, close,
    outcome.link ? el("a", { class: "button primary", href: outcome.link, onclick: () => dialog.close() }, outcome.linkText) : null));
  (form.querySelector("a.button") ?? close).focus();
}

export function unlock() {
  return ask({ title: "Unlock the inspector", text: "The process that started the inspector has its token. It is kept in this tab until you close it.", confirm: "Unlock", fields: [field("Token", tokenField())],
    act: async ({ token: value }) => { token.set(value.trim()); dispatchEvent(new Event("flotilla-token")); return { unlocked: true }; } });
}

/* An action on a run: asked, done with the token, and its outcome shown. told: of the answer what to say. */
export function act({ title, text, confirm, danger, path, body = () => ({}), fields = [], told }) {
  return ask({ title, text, confirm, danger, fields: token.get() ? fields : [...fields, field("Token", tokenField(), "Actions need the inspector's token; the process that started it has it.")],
    act: async values => {
      if (values.token) { token.set(values.token.trim()); dispatchEvent(new Event("flotilla-token")); }
      const request = body(values);
      return { ...told(await post(typeof path === "function" ? path(values) : path, request)), values };
    } });
}

/* What somebody has typed as a value: JSON if it is some, else the text as it stands. */
export function valueOf(text) {
  try { return JSON.parse(text); } catch { return text; }
}

export { field };
