// The files of a post that is being written. A browser keeps no files with a draft: they live as long as the page, and their names longer,
// so that one is told what to add again.
import { h, icon, toast } from "./dom.js";

const MOST_FILES = 4;
const MOST_PLACES = 10;
const TYPES = "image/jpeg,image/png,image/gif,image/webp,video/mp4,video/webm";
const shelf = new Map(); // key of a draft → its files, shared by all composers of it

/** A field of a composer: `value` are the names, `entries` the files that are here; the rest are its elements. */
export function attachments(key, onChange) {
  let lost = [];
  let isFilled = false; // before, the field is as empty as that of a new draft
  const views = h("div", { class: "previews" });
  const note = h("p", { class: "unkept", role: "status" });
  const input = h("input", {
    type: "file",
    accept: TYPES,
    multiple: true,
    class: "unseen",
    tabindex: "-1",
    "aria-label": "Files",
    onchange: (event) => (event.stopPropagation(), add(input.files)),
  });
  const button = h(
    "button",
    { type: "button", class: "quiet round", "aria-label": "Add pictures or a video", onclick: () => input.click() },
    icon("image"),
  );
  return {
    views,
    note,
    tools: [button, input],
    add,
    entries,
    get value() {
      return [...entries().map(({ file }) => file.name), ...lost];
    },
    set value(kept) {
      take(kept);
    },
  };

  function entries() {
    return (isFilled && shelf.get(key)) || [];
  }

  function add(chosen) {
    isFilled = true;
    const added = [...chosen].slice(0, MOST_FILES - entries().length);
    if (added.length < chosen.length) toast(`A post holds ${MOST_FILES} files: ${chosen.length - added.length} of yours are left out.`);
    put([...entries(), ...added.map((file) => ({ file, address: URL.createObjectURL(file), alt: "" }))]);
    lost = lost.filter((name) => !added.some((file) => file.name === name));
    input.value = "";
    paint();
    onChange();
  }

  function remove(entry) {
    put(entries().filter((one) => one !== entry));
    paint();
    onChange();
    button.focus();
  }

  function put(files) {
    for (const gone of entries().filter((one) => !files.includes(one))) URL.revokeObjectURL(gone.address);
    shelf.delete(key);
    if (files.length) shelf.set(key, files);
    if (shelf.size > MOST_PLACES) {
      const [[oldest, dropped]] = shelf;
      for (const { address } of dropped) URL.revokeObjectURL(address);
      shelf.delete(oldest);
    }
  }

  /** The names that are kept with the draft. Of those that are not here nothing is left. */
  function take(kept) {
    isFilled = true;
    put(entries().filter(({ file }) => kept.includes(file.name)));
    lost = kept.filter((name) => !entries().some(({ file }) => file.name === name));
    paint();
  }

  function paint() {
    views.replaceChildren(...entries().map(view));
    button.disabled = entries().length >= MOST_FILES;
    note.textContent = lost.length ? `No longer attached: ${lost.join(", ")}. A draft keeps no files; please add them again.` : "";
  }

  function view(entry) {
    const { file, address } = entry;
    const alt = h("input", {
      type: "text",
      dir: "auto",
      placeholder: "Describe it",
      "aria-label": `Description of ${file.name}`,
      maxlength: 1000,
      value: entry.alt,
      oninput: () => (entry.alt = alt.value),
    });
    const show = file.type.startsWith("video/") ? h("video", { src: address, muted: true }) : h("img", { src: address, alt: "" });
    const close = h(
      "button",
      { type: "button", class: "quiet round", "aria-label": `Remove ${file.name}`, onclick: () => remove(entry) },
      icon("close"),
    );
    return h("figure", {}, show, close, alt);
  }
}
