// The own account and how the page looks.
import { api } from "./api.js";
import { attempt, field, logOut } from "./account.js";
import { ask, h, icon, toast } from "./dom.js";
import { setTheme, theme } from "./appearance.js";
import { bindDraft, hasDraft } from "./drafts.js";
import { avatar } from "./format.js";
import { me, updateMe } from "./session.js";
import { upload } from "./upload.js";

const PICTURES = "image/jpeg,image/png,image/gif,image/webp";
const THEMES = { "": "As the system", light: "Light", dark: "Dark" };

/** What can be set: of the account if there is one, and of the page. */
export function settingsPage() {
  const mine = h("div");
  const element = h("div", { class: "settings" }, mine, look(), tools());
  return { title: "Settings", topics: [], element, load };

  async function load() {
    if (!me()) return;
    updateMe(await api("GET", "/api/users/me"));
    mine.replaceChildren(pictures(), profile(), account(), leave());
  }
}

const part = (title, ...children) => h("section", { class: "part", "aria-label": title }, h("h2", {}, title), children);

function pictures() {
  const header = h("div", { class: "banner" });
  const face = h("div", { class: "face" });
  paint();
  return part(
    "Pictures",
    h("div", { class: "preview" }, header, face),
    h("div", { class: "row" }, choose("avatar_url", "picture"), choose("header_url", "header")),
  );

  function paint() {
    header.replaceChildren(...banner(me()));
    face.replaceChildren(avatar(me()));
  }

  function choose(name, word) {
    const input = h("input", { type: "file", accept: PICTURES, class: "unseen", tabindex: "-1", "aria-label": `File of the ${word}`, onchange: take });
    const button = h("button", { type: "button", class: "plain", onclick: () => input.click() }, `Change ${word}`);
    const remove = h("button", { type: "button", class: "plain", onclick: () => save("") }, `Remove ${word}`);
    remove.hidden = !me()[name];
    return [button, input, remove];

    async function take() {
      const [file] = input.files;
      input.value = "";
      if (!file) return;
      button.disabled = true;
      await upload(file)
        .then((media) => save(name === "avatar_url" ? (media.thumbnail_url ?? media.url) : media.url))
        .catch((error) => toast(`Your ${word} is as it was. ${error.message}`));
      button.disabled = false;
    }

    async function save(address) {
      try {
        updateMe(await api("PATCH", "/api/users/me", { body: { [name]: address } }));
        remove.hidden = !address;
        paint();
        toast(address ? `Your ${word} is changed.` : `Your ${word} is removed.`);
        if (!address) button.focus();
      } catch (error) {
        toast(`Your ${word} is as it was. ${error.message}`);
      }
    }
  }
}

/** The picture at the head of a profile, if it lies on this server. */
export const banner = ({ header_url: address }) => (address?.startsWith("/") ? [h("img", { src: address, alt: "" })] : []);

function profile() {
  const user = me();
  return form("Profile", [
    field("display_name", { label: "Name", maxlength: 100, required: true, value: user.display_name }),
    field("bio", { label: "About you", tag: "textarea", rows: 3, maxlength: 500, value: user.bio }),
    field("location", { label: "Place", maxlength: 100, value: user.location }),
    field("website", { label: "Website", inputmode: "url", maxlength: 2048, placeholder: "https://", value: user.website, dir: "ltr" }),
    check("private_account", user.private_account, "Only followers see my posts (anyone can follow me)"),
  ]);
}

function account() {
  const user = me();
  return form("Account", [
    field("username", { label: "Username", minlength: 3, maxlength: 50, pattern: "[A-Za-z0-9_]+", title: "Letters, digits and _", required: true, value: user.username, dir: "ltr" }),
    field("email", { label: "E-mail", type: "email", autocomplete: "email", required: true, value: user.email, dir: "ltr" }),
  ]);
}

/** Fields of the account that are saved together. */
function form(title, fields) {
  const save = h("button", { class: "primary" }, "Save");
  const undo = h("button", { type: "button", class: "plain", onclick: () => (draft.clear(), element.elements[0].focus()) }, "Undo changes");
  const row = h("div", { class: "row" }, save, undo);
  const element = h("form", { class: "fields", onsubmit: submit }, fields, h("p", { class: "fault", role: "alert" }), row);
  const inputs = [...element.elements].filter(({ name }) => name);
  const show = () => (undo.hidden = !hasDraft(element));
  const draft = bindDraft(element, `settings:${title}`, Object.fromEntries(inputs.map((input) => [input.name, kept(input)])), show);
  for (const type of ["input", "change"]) element.addEventListener(type, show);
  return part(title, element);

  async function submit(event) {
    event.preventDefault();
    const body = Object.fromEntries(new FormData(element));
    for (const box of element.querySelectorAll("[type=checkbox]")) body[box.name] = box.checked;
    if (body.website && !body.website.includes("://")) body.website = `https://${body.website.trim()}`;
    await attempt(element, async () => {
      updateMe(await api("PATCH", "/api/users/me", { body }));
      draft.settle();
      toast("Saved.");
    });
  }
}

/** An input as a draft keeps it. */
function kept(input) {
  if (input.type !== "checkbox") return input;
  return {
    get value() {
      return input.checked;
    },
    set value(isChecked) {
      input.checked = isChecked;
    },
  };
}

const check = (name, checked, words) =>
  h("label", { class: "check" }, h("input", { type: "checkbox", name, checked }), icon("lock"), words);

const leave = () =>
  part("Session", h("button", { type: "button", class: "danger", onclick: logOut }, "Log out"));

function look() {
  const radio = ([value, words]) =>
    h(
      "label",
      { class: "check" },
      h("input", { type: "radio", name: "theme", value, checked: value === theme(), onchange: () => setTheme(value) }),
      words,
    );
  return part("Appearance", h("fieldset", { class: "row" }, h("legend", { class: "unseen" }, "Theme"), Object.entries(THEMES).map(radio)));
}

function tools() {
  const button = (words, name) => h("button", { type: "button", class: "plain", onclick: () => ask(name) }, words);
  return part(
    "Tools",
    h("div", { class: "row" }, button("Protocol inspector", "inspect"), button("Keyboard", "help")),
    h("p", {}, h("a", { href: "/docs" }, "REST documentation"), " · ", h("a", { href: "/docs/live" }, "Live channel")),
  );
}
