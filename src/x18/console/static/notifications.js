// What others did that concerns one; the number of what is unread stands on the bell.
import { api, get } from "./api.js";
import { h, icon } from "./dom.js";
import { avatar, linkTo, nameOf, richText, time } from "./format.js";
import { followButton } from "./people.js";

const KINDS = {
  like: ["heart", "liked your post"],
  retweet: ["retweet", "retweeted your post"],
  follow: ["user", "followed you"],
  reply: ["reply", "replied to you"],
  mention: ["pen", "mentioned you"],
};
const MOST = 100;

export function notificationsPage() {
  const list = h("ul", { class: "notes" });
  const note = h("p", { class: "empty", role: "status" }, "Loading…");
  return { title: "Notifications", isPinnable: true, topics: [], element: h("div", {}, list, note), load, take };

  async function load() {
    const { notifications } = await get("/api/notifications", { limit: 50 });
    list.replaceChildren(...notifications.map(row));
    tell();
    await markRead();
  }

  function take({ type, payload }) {
    if (type === "notification") {
      list.prepend(row(payload));
      while (list.childElementCount > MOST) list.lastElementChild.remove();
      markRead();
    } else if (type === "notification.restored") {
      load();
    } else if (type === "notification.deleted") {
      for (const item of [...list.children]) {
        if (payload.id ? item.dataset.id === payload.id : item.dataset.post === payload.post_id) item.remove();
      }
    }
    tell();
  }

  function tell() {
    note.hidden = list.childElementCount > 0;
    note.textContent = "Nothing yet. Likes, retweets, replies, mentions and followers show up here.";
  }
}

/** What is on the screen has been seen. A hidden tab's has not. */
async function markRead() {
  if (document.visibilityState === "visible") await api("PATCH", "/api/notifications/read-all").catch(() => {});
}

function row({ id, type, actor, post, post_id: postId, is_read: isRead, created_at: at }) {
  const [drawing, words] = KINDS[type];
  return h(
    "li",
    { class: `note ${type}`, data: { id, post: postId ?? "", unread: isRead ? null : "yes" } },
    h("span", { class: "kind" }, icon(drawing)),
    avatar(actor),
    h(
      "div",
      { class: "body" },
      h("p", {}, nameOf(actor), ` ${words} `, time(at)),
      post && h("p", { class: "quote", dir: "auto" }, richText(post.content)),
      postId && post && h("a", { class: "open", href: linkTo.post(postId) }, "Open the post"),
    ),
    type === "follow" && actor.is_following === false && followButton(actor),
  );
}
