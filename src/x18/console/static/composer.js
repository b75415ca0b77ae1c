// Writing a post: text with cashtags, hashtags and mentions, pictures and videos, and who may see it.
import { api } from "./api.js";
import { attachments } from "./attachments.js";
import { ask, h, icon, isSure, toast } from "./dom.js";
import { bindDraft, hasDraft, keyOf } from "./drafts.js";
import { avatar, linkTo } from "./format.js";
import { tradeFields, WrongField } from "./metadata.js";
import { me } from "./session.js";
import { suggest } from "./suggest.js";
import { pieces } from "./tokens.js";
import { upload } from "./upload.js";

const MOST_LETTERS = 5000;

/** A form that posts; with `replyTo`, a reply. `onDone` is called when it was posted. What is typed is a draft until then. */
export function composer({ replyTo = null, onDone = () => {}, text = "" } = {}) {
  const author = me().id;
  const place = ["post", text.trim(), replyTo?.id].filter(Boolean).join(":");
  const label = replyTo ? `Reply to @${replyTo.user.username}` : "What is moving?";
  const area = h("textarea", {
    name: "content",
    rows: 2,
    dir: "auto",
    placeholder: label,
    "aria-label": label,
    value: text,
  });
  const left = h("span", { class: "left", "aria-live": "polite" });
  const found = h("p", { class: "chips", "aria-label": "Found in the text" });
  const files = attachments(keyOf(place), () => form.dispatchEvent(new Event("change")));
  const audience = h(
    "select",
    { name: "visibility", "aria-label": "Who may see it" },
    h("option", { value: "public" }, "Everyone"),
    h("option", { value: "followers" }, "Followers"),
    h("option", { value: "private" }, "Only me"),
  );
  const trade = tradeFields();
  const discard = h(
    "button",
    { type: "button", class: "quiet discard", "aria-label": "Throw the draft away", onclick: throwAway },
    icon("trash"),
  );
  const send = h("button", { class: "primary" }, replyTo ? "Reply" : "Post");
  const fault = h("p", { class: "fault", role: "alert" });
  const hint = h("p", { class: "hint", role: "status" });
  const form = h(
    "form",
    { class: "composer", onsubmit: submit },
    avatar(me()),
    h(
      "div",
      { class: "body" },
      area,
      found,
      files.views,
      files.note,
      trade.element,
      fault,
      h("div", { class: "tools" }, files.tools, trade.button, audience, h("div", { class: "sending" }, left, discard, send)),
      hint,
    ),
  );
  const sent = { value: null }; // the key of a request that may have been done: the same text again is no second post

  suggest(area);
  for (const type of ["input", "change"]) form.addEventListener(type, () => (sent.value = null));
  const draft = bindDraft(form, place, { content: area, visibility: audience, trade, files, sent }, show);
  for (const type of ["input", "change"]) form.addEventListener(type, show);
  area.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && !send.disabled && form.requestSubmit());
  area.addEventListener(
    "paste",
    (event) => event.clipboardData.files.length && (event.preventDefault(), files.add(event.clipboardData.files)),
  );
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener(
    "drop",
    (event) => event.dataTransfer.files.length && (event.preventDefault(), files.add(event.dataTransfer.files)),
  );
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
    left.textContent = rest < 0 ? `${-rest} too many` : rest < 200 ? String(rest) : "";
    send.disabled = rest < 0 || (area.value.trim() === text.trim() && !files.entries().length);
    hint.textContent = audience.value === "followers" ? "Anyone can follow you, and sees it then." : "";
    discard.hidden = !hasDraft(form);
    fault.textContent = "";
  }

  function throwAway() {
    if (!isSure(discard, "Press again to throw the draft away")) return;
    draft.clear();
    area.focus();
  }

  async function submit(event) {
    event.preventDefault();
    if (form.hasAttribute("aria-busy")) return;
    send.disabled = true;
    area.readOnly = true; // what would be typed now would go with what was sent
    form.setAttribute("aria-busy", "true");
    try {
      const metadata = trade.read();
      for (const entry of files.entries()) entry.id ??= (await upload(entry.file, entry.alt)).id;
      if (me()?.id !== author) throw new Error("You are logged in as somebody else now.");
      const body = { metadata, content: area.value, visibility: audience.value };
      if (files.entries().length) body.media_ids = files.entries().map(({ id }) => id);
      if (replyTo) body.reply_to_id = replyTo.id;
      sent.value ??= crypto.randomUUID?.() ?? String(Math.random());
      draft.save();
      const post = await api("POST", "/api/posts", { body, key: sent.value });
      draft.clear();
      ask("posted", post);
      onDone(post);
    } catch (error) {
      show();
      tell(error);
    } finally {
      form.removeAttribute("aria-busy");
      area.readOnly = false;
    }
  }

  function tell(error) {
    if (error instanceof WrongField) return; // it was told at the field
    const what = replyTo ? "Your reply" : "Your post";
    let text = `${what} was not sent. ${error.message}`;
    if (error.code === "idempotency_key_reused") {
      sent.value = null;
      text = `${what} may be out already, as it was before you changed it: look, and send it again if it is not.`;
    }
    if (form.isConnected) fault.textContent = text;
    else toast(text);
  }
}
