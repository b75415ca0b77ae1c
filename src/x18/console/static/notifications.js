// What others did that concerns one; the number of what is unread stands on the bell.
import { api, get } from "./api.js";
import { h, icon } from "./dom.js";
import { avatar, linkTo, nameOf, richText, time } from "./format.js";
import { followButton } from "./people.js";
import { rows } from "./rows.js";

const KINDS = {
  like: ["heart", "liked your post"],
  retweet: ["retweet", "retweeted your post"],
  follow: ["user", "followed you"],
  reply: ["reply", "replied to you"],
  mention: ["pen", "mentioned you"],
};
const MOST = 100; // while one stays at the top
const TOP_PX = 60;
const NOTHING = "Nothing yet. Likes, retweets, replies, mentions and followers show up here.";

export function notificationsPage(column) {
  const scroller = column?.scroller ?? null;
  const notes = rows("notes", { read, row, nothing: NOTHING, more: "Older notifications", end: "No more notifications.", scroller });
  const { list, element, grow, destroy } = notes;
  const resume = () => notes.catchUp().then(markRead);
  return { title: "Notifications", isPinnable: true, topics: [], element, load, resume, grow, take, destroy };

  async function load() {
    await notes.load();
    await markRead();
  }

  function take({ type, payload }) {
    if (type === "notification") {
      if (list.querySelector(`[data-id="${payload.id}"]`)) return;
      list.prepend(row(payload));
      if ((scroller?.scrollTop ?? scrollY) < TOP_PX) notes.trim(MOST, ({ dataset }) => dataset.id);
      markRead();
    } else if (type === "notification.restored") {
      load().catch(() => {}); // the next one, or a reload, brings it
    } else if (type === "notification.deleted") {
      for (const item of [...list.children]) {
        if (payload.id ? item.dataset.id === payload.id : item.dataset.post === payload.post_id) item.remove();
      }
    }
    notes.tell();
  }
}

async function read(query) {
  const { notifications: items, next_cursor, newest_cursor } = await get("/api/notifications", query);
  return { items, next_cursor, newest_cursor };
}

/** What is on the screen has been seen. A hidden tab's has not. */
async function markRead() {
  if (document.visibilityState === "visible") await api("PATCH", "/api/notifications/read-all").catch(() => {});
}

/** A row leads where it is about, wherever it is pressed but on a link or button of its own. */
function row({ id, type, actor, post, post_id: postId, is_read: isRead, created_at: at }) {
  const [drawing, words] = KINDS[type];
  const place = postId && post ? linkTo.post(postId) : linkTo.user(actor.username);
  const open = h("a", { class: "whole", href: place, "aria-label": `${actor.display_name} ${words}` }, words);
  return h(
    "li",
    { class: `note ${type}`, data: { id, post: postId ?? "", unread: isRead ? null : "yes" } },
    h("span", { class: "kind" }, icon(drawing)),
    avatar(actor),
    h(
      "div",
      { class: "body" },
      h("p", {}, nameOf(actor), " ", open, " ", time(at)),
      post && h("p", { class: "quote", dir: "auto" }, richText(post.content)),
    ),
    type === "follow" && actor.is_following === false && followButton(actor),
  );
}
