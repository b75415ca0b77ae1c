// What is being written and not posted yet: kept in this browser for each account, until it is posted or thrown away.
//
// A draft is a dictionary of named fields at a place such as "post" or "reply:<id>". To keep another field of a composer, add it to the
// fields that `bindDraft` gets: anything whose `value` can be read and set (an input, a select, {get value() {…}, set value(kept) {…}}
// with whatever JSON can say). When the user changes it, it has to fire a bubbling "input" or "change" in the form.
import { me } from "./session.js";

const PREFIX = "x18.draft.";
const MOST_DRAFTS = 50; // of all accounts; the oldest go
const bound = new Set(); // weak references: forms may be off the page and come back
const drafts = new WeakMap(); // form → its draft

/** Fill the form with what was kept, and keep what is typed. `onFilled` is called when fields were set. */
export function bindDraft(form, place, fields, onFilled = () => {}) {
  const key = keyOf(place);
  let empty = valuesOf(fields);
  const draft = { form, key, fill, save, clear, settle, isKept: () => Object.keys(changed()).length > 0 };
  for (const type of ["input", "change"]) form.addEventListener(type, save);
  drafts.set(form, draft);
  bound.add(new WeakRef(draft));
  fill();
  return draft;

  function changed() {
    return Object.fromEntries(Object.entries(valuesOf(fields)).filter(([name, value]) => !isSame(value, empty[name])));
  }

  function fill() {
    const kept = { ...empty, ...read(key)?.fields };
    for (const [name, field] of Object.entries(fields)) if (!isSame(field.value, kept[name])) field.value = kept[name];
    onFilled();
  }

  function save() {
    const values = changed();
    write(key, Object.keys(values).length ? { at: Date.now(), fields: values } : null);
    spread(key, draft);
  }

  /** It was posted, or is thrown away. */
  function clear() {
    write(key, null);
    spread(key);
  }

  /** It was saved: what is there now is the beginning. */
  function settle() {
    empty = valuesOf(fields);
    clear();
  }
}

/** Whether the form holds something that was typed and is kept. */
export const hasDraft = (form) => drafts.get(form)?.isKept() === true;

/** Where drafts of the account at a place are kept. */
export const keyOf = (place) => `${PREFIX}${me().id}.${place}`;

const valuesOf = (fields) => Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value]));
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** A place may have several composers: on the page, in a dialog, in another tab. */
function spread(key, source) {
  for (const reference of bound) {
    const draft = reference.deref();
    if (!draft) bound.delete(reference);
    else if (draft.key === key && draft !== source) draft.fill();
  }
}

addEventListener("storage", ({ key }) => {
  if (!key?.startsWith(PREFIX)) return;
  const typing = document.hasFocus() && document.activeElement?.closest("form");
  spread(key, drafts.get(typing));
});

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function write(key, draft) {
  try {
    if (!draft) return localStorage.removeItem(key);
    localStorage.setItem(key, JSON.stringify(draft));
    const keys = Object.keys(localStorage).filter((one) => one.startsWith(PREFIX));
    if (keys.length <= MOST_DRAFTS) return;
    const oldest = keys.map((one) => [read(one)?.at ?? 0, one]).sort(([one], [other]) => one - other);
    for (const [, one] of oldest.slice(0, keys.length - MOST_DRAFTS)) localStorage.removeItem(one);
  } catch {
    // a browser that keeps nothing, or has no room: the text is there as long as its form
  }
}
