// Registering, logging in, and the own account.
import { api } from "./api.js";
import { $, h, openDialog, toast } from "./dom.js";
import { keep, logOut as endSession, me } from "./session.js";

const FIELDS = {
  username: {
    label: "Username",
    autocomplete: "username",
    minlength: 3,
    maxlength: 50,
    pattern: "[A-Za-z0-9_]+",
    title: "Letters, digits and _",
    required: true,
  },
  email: { label: "E-mail", type: "email", autocomplete: "email", required: true },
  login: { label: "Username or e-mail", autocomplete: "username", maxlength: 254, required: true }, // sent as `email`, which takes both
  password: { label: "Password", type: "password", minlength: 8, maxlength: 72, required: true },
};

/** A dialog to log in or, with `isNew`, to register. `why` says what it is for. */
export function openAccountDialog(isNew, why = "") {
  const names = isNew ? ["username", "email", "password"] : ["login", "password"];
  const form = h(
    "form",
    { class: "fields", onsubmit: submit },
    why && h("p", { role: "alert" }, why),
    names.map((name) =>
      field(
        name,
        name === "password" ? { ...FIELDS.password, autocomplete: isNew ? "new-password" : "current-password" } : FIELDS[name],
      ),
    ),
    h("p", { class: "fault", role: "alert" }),
    h("button", { class: "primary wide" }, isNew ? "Create account" : "Log in"),
  );
  const other = h(
    "button",
    { type: "button", class: "quiet wide", onclick: () => (dialog.close(), openAccountDialog(!isNew, why)) },
    isNew ? "I have an account" : "Create an account",
  );
  const dialog = openDialog(isNew ? "Create your account" : "Log in", form, other);
  $("input", form).focus();

  async function submit(event) {
    event.preventDefault();
    const { login, ...body } = Object.fromEntries(new FormData(form));
    if (login) body.email = login.trim();
    await attempt(form, async () => {
      const tokens = await api("POST", isNew ? "/api/auth/register" : "/api/auth/login", { body });
      dialog.close();
      keep(tokens);
    });
  }
}

export async function logOut() {
  if (!(await endSession())) toast("You are logged out in this browser, but the server could not be told.");
}

export const isMe = (user) => me()?.id === user.id;

let fields = 0;

/** A field with its label, for `attempt`. */
export function field(name, { label, tag = "input", ...attributes }) {
  const id = `field-${(fields += 1)}`;
  return h("div", { class: "field" }, h("label", { for: id }, label), h(tag, { id, name, dir: "auto", ...attributes }));
}

/** What went wrong is told in the form, at the field where it has one. */
export async function attempt(form, work) {
  const [button, fault] = [$(".primary", form), $(".fault", form)];
  const labelOf = (name) => form.elements[name]?.labels?.[0]?.textContent ?? name;
  button.disabled = true;
  for (const input of form.elements) input.removeAttribute("aria-invalid");
  fault.textContent = "";
  try {
    await work();
  } catch (error) {
    for (const input of form.elements) input.toggleAttribute("aria-invalid", input.name in (error.fields ?? {}));
    fault.textContent =
      Object.entries(error.fields ?? {})
        .map(([name, message]) => `${labelOf(name)} ${message}.`)
        .join(" ") || error.message;
  } finally {
    button.disabled = false;
  }
}
