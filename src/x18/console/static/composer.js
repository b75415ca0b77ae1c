// Writing a post: text with cashtags, hashtags and mentions, pictures and videos, and who may see it.
import { api, get } from "./api.js";
import { ask, h, icon, toast } from "./dom.js";
import { avatar, linkTo } from "./format.js";
import { tradeFields, WrongField } from "./metadata.js";
import { me } from "./session.js";
import { suggest } from "./suggest.js";
import { pieces } from "./tokens.js";

const MOST_LETTERS = 5000;
const MOST_FILES = 4;
const TYPES = "image/jpeg,image/png,image/gif,image/webp,video/mp4,video/webm";

/** A form that posts; with `replyTo`, a reply. `onDone` is called when it was posted. */
export function composer({ replyTo = null, onDone = () => {}, text = "" } = {}) {
  const files = [];
  let key = crypto.randomUUID?.() ?? String(Math.random());

  const label = replyTo ? `Reply to @${replyTo.user.username}` : "What is moving?";
  const area = h("textarea", {
    name: "content",
    rows: 2,
    maxlength: MOST_LETTERS,
    dir: "auto",
    placeholder: label,
    "aria-label": label,
    value: text,
  });
  const left = h("span", { class: "left", "aria-live": "polite" });
  const found = h("p", { class: "chips", "aria-label": "Found in the text" });
  const previews = h("div", { class: "previews" });
  const input = h("input", {
    type: "file",
    accept: TYPES,
    multiple: true,
    class: "unseen",
    tabindex: "-1",
    "aria-label": "Files",
    onchange: () => attach(input.files),
  });
  const attachButton = h(
    "button",
    { type: "button", class: "quiet round", "aria-label": "Add pictures or a video", onclick: () => input.click() },
    icon("image"),
  );
  const hint = h("p", { class: "hint", role: "status" });
  const audience = h(
    "select",
    {
      name: "visibility",
      "aria-label": "Who may see it",
      onchange: () => (hint.textContent = audience.value === "followers" ? "Anyone can follow you, and sees it then." : ""),
    },
    h("option", { value: "public" }, "Everyone"),
    h("option", { value: "followers" }, "Followers"),
    h("option", { value: "private" }, "Only me"),
  );
  const trade = tradeFields();
  const send = h("button", { class: "primary" }, replyTo ? "Reply" : "Post");
  const form = h(
    "form",
    { class: "composer", onsubmit: submit },
    avatar(me()),
    h(
      "div",
      { class: "body" },
      area,
      found,
      previews,
      trade.element,
      h("div", { class: "tools" }, attachButton, input, trade.button, audience, left, send),
      hint,
    ),
  );

  suggest(area);
  area.addEventListener("input", show);
  area.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && form.requestSubmit());
  area.addEventListener(
    "paste",
    (event) => event.clipboardData.files.length && (event.preventDefault(), attach(event.clipboardData.files)),
  );
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener(
    "drop",
    (event) => event.dataTransfer.files.length && (event.preventDefault(), attach(event.dataTransfer.files)),
  );
  show();
  return form;

  function show() {
    const tokens = new Map(
      [...pieces(area.value)]
        .filter((piece) => piece.kind && piece.kind !== "link")
        .map((piece) => [piece.kind + piece.value, piece]),
    );
    found.replaceChildren(
      ...[...tokens.values()]
        .slice(0, 12)
        .map(({ kind, value, text }) => h("a", { class: `chip ${kind}`, href: linkTo[kind](value), tabindex: "-1" }, text)),
    );
    const rest = MOST_LETTERS - [...area.value].length;
    left.textContent = rest < 200 ? String(rest) : "";
    send.disabled = !area.value.trim() && !files.length;
  }

  function attach(chosen) {
    for (const file of [...chosen].slice(0, MOST_FILES - files.length)) {
      const entry = {
        file,
        alt: h("input", {
          type: "text",
          dir: "auto",
          placeholder: "Describe it",
          "aria-label": `Description of ${file.name}`,
          maxlength: 1000,
        }),
      };
      const address = URL.createObjectURL(file);
      const view = file.type.startsWith("video/")
        ? h("video", { src: address, muted: true })
        : h("img", { src: address, alt: "" });
      const remove = h(
        "button",
        { type: "button", class: "quiet round", "aria-label": `Remove ${file.name}`, onclick: () => detach(entry) },
        icon("close"),
      );
      entry.element = h("figure", {}, view, remove, entry.alt);
      entry.release = () => URL.revokeObjectURL(address);
      files.push(entry);
      previews.append(entry.element);
    }
    input.value = "";
    attachButton.disabled = files.length >= MOST_FILES;
    show();
  }

  function detach(entry) {
    files.splice(files.indexOf(entry), 1);
    entry.element.remove();
    entry.release();
    attachButton.disabled = false;
    show();
  }

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    form.setAttribute("aria-busy", "true");
    try {
      const metadata = trade.read();
      for (const entry of files) entry.id ??= await upload(entry);
      const body = { metadata, content: area.value, visibility: audience.value };
      if (files.length) body.media_ids = files.map(({ id }) => id);
      if (replyTo) body.reply_to_id = replyTo.id;
      const post = await api("POST", "/api/posts", { body, key });
      key = crypto.randomUUID?.() ?? String(Math.random());
      area.value = "";
      trade.clear();
      for (const entry of [...files]) detach(entry);
      ask("posted", post);
      onDone(post);
    } catch (error) {
      if (!(error instanceof WrongField)) toast(error.message);
    } finally {
      form.removeAttribute("aria-busy");
      show();
    }
  }
}

/** The id of the uploaded file, as soon as it is ready: a video is looked into first. */
async function upload({ file, alt }) {
  const body = new FormData();
  body.append("file", file);
  body.append("alt_text", alt.value);
  let media = await api("POST", "/api/media/upload", { body });
  for (let tries = 0; media.status === "processing" && tries < 60; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    media = await get(`/api/media/${media.id}`);
  }
  if (media.status !== "ready") throw new Error(`${file.name} cannot be used.`);
  return media.id;
}
