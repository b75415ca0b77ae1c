// What is in view and kept up to date: the page, and the columns beside it. Each has its topics, and mostly a feed.
import { gone, isWhole, on, want } from "./stream.js";
import { matches } from "./filters.js";

const views = new Set();

/** Hear of what concerns a view from now on; it is subscribed to nothing yet. */
export const open = (view) => views.add(view);
export const openViews = () => [...views];

/** Subscribe to what a view that was loaded needs, from the cursor on that was known before. */
export async function goLive(view, since) {
  await want(view, view.topics, since);
  if (!views.has(view)) return;
  view.isLive = true;
  // What topics of others brought while this view was read is not sent again for its own.
  if (view.mayLack) await view.feed?.catchUp();
}

/** Hear nothing for a view any more. It may be opened again. */
export function leave(view) {
  views.delete(view);
  gone(view);
  view.isLive = view.mayLack = false;
}

export function close(view) {
  leave(view);
  view.feed?.destroy();
  view.destroy?.();
}

/** Whether it shows what those write whom one follows. */
export const isHome = (view) => view.topics.some((topic) => (topic.topic ?? topic) === "home");

/** Whether an event is for a view. Where another view wants more of a topic, all of it comes, and is told apart here. */
function isFor(view, { topics, payload }) {
  return view.topics.some((topic) => {
    const name = topic.topic ?? topic;
    return topics.includes(name) && (!topic.filter || !isWhole(name) || matches(payload.post ?? payload, topic.filter));
  });
}

function deliver(event, post) {
  for (const view of views) {
    if (view.feed && isFor(view, event)) view.feed.add(post);
    else if (!view.isLive) view.mayLack = true;
  }
}

on("*", (event) => views.forEach((view) => view.take?.(event)));
on("post", (event) => deliver(event, event.payload));
on("retweet", (event) => {
  const { post, retweeted_by, retweeted_at } = event.payload;
  deliver(event, { ...post, retweeted_by, retweeted_at });
});
on("post.deleted", ({ payload }) => views.forEach(({ feed }) => feed?.remove(payload.id)));
on("retweet.deleted", ({ payload }) => views.forEach(({ feed }) => feed?.remove(payload.id, payload.retweeted_by)));
on("gap", () => views.forEach(({ feed }) => feed?.refresh()));
// Older posts of whom one follows now belong there, too. Nothing moves: the next to follow may stand there.
document.addEventListener("followed", () => views.forEach((view) => isHome(view) && view.feed?.refresh(true)));
on("counts", ({ payload }) => views.forEach((view) => view.counts?.(payload.posts)));
