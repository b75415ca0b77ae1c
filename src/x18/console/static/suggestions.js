// Whom one might follow: beside the page, and on a home that is empty.
import { get } from "./api.js";
import { h } from "./dom.js";
import { userRow } from "./people.js";
import { me, onChange } from "./session.js";

const MOST = 5;
const MOST_BESIDE = 3;

/** Beside the page; hidden without an account, and where nobody is suggested. */
export const suggestedCard = h("section", { class: "card suggested", "aria-labelledby": "suggested" });
suggestedCard.hidden = true;

/** Ask anew whom to follow, and show it beside the page. */
export async function refreshSuggestions() {
  const rows = await suggestions(MOST_BESIDE).catch(() => []);
  suggestedCard.hidden = !rows.length;
  suggestedCard.replaceChildren(h("h2", { id: "suggested" }, "Who to follow"), h("ul", { class: "people" }, rows));
}

onChange(refreshSuggestions);

/** The same as a section of its own, filled when it has been read. */
export function suggestedSection() {
  const list = h("ul", { class: "people" });
  const section = h("section", { class: "suggested", "aria-label": "Who to follow" }, h("h2", {}, "Who to follow"), list);
  section.hidden = true;
  suggestions(MOST).then(
    (rows) => {
      list.replaceChildren(...rows);
      section.hidden = !rows.length;
    },
    () => {}, // without it, then
  );
  return section;
}

async function suggestions(limit) {
  if (!me()) return [];
  const { users } = await get("/api/users/suggestions", { limit });
  return users.map(userRow);
}
