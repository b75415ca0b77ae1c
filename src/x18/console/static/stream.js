// The page's one connection to the live channel: whose it is, what the page in view wants of it, and which posts are watched.
import { Live, Refused } from "./live.js";
import { accessToken, end, me, onChange } from "./session.js";

// A connection may send 120 messages a minute.
const WATCH_EVERY_MS = 2500;
const WATCH_FIRST_MS = 300;
const AGAIN_MS = 3000;
const TIDY_MS = 2000;
const ALL = JSON.stringify(null); // the filter of a topic that comes whole

const OVER = new Set([4403, "session_revoked", "invalid_token"]);
const TOO_LATE = 4401; // the token took longer than the server waits

const listeners = new Map();
const visible = new Set();
const heard = new Set();
let watched = new Set();
const wants = new Map(); // whoever wants something → its topics: names, or {topic, filter}
let told = new Map(); // the topics that the connection is subscribed to → their filter as JSON
let live = null;
let shown = null; // the token that the connection was opened with, or got later
let tidying;
let flushTimer = null;
let flushedAt = 0;

/** Hear of events of whatever connection there is. Gives what ends it. */
export function on(type, listener) {
  if (!listeners.has(type)) listeners.set(type, new Set());
  listeners.get(type).add(listener);
  return () => listeners.get(type).delete(listener);
}

function tell(event) {
  for (const type of [event.type, "*"]) for (const listener of [...(listeners.get(type) ?? [])]) listener(event);
}

async function token(mustBeNew) {
  shown = await accessToken(mustBeNew ? shown : null);
  if (shown === null) throw new Refused("The session has ended.", 4403);
  return shown;
}

/** Connect as whoever is logged in now; from a cursor on where it is the one who was connected before. */
export function connect(since = null) {
  live?.close();
  const mine = new Live(location.origin, me() ? ["notifications"] : [], me() ? { token, since } : {});
  live = mine;
  for (const type of ["*", "state", "frame"]) mine.on(type, (event) => mine === live && tell(event));
  mine.on("closed", ({ payload }) => mine === live && me() && afterClose(payload.code));
  mine.open();
  watched = new Set();
  told = new Map();
  const topics = tellWants();
  if (topics.length) mine.subscribe(topics, { since }).catch(() => {});
  flushSoon();
}

onChange(() => {
  wants.clear(); // what another user's page wanted, this one may not have
  connect();
});

/** The session is over, or another tab has a newer one. */
function afterClose(code) {
  const mine = live;
  if (OVER.has(code)) end(shown);
  if (OVER.has(code) && mine === live) connect(mine.cursor);
  if (code === TOO_LATE) setTimeout(() => mine === live && connect(mine.cursor), AGAIN_MS);
}

export const state = () => live?.state ?? "idle";
export const cursor = () => live?.cursor ?? null;
export const ping = () => live.ping();
export const cut = () => live.drop();

/** The cursor, as soon as there is one; null where the channel does not answer in time. */
export function firstCursor() {
  if (cursor()) return cursor();
  return new Promise((resolve) => {
    const stop = on("connected", ({ payload }) => done(payload.cursor));
    const timer = setTimeout(() => done(null), 1000);
    const done = (value) => (stop(), clearTimeout(timer), resolve(value));
  });
}

/** Make these the topics of a part of the page. What came after the cursor `since` comes too. */
export async function want(owner, topics, since) {
  const mine = live;
  wants.set(owner, topics);
  const added = tellWants();
  try {
    if (added.length) await mine.subscribe(added, { since });
  } catch (error) {
    if (mine !== live || wants.get(owner) !== topics) return;
    for (const topic of added) told.delete(topic.topic ?? topic);
    if (error.code !== "rate_limited") return;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    if (mine === live && wants.get(owner) === topics) await want(owner, topics, since);
  }
}

/** A part of the page wants nothing any more. What it alone had goes when somebody wants something else, so that both are one step. */
export const gone = (owner) => void (wants.delete(owner) && (tidying ??= setTimeout(tidy, TIDY_MS)));

async function tidy() {
  const narrower = tellWants();
  if (narrower.length) await live.subscribe(narrower).catch(() => {});
}

/** Whether all of a topic comes, because its wants differ. */
export const isWhole = (topic) => told.get(topic) === ALL;

/** Unsubscribe from what nobody wants, and give the topics to subscribe to. One that is wanted with different filters comes whole. */
function tellWants() {
  tidying = clearTimeout(tidying);
  const all = new Map();
  for (const topic of [...wants.values()].flat()) {
    const [name, filter] = [topic.topic ?? topic, JSON.stringify(topic.filter ?? null)];
    all.set(name, all.has(name) && all.get(name) !== filter ? ALL : filter);
  }
  const added = [...all].filter(([name, filter]) => told.get(name) !== filter);
  live.unsubscribe([...told.keys()].filter((name) => !all.has(name)));
  told = all;
  return added.map(([name, filter]) => (filter === ALL ? name : { topic: name, filter: JSON.parse(filter) }));
}

/** Whether a post is on the screen: the counters of those that are keep up. */
export function watch(id, isVisible) {
  if (isVisible) visible.add(id);
  else visible.delete(id);
  flushSoon();
}

/** Hear of a post's counters wherever it is. */
export function hear(id, isHeard) {
  if (isHeard) heard.add(id);
  else heard.delete(id);
  flushSoon();
}

function flushSoon() {
  flushTimer ??= setTimeout(flush, Math.max(WATCH_FIRST_MS, flushedAt + WATCH_EVERY_MS - Date.now()));
}

function flush() {
  flushTimer = null;
  flushedAt = Date.now();
  const wanted = new Set([...visible, ...heard]);
  const [added, gone] = [[...wanted].filter((id) => !watched.has(id)), [...watched].filter((id) => !wanted.has(id))];
  watched = wanted;
  if (gone.length) live.unwatch(gone);
  if (added.length) live.watch(added);
}
