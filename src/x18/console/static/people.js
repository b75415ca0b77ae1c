// A trader's page, and who follows whom.
import { isMe, logOut } from "./account.js";
import { album } from "./album.js";
import { api, get } from "./api.js";
import { ask, h, icon, toast } from "./dom.js";
import { Feed } from "./feed.js";
import { filterBar, narrowed, readFilters } from "./filters.js";
import { avatar, count, handleOf, joined, linkTo, nameOf, richText } from "./format.js";
import { rows } from "./rows.js";
import { me, updateMe } from "./session.js";
import { banner } from "./settings.js";
import { shareButton } from "./share.js";

const TABS = { "": "All", posts: "Posts", media: "Media" };

/** A trader and what the trader wrote, retweeted or showed. */
export function userPage(username, query) {
  const filters = readFilters(query);
  const tab = query.get("show") ?? "";
  const path = linkTo.user(username);
  let shown = null;
  const head = h("section", { class: "profile", "aria-label": "Profile" });
  const choice = h("div", {}, tabs(path, tab), tab ? null : filterBar(path, query));
  const body = h("div");
  const page = { title: `@${username}`, topics: [], element: h("div", {}, head, choice, body), load, resume, take };
  return page;

  async function load() {
    const user = await get(`/api/users/username/${encodeURIComponent(username)}`).catch((error) => {
      choice.hidden = true; // there is nobody to choose of
      throw error;
    });
    if (isMe(user)) updateMe(user); // it may have been changed elsewhere
    page.userId = user.id;
    page.topics = [narrowed(`user:${user.id}`, filters)];
    page.feed?.destroy();
    paint(user);
    const content = contentOf(user);
    body.replaceChildren(content.element);
    await content.load();
  }

  function contentOf(user) {
    if (tab === "media") return album(user.id);
    const isClosed = user.private_account && !user.is_following && !isMe(user);
    const nothing = isClosed ? "Only followers see these posts." : "No posts yet.";
    page.feed =
      tab === "posts"
        ? new Feed(`/api/users/${user.id}/posts`, { nothing, accepts: (post) => !post.retweeted_by })
        : new Feed(`/api/timeline/user/${user.id}`, { query: filters, nothing });
    return page.feed;
  }

  async function resume() {
    const user = await get(`/api/users/${page.userId}`);
    if (JSON.stringify(user) !== JSON.stringify(shown)) paint(user); // else what has the focus stays
    await page.feed?.catchUp();
  }

  function paint(user) {
    shown = user;
    choice.hidden = false;
    const stat = (number, word, link) =>
      h(
        link ? "a" : "span",
        link ? { href: `${linkTo.user(user.username)}/${link}` } : {},
        h("b", {}, count(number)),
        ` ${word}`,
      );
    head.replaceChildren(
      h("div", { class: "banner" }, banner(user)),
      h("div", { class: "row" }, avatar(user), h("span", { class: "row" }, shareButton(linkTo.user(user.username)), action(user))),
      h("h2", {}, h("span", { dir: "auto" }, user.display_name), user.private_account && lock()),
      h("p", {}, handleOf(user), user.is_followed_by && h("span", { class: "chip" }, "Follows you")),
      user.bio && h("p", { class: "bio", dir: "auto" }, richText(user.bio)),
      h(
        "ul",
        { class: "who" },
        user.location && h("li", {}, icon("pin"), h("span", { dir: "auto" }, user.location)),
        user.website && h("li", {}, icon("link"), website(user.website)),
        h("li", {}, icon("calendar"), `Joined ${joined(user.created_at)}`),
      ),
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
    if (!isMe(user)) return followButton(user, (changed) => (paint(changed), user.private_account && load().catch(() => {})));
    const leave = h("button", { type: "button", class: "quiet round", "aria-label": "Log out", onclick: logOut }, icon("out"));
    return [h("a", { class: "plain", href: "#/settings" }, "Edit profile"), leave];
  }

  function take(event) {
    if (event.type === "user.updated" && event.payload.id === page.userId) {
      const { posts_count: _, ...changed } = event.payload; // their number is that of strangers
      paint({ ...shown, ...changed });
    }
    if (event.type === "notification" && event.payload.type === "follow" && isMe({ id: page.userId })) load().catch(() => {});
  }
}

const lock = () => h("span", { title: "Posts are for followers" }, icon("lock"), h("span", { class: "unseen" }, "Posts are for followers"));

const website = (address) =>
  h("a", { href: address, dir: "ltr", rel: "noopener noreferrer nofollow", target: "_blank" }, address.replace(/^https?:\/\/|\/$/gi, ""));

const tabs = (path, current) =>
  h(
    "nav",
    { class: "tabs", "aria-label": "What is shown" },
    Object.entries(TABS).map(([name, words]) =>
      h("a", { href: name ? `${path}?show=${name}` : path, "aria-current": name === current && "true" }, words),
    ),
  );

/** Follow and unfollow; `onDone` gets the user as it is then. */
export function followButton(user, onDone = () => {}) {
  const button = h("button", { type: "button", data: { user: user.id }, onclick: toggle, onfollow: ({ detail }) => detail === user || take(detail) });
  paint();
  return button;

  function take(changed) {
    user = changed;
    paint();
    onDone(user);
  }

  function paint() {
    button.className = user.is_following ? "plain follow" : "primary follow";
    button.textContent = user.is_following ? "Following" : "Follow";
    button.setAttribute("aria-label", user.is_following ? `Following @${user.username}: unfollow` : `Follow @${user.username}`);
  }

  async function toggle() {
    if (!me()) return ask("login");
    button.disabled = true;
    try {
      take(await api(user.is_following ? "DELETE" : "POST", `/api/users/${user.id}/follow`));
      ask("followed", user);
    } catch (error) {
      toast(`You ${user.is_following ? "still follow" : "do not follow"} @${user.username}. ${error.message}`);
    } finally {
      button.disabled = false;
    }
  }
}

// All buttons for a user say the same: one may stand in a list, beside the page and on the page.
document.addEventListener("followed", ({ detail: user }) => {
  for (const button of document.querySelectorAll(`.follow[data-user="${user.id}"]`)) button.dispatchEvent(new CustomEvent("follow", { detail: user }));
});

/** A user in a list. */
export function userRow(user) {
  return h(
    "li",
    { class: "person", data: { id: user.id } },
    avatar(user),
    h(
      "div",
      { class: "body" },
      h(
        "div",
        { class: "names" },
        nameOf(user),
        handleOf(user),
      ),
      user.bio && h("p", { dir: "auto" }, richText(user.bio)),
    ),
    !isMe(user) && followButton(user),
  );
}

/** Followers, or those whom a user follows. */
export function followersPage(username, which) {
  const people = rows("people", { read, row: userRow, nothing: "Nobody yet.", end: "Nobody else." });
  const { element, grow, catchUp: resume, destroy } = people;
  let id;
  return { title: `@${username}: ${which}`, topics: [], element, load, resume, grow, destroy };

  async function load() {
    id = (await get(`/api/users/username/${encodeURIComponent(username)}`)).id;
    await people.load();
  }

  async function read(query) {
    const { users: items, next_cursor, newest_cursor } = await get(`/api/users/${id}/${which}`, query);
    return { items, next_cursor, newest_cursor };
  }
}
