// Elements without markup: text is only ever set as text.

const SVG = "http://www.w3.org/2000/svg";

/** An element. Of `props`, on… are listeners, data and class names are set as such, what is null or false is left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const PATHS = {
  home: "M3 11 12 3.5 21 11M5.5 9.5V20h5v-6h3v6h5V9.5",
  explore: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM15.5 8.5l-2 5-5 2 2-5z",
  trending: "M3 17l6-6 4 4 8-9M15 6h6v6",
  bell: "M6 16V10a6 6 0 1 1 12 0v6l1.5 2h-15zM10 21h4",
  bookmark: "M6 3.5h12V21l-6-4.5L6 21z",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.8-4 4-5.5 7.5-5.5s6.7 1.5 7.5 5.5",
  heart: "M12 20.5C5 15.5 3 12.3 3 9a4.6 4.6 0 0 1 9-1.5A4.6 4.6 0 0 1 21 9c0 3.3-2 6.5-9 11.5z",
  retweet: "M4 12V9a2 2 0 0 1 2-2h12m-3-3 3 3-3 3M20 12v3a2 2 0 0 1-2 2H6m3 3-3-3 3-3",
  reply: "M20.5 11.5a8 8 0 0 1-11.7 7.1L3.5 20l1.5-4.8A8 8 0 1 1 20.5 11.5z",
  image: "M4 4.5h16v15H4zM4 16l4.5-4.5L13 16l3-3 4 4M15.5 9.2h.01",
  close: "M6 6l12 12M18 6 6 18",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 3V2m0 20v-1M3 12H2m20 0h-1M5.6 5.6l-.7-.7m14.2 14.2-.7-.7m0-12.8.7-.7M4.9 19.1l.7-.7",
  pulse: "M2.5 12h4l3-8 5 16 3-8h4",
  pen: "M4 20l1-4.5L16.5 4 20 7.5 8.5 19zM14 6.5l3.5 3.5",
  out: "M14 4H5v16h9M10 12h11m-4-4 4 4-4 4",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  people:
    "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 19.5c.6-3.5 3.2-5 6.5-5s5.9 1.5 6.5 5M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14.9c1.9.7 3.1 2.2 3.5 4.6",
  trash: "M4.5 6.5h15M9 6V4h6v2M6.5 6.5 7.5 20h9l1-13.5M10 10.5v6m4-6v6",
  sliders: "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8.5 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  columns: "M4 4.5h4.5v15H4zM10 4.5h4.5v15H10zM17.5 4.5v15m-2.5-7.5h5",
  star: "M12 3.5l2.6 5.6 6 .7-4.5 4.1 1.3 6L12 16.8 6.6 19.9l1.3-6L3.4 9.8l6-.7z",
  up: "M12 19V5m-6 6 6-6 6 6",
  down: "M12 5v14m-6-6 6 6 6-6",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  share: "M12 14.5V3.5m-4 4 4-4 4 4M5 11.5v9h14v-9",
  gear: "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM12 2.5v3m0 13v3M2.5 12h3m13 0h3M5.3 5.3l2.1 2.1m9.2 9.2 2.1 2.1m0-13.4-2.1 2.1m-9.2 9.2-2.1 2.1",
  search: "M10.5 17.5a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM15.6 15.6 21 21",
  calendar: "M4.5 5.5h15v14h-15zM4.5 10h15M8.5 3.5v4m7-4v4",
  pin: "M12 21s6.5-6 6.5-11a6.5 6.5 0 0 0-13 0c0 5 6.5 11 6.5 11ZM12 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.5 1.5M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.5-1.5",
};

/** A drawing that says nothing to a screen reader: the button around it has the words. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }))
    svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export const $ = (selector, root = document) => root.querySelector(selector);

/** Ask the page for what another part of it does, or tell it: reply, login, posted, followed. */
export const ask = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

const READING_MS = 4000;
const READING_MS_A_LETTER = 50;

/** A short message at the edge; read out too. While a dialog is open all else is inert and behind it, so it comes in the dialog. */
export function toast(text) {
  const line = h("p", { class: "toast" }, text);
  const lines = [...document.querySelectorAll("dialog[open] .toasts")].at(-1) ?? $("#toasts");
  for (const other of [...lines.children]) if (other.textContent === text) other.remove(); // once is enough
  lines.append(line);
  setTimeout(() => line.remove(), READING_MS + READING_MS_A_LETTER * text.length);
}

/** A dialog that is gone when it is closed. */
export function openDialog(label, ...children) {
  const close = h(
    "button",
    { type: "button", class: "quiet round", "aria-label": "Close", onclick: () => dialog.close() },
    icon("close"),
  );
  const messages = h("div", { class: "toasts", role: "status" });
  const dialog = h(
    "dialog",
    { "aria-label": label, onclose: () => ($("#toasts").append(...messages.children), dialog.remove()) },
    h("header", {}, h("h2", {}, label), close),
    children,
    messages,
  );
  // A press beside it closes it; not one that began inside, as when text is selected, nor while there is something typed to lose.
  let began = null;
  dialog.addEventListener("pointerdown", ({ target }) => (began = target));
  dialog.addEventListener("click", ({ target }) => target === dialog && began === dialog && !holdsText(dialog) && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

const holdsText = (dialog) => [...dialog.querySelectorAll("form:not(.composer) input")].some(({ value }) => value);

/** The first press of a button asks; whether this is the second one. */
export function isSure(button, question) {
  if (button.dataset.sure) return true;
  const [words, label] = [h("span", {}, "Sure?"), button.getAttribute("aria-label")];
  button.dataset.sure = "yes";
  button.setAttribute("aria-label", question);
  button.append(words);
  setTimeout(() => {
    delete button.dataset.sure;
    button.setAttribute("aria-label", label);
    words.remove();
  }, 4000);
  return false;
}

/** What dialogs ask for belongs to who was logged in. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}
