// Symbols that people write about: looked up while one types.
import { get } from "./api.js";
import { h } from "./dom.js";

const MOST = 8;
let lists = 0;

/** The symbols that begin with what was typed, the most used ones first, each with the number of its posts. */
export async function findSymbols(typed, limit = MOST) {
  const { symbols } = await get("/api/symbols", { query: typed, limit });
  return symbols;
}

/** A field for a symbol that offers those known; by mouse, keyboard and for screen readers, as the browser does. */
export function symbolInput(props) {
  const list = h("datalist", { id: `symbols-${(lists += 1)}` });
  const input = h("input", { ...props, list: list.id, autocomplete: "off", autocapitalize: "characters", spellcheck: "false" });
  queueMicrotask(() => input.after(list));
  let asked = 0;
  input.addEventListener("input", async () => {
    const number = (asked += 1);
    const typed = input.value.trim().replace(/^\$/, "");
    const found = typed ? await findSymbols(typed).catch(() => []) : [];
    if (number !== asked) return;
    list.replaceChildren(...found.map(({ symbol, count }) => h("option", { value: symbol }, `${count} posts`)));
  });
  return input;
}
