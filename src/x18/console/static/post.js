// A post as a card: what it says, what can be done with it, and counters that keep up.
import { api } from "./api.js";
import { clamped } from "./clamp.js";
import { $, ask, h, icon, isSure, toast } from "./dom.js";
import { avatar, count, handleOf, linkTo, nameOf, plural, repaint, richText, time } from "./format.js";
import { gallery } from "./media.js";
import { metadataChips } from "./metadata.js";
import { me } from "./session.js";
import { shareButton } from "./share.js";
import { watch } from "./stream.js";

const ACTIONS = [
  { name: "like", flag: "is_liked", counter: "likes_count", word: "like", icon: "heart" },
  { name: "retweet", flag: "is_retweeted", counter: "retweets_count", word: "retweet", icon: "retweet" },
  { name: "bookmark", flag: "is_bookmarked", counter: "bookmarks_count", word: "bookmark", icon: "bookmark" },
];
const AUDIENCE = { followers: ["people", "Followers only"], private: ["lock", "Only you"] };

/** All cards on the page by the post's id: one post may be there twice, as itself and as a retweet. */
const cards = new Map();
const posts = new WeakMap();

const onScreen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) watch(target.dataset.post, isIntersecting && target.isConnected);
});

/** What a card or an element in it shows. */
export const postOf = (element) => posts.get(element.closest("article"));
export const cardsOf = (id) => cards.get(id) ?? new Set();

/** A card of a post. */
export function card(post) {
  const nameId = `by-${post.id}-${Math.random().toString(36).slice(2, 7)}`;
  const article = h(
    "article",
    { class: "post", tabindex: "-1", "aria-labelledby": nameId, data: { post: post.id } },
    post.retweeted_by &&
      h(
        "p",
        { class: "why" },
        icon("retweet"),
        nameOf(post.retweeted_by),
        " retweeted",
      ),
    post.reply_to_id && h("p", { class: "why" }, icon("reply"), answered(post)),
    h(
      "a",
      { class: "face", href: linkTo.user(post.user.username), data: { user: post.user.id }, tabindex: "-1", "aria-hidden": "true" },
      avatar(post.user),
    ),
    h(
      "div",
      { class: "body" },
      header(post, nameId),
      post.content && clamped(h("p", { class: "text", dir: "auto" }, richText(post.content))),
      post.media.length > 0 && gallery(post.media),
      metadataChips(post),
      actions(post),
    ),
  );
  article.addEventListener("click", open);
  posts.set(article, post);
  if (!cards.has(post.id)) cards.set(post.id, new Set());
  cards.get(post.id).add(article);
  onScreen.observe(article);
  return article;
}

/** A press anywhere but on what does something itself, and not to select text, opens the post. */
function open({ target, currentTarget: article }) {
  if (target.closest("a, button, video") || String(getSelection())) return;
  location.hash = linkTo.post(article.dataset.post);
}

/** Take a card off the page. */
export function discard(article) {
  const id = article.dataset.post;
  onScreen.unobserve(article);
  cards.get(id)?.delete(article);
  if (!cards.get(id)?.size) {
    cards.delete(id);
    watch(id, false);
  }
  article.remove();
}

/** New values of counters and of what the viewer did, on all cards of a post. */
export function update(id, fields) {
  for (const article of cardsOf(id)) {
    const post = Object.assign(posts.get(article), fields);
    for (const action of ACTIONS) paint($(`.${action.name}`, article), action, post);
    paintReplies($(".reply", article), post);
  }
}

/** A user's new names, on all cards and in what is made of their posts later, and wherever else they stand. */
export function rename(user) {
  for (const article of [...cards.values()].flatMap((some) => [...some])) {
    renamed(posts.get(article), user);
    if (!article.isConnected) repaint(user, article); // its page is kept for Back
  }
  repaint(user);
}

/** The same in one post. */
export function renamed(post, user) {
  for (const part of ["user", "retweeted_by", "reply_to_user"]) if (post[part]?.id === user.id) post[part] = user;
}

/** Whom a post answers. Without a name: the post is gone, or not for the viewer. */
function answered({ reply_to_id: id, reply_to_user: user }) {
  return h("a", { href: linkTo.post(id) }, "Replying to ", user ? handleOf(user) : "a post");
}

function header(post, nameId) {
  const audience = AUDIENCE[post.visibility];
  return h(
    "header",
    {},
    h(
      "span",
      { id: nameId, class: "names" },
      nameOf(post.user),
      handleOf(post.user),
    ),
    audience &&
      h("span", { class: "audience", title: audience[1] }, icon(audience[0]), h("span", { class: "unseen" }, audience[1])),
    h("a", { class: "when", href: linkTo.post(post.id) }, time(post.created_at)),
  );
}

function actions(post) {
  const reply = h("button", { type: "button", class: "reply", onclick: () => ask("reply", post) }, icon("reply"), h("span"));
  paintReplies(reply, post);
  const buttons = ACTIONS.map((action) => {
    const button = h(
      "button",
      { type: "button", class: action.name, onclick: () => toggle(post, action) },
      icon(action.icon),
      h("span"),
    );
    paint(button, action, post);
    return button;
  });
  const isMine = me()?.id === post.user_id;
  const remove =
    isMine &&
    h(
      "button",
      { type: "button", class: "delete", "aria-label": "Delete", onclick: (event) => erase(post, event.currentTarget) },
      icon("trash"),
    );
  return h("div", { class: "actions" }, reply, buttons, shareButton(linkTo.post(post.id)), remove);
}

function paint(button, action, post) {
  const isOn = post[action.flag] === true;
  button.setAttribute("aria-pressed", isOn);
  paintCount(
    button,
    post[action.counter],
    plural(post[action.counter], action.word),
    action.word[0].toUpperCase() + action.word.slice(1),
  );
}

function paintReplies(button, { replies_count: value }) {
  paintCount(button, value, `${count(value)} ${value === 1 ? "reply" : "replies"}`, "Reply");
}

function paintCount(button, value, words, verb) {
  const shown = value ? count(value) : "";
  const label = $("span", button);
  button.setAttribute("aria-label", value ? `${verb}, ${words}` : verb);
  if (label.textContent === shown) return;
  if (label.textContent)
    label.animate?.([{ transform: "translateY(35%)", opacity: 0 }, {}], { duration: 180, easing: "ease-out" });
  label.textContent = shown;
}

/** Shown at once, taken back where the server does not agree. */
async function toggle(post, { name, flag, counter }) {
  if (!me()) return ask("login");
  const before = { [flag]: post[flag] === true, [counter]: post[counter] };
  update(post.id, { [flag]: !before[flag], [counter]: Math.max(0, before[counter] + (before[flag] ? -1 : 1)) });
  try {
    const { likes_count, retweets_count, replies_count, bookmarks_count, is_liked, is_retweeted, is_bookmarked } = await api(
      before[flag] ? "DELETE" : "POST",
      `/api/posts/${post.id}/${name}`,
    );
    update(post.id, { likes_count, retweets_count, replies_count, bookmarks_count, is_liked, is_retweeted, is_bookmarked });
  } catch (error) {
    update(post.id, before);
    toast(`Your ${name} was not ${before[flag] ? "taken back" : "saved"}. ${error.message}`);
  }
}

/** The first press asks, the second one deletes. */
async function erase(post, button) {
  if (!isSure(button, "Press again to delete")) return;
  try {
    await api("DELETE", `/api/posts/${post.id}`);
    for (const article of [...cardsOf(post.id)]) discard(article);
    if (location.hash === linkTo.post(post.id)) location.hash = "#/";
  } catch (error) {
    toast(`The post was not deleted. ${error.message}`);
  }
}
