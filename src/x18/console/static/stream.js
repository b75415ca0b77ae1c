// The page's one connection to the live channel: whose it is, what the page in view wants of it, and which posts are watched.
import { Live, Refused } from "./live.js";
import { accessToken, end, me, onChange } from "./session.js";

// A connection may send 120 messages a minute.
const WATCH_EVERY_MS = 2500;
const WATCH_FIRST_MS = 300;
const AGAIN_MS = 3000;

const OVER = new Set([4403, "session_revoked", "invalid_token"]);
const TOO_LATE = 4401; // the token took longer than the server waits

const listeners = new Map();
const visible = new Set();
let watched = new Set();
let wanted = [];
let live = null;
let shown = null; // the token that the connection was opened with, or got later
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

/** Connect as whoever is logged in now. */
export function connect() {
  live?.close();
  const mine = new Live(location.origin, me() ? ["notifications"] : [], me() ? { token } : {});
  live = mine;
  for (const type of ["*", "state", "frame"]) mine.on(type, (event) => mine === live && tell(event));
  mine.on("closed", ({ payload }) => mine === live && me() && afterClose(payload.code));
  mine.open();
  watched = new Set();
  wanted = []; // what another user's page wanted, this one may not have
  flushSoon();
}

onChange(connect);

/** The session is over, or another tab has a newer one. */
function afterClose(code) {
  const mine = live;
  if (OVER.has(code)) end(shown);
  if (OVER.has(code) && mine === live) connect();
  if (code === TOO_LATE) setTimeout(() => mine === live && connect(), AGAIN_MS);
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

/** Make these the topics of the page in view. What came after the cursor `since` comes too. */
export async function show(topics, since) {
  const mine = live;
  const added = topics.filter((topic) => !wanted.includes(topic));
  mine.unsubscribe(wanted.filter((topic) => !topics.includes(topic)));
  wanted = topics;
  try {
    if (added.length) await mine.subscribe(added, { since });
  } catch (error) {
    if (mine !== live || wanted !== topics || error.code !== "rate_limited") return;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    if (mine !== live || wanted !== topics) return;
    wanted = [];
    await show(topics, since);
  }
}

/** Whether a post is on the screen: the counters of those that are keep up. */
export function watch(id, isVisible) {
  if (isVisible) visible.add(id);
  else visible.delete(id);
  flushSoon();
}

function flushSoon() {
  flushTimer ??= setTimeout(flush, Math.max(WATCH_FIRST_MS, flushedAt + WATCH_EVERY_MS - Date.now()));
}

function flush() {
  flushTimer = null;
  flushedAt = Date.now();
  const [added, gone] = [[...visible].filter((id) => !watched.has(id)), [...watched].filter((id) => !visible.has(id))];
  watched = new Set(visible);
  if (gone.length) live.unwatch(gone);
  if (added.length) live.watch(added);
}
