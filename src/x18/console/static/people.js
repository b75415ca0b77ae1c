// A trader's page, and who follows whom.
import { api, get } from "./api.js";
import { isMe, logOut, openProfileDialog } from "./account.js";
import { ask, h, icon, toast } from "./dom.js";
import { Feed } from "./feed.js";
import { filterBar, narrowed, readFilters } from "./filters.js";
import { avatar, count, linkTo } from "./format.js";
import { me, updateMe } from "./session.js";

/** A trader and the trader's posts and retweets. */
export function userPage(username, query) {
  const filters = readFilters(query);
  let shown = "";
  const head = h("section", { class: "profile", "aria-label": "Profile" });
  const page = { title: `@${username}`, topics: [], element: h("div", {}, head, filterBar(linkTo.user(username), query)), load, resume, take };
  return page;

  async function load() {
    const user = await get(`/api/users/username/${encodeURIComponent(username)}`);
    if (isMe(user)) updateMe(user); // it may have been changed elsewhere
    page.userId = user.id;
    page.topics = [narrowed(`user:${user.id}`, filters)];
    page.feed?.destroy();
    page.feed?.element.remove();
    page.feed = new Feed(`/api/timeline/user/${user.id}`, {
      query: filters,
      nothing: user.private_account && !user.is_following && !isMe(user) ? "Only followers see these posts." : "No posts yet.",
    });
    page.element.append(page.feed.element);
    paint(user);
    await page.feed.load();
  }

  async function resume() {
    const user = await get(`/api/users/${page.userId}`);
    if (JSON.stringify(user) !== shown) paint(user); // else what has the focus stays
    await page.feed.catchUp();
  }

  function paint(user) {
    shown = JSON.stringify(user);
    const stat = (number, word, link) =>
      h(
        link ? "a" : "span",
        link ? { href: `${linkTo.user(user.username)}/${link}` } : {},
        h("b", {}, count(number)),
        ` ${word}`,
      );
    head.replaceChildren(
      h("div", { class: "row" }, avatar(user), action(user)),
      h("h2", {}, user.display_name, user.private_account && icon("lock")),
      h("p", { class: "handle" }, `@${user.username}`, user.is_followed_by && h("span", { class: "chip" }, "Follows you")),
      user.bio && h("p", { class: "bio" }, user.bio),
      user.location && h("p", { class: "handle" }, user.location),
      h(
        "p",
        { class: "stats" },
        stat(user.posts_count, user.posts_count === 1 ? "post" : "posts"),
        stat(user.following_count, "following", "following"),
        stat(user.followers_count, user.followers_count === 1 ? "follower" : "followers", "followers"),
      ),
    );
  }

  function action(user) {
    if (!isMe(user)) return followButton(user, (changed) => (paint(changed), user.private_account && page.feed.load()));
    return h(
      "span",
      { class: "row" },
      h("button", { type: "button", class: "plain", onclick: () => openProfileDialog(me(), paint) }, "Edit profile"),
      h("button", { type: "button", class: "quiet round", "aria-label": "Log out", onclick: logOut }, icon("out")),
    );
  }

  function take(event) {
    if (event.type === "notification" && event.payload.type === "follow" && isMe({ id: page.userId })) load().catch(() => {});
  }
}

/** Follow and unfollow; `onDone` gets the user as it is then. */
export function followButton(user, onDone = () => {}) {
  const button = h("button", { type: "button", onclick: toggle });
  paint();
  return button;

  function paint() {
    button.className = user.is_following ? "plain follow" : "primary follow";
    button.textContent = user.is_following ? "Following" : "Follow";
    button.setAttribute("aria-label", `${user.is_following ? "Unfollow" : "Follow"} @${user.username}`);
  }

  async function toggle() {
    if (!me()) return ask("login");
    button.disabled = true;
    try {
      user = await api(user.is_following ? "DELETE" : "POST", `/api/users/${user.id}/follow`);
      paint();
      onDone(user);
    } catch (error) {
      toast(error.message);
    } finally {
      button.disabled = false;
    }
  }
}

/** A user in a list. */
export function userRow(user) {
  return h(
    "li",
    { class: "person" },
    avatar(user),
    h(
      "div",
      { class: "body" },
      h(
        "div",
        { class: "names" },
        h("a", { class: "name", href: linkTo.user(user.username) }, user.display_name),
        h("span", { class: "handle" }, `@${user.username}`),
      ),
      user.bio && h("p", {}, user.bio),
    ),
    !isMe(user) && followButton(user),
  );
}

/** Followers, or those whom a user follows. */
export function followersPage(username, which) {
  const list = h("ul", { class: "people" });
  const more = h("button", { type: "button", class: "more", onclick: () => read(more.value) }, "More");
  more.hidden = true;
  const note = h("p", { class: "empty", role: "status" }, "Loading…");
  let id;
  return { title: `@${username}: ${which}`, topics: [], element: h("div", {}, list, note, more), load };

  async function load() {
    id = (await get(`/api/users/username/${encodeURIComponent(username)}`)).id;
    list.replaceChildren();
    await read();
  }

  async function read(before) {
    const answer = await get(`/api/users/${id}/${which}`, { limit: 50, before });
    list.append(...answer.users.map(userRow));
    more.value = answer.next_cursor ?? "";
    more.hidden = !answer.next_cursor;
    note.hidden = list.childElementCount > 0;
    note.textContent = "Nobody yet.";
  }
}
