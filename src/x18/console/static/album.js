// All pictures and videos of a user.
import { get } from "./api.js";
import { h } from "./dom.js";
import { linkTo } from "./format.js";
import { tile } from "./media.js";
import { openViewer } from "./viewer.js";

const PAGE = 30;

/** A grid of them, the newest first; each opens with a link to its post. */
export function album(userId) {
  const files = [];
  const grid = h("div", { class: "album" });
  const note = h("p", { class: "empty", role: "status" }, "Loading…");
  const more = h("button", { type: "button", class: "more", onclick: () => read(more.value) }, "More");
  more.hidden = true;
  const toPost = ({ post_id: id }) => h("a", { href: linkTo.post(id) }, "Open the post");
  return { element: h("section", { "aria-label": "Pictures and videos" }, grid, note, more), load: () => read() };

  async function read(before) {
    const { media, next_cursor: next } = await get(`/api/media/user/${userId}`, { limit: PAGE, before });
    for (const file of media.filter(({ post_id: id, status }) => id && status === "ready")) {
      const at = files.push(file) - 1;
      grid.append(tile(file, () => openViewer(files, at, toPost)));
    }
    more.value = next ?? "";
    more.hidden = !next;
    note.hidden = files.length > 0;
    note.textContent = "No pictures or videos yet.";
  }
}
