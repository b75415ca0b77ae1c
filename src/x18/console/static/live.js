// @ts-self-types="./live.d.ts"
/**
 * A client of X18's live channel in one file: copy it. It needs nothing but a WebSocket (browsers, Node 22 and newer, Deno, Bun).
 *
 *     import { Live } from "./live.js";
 *     for await (const event of new Live("http://localhost:8080", ["explore"])) console.log(event.type, event.payload);
 *
 * It connects again when the connection breaks, resumes where it stood, and gives every event once. Where the server cannot close
 * a hole any more it says so with an event `gap`, whose payload names the REST addresses to read; `connected`, `disconnected` and
 * `closed` tell of the connection itself. What each method takes and gives: live.d.ts.
 */

const setOf = (names) => new Set(names.split(" "));
const DURABLE = setOf("post post.deleted retweet retweet.deleted notification notification.read notification.deleted notification.restored");
const UNTOLD = setOf("ok pong heartbeat auth_expiring reconnect");
const PASSING = { rate_limited: 1013, unavailable: 1013, token_expired: 4001 }; // what they would be as close codes
const FINAL_CODES = new Set([1003, 1007, 1009, 4400, 4401, 4403, 4409]);
const [FIRST_DELAY_MS, LONGEST_DELAY_MS] = [200, 10_000];
const KEPT_SEQS = 10_000; // a replay has at most 5,000 events
const WATCHED_PER_MESSAGE = 200; // a message has at most 16 KiB

export class Refused extends Error {
  constructor(detail, code) {
    super(detail);
    this.code = code;
  }
}

export class Disconnected extends Error {}

export class Live {
  state = "idle";
  #url;
  #token;
  #topics = new Map(); // name → {request, since: of a replay that has not ended, sentOver: a socket}
  #watched = new Set();
  #listeners = new Map();
  #answers = new Map(); // id of a message → what waits for its answer
  #waiting = []; // what waits for the connection
  #seen = new Set(); // the last events' numbers
  #socket = null;
  #lastId = 0;
  #failures = 0;
  #afterMs = null;
  #mustBeNew = false;
  #heartbeatMs = 25_000;
  #retry;
  #silence;

  constructor(url, topics = [], { token, since = null } = {}) {
    this.#url = url.replace(/\/+$/, "").replace(/^http/, "ws") + "/ws";
    this.#token = token;
    this.cursor = since;
    for (const topic of topics) this.#want(topic, null);
  }

  open = () => void (this.state === "idle" && this.#connect());
  close = () => this.#finish(1000, "closed");
  drop = () => this.#socket && this.#lost(this.#socket, 1006, "cut");

  on(type, listener) {
    if (!this.#listeners.has(type)) this.#listeners.set(type, new Set());
    this.#listeners.get(type).add(listener);
    return () => void this.#listeners.get(type).delete(listener);
  }

  async subscribe(topics, { since = null } = {}) {
    const had = new Map(this.#topics);
    const wanted = topics.map((topic) => this.#want(topic, since));
    try {
      await (this.state === "live" ? this.#subscribe(wanted, since) : this.#whenLive());
    } catch (error) {
      if (error instanceof Disconnected && this.state !== "closed") return this.#whenLive();
      for (const name of wanted.map(({ request }) => request.topic)) {
        if (had.has(name)) this.#topics.set(name, had.get(name));
        else this.#topics.delete(name);
      }
      throw error;
    }
  }

  unsubscribe(names) {
    for (const name of names) this.#topics.delete(name);
    if (names.length) this.#send("unsubscribe", { topics: names });
  }

  watch = (posts) => this.#sendWatched("watch", posts.filter((id) => !this.#watched.has(id) && this.#watched.add(id)));
  unwatch = (posts) => this.#sendWatched("unwatch", posts.filter((id) => this.#watched.delete(id)));

  async call(method, path, options = {}) {
    await this.#whenLive();
    return this.#ask("call", { method, path, ...options });
  }

  async ping() {
    const start = performance.now();
    await this.#ask("ping", null);
    return performance.now() - start;
  }

  async *[Symbol.asyncIterator]() {
    const events = [];
    let wake;
    const stop = this.on("*", (event) => (events.push(event), wake?.()));
    this.open();
    try {
      for (;;) {
        for (const event of events.splice(0)) {
          if (event.type === "closed" && event.payload.code === 1000) return;
          if (event.type === "closed") throw new Refused(event.payload.reason, event.payload.code);
          yield event;
        }
        if (!events.length) await new Promise((resolve) => (wake = resolve));
      }
    } finally {
      stop();
      this.close();
    }
  }

  #connect() {
    this.#setState("connecting");
    const socket = (this.#socket = new WebSocket(this.#url, ["x18.v1.json"]));
    socket.onmessage = ({ data }) => socket === this.#socket && this.#receive(socket, data);
    socket.onclose = ({ code, reason }) => this.#lost(socket, code, reason || `closed with ${code}`);
    socket.onerror = () => this.#lost(socket, 1006, "no connection"); // Node tells of some failures in this way only
    this.#expectMore(socket);
  }

  #expectMore(socket) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(socket, 1006, "silence"), this.#heartbeatMs * 2.5);
  }

  #lost(socket, code, reason) {
    if (socket !== this.#socket) return;
    this.#letGo(reason);
    if (FINAL_CODES.has(code)) return this.#finish(code, reason);
    this.#mustBeNew ||= code === PASSING.token_expired;
    const delay = this.#nextDelay();
    this.#retry = setTimeout(() => this.#connect(), delay);
    this.#setState("waiting");
    this.#emit({ type: "disconnected", payload: { code, reason, again_in_s: delay / 1000 } });
  }

  #letGo(reason) {
    clearTimeout(this.#silence);
    const [socket, answers] = [this.#socket, this.#answers];
    [this.#socket, this.#answers] = [null, new Map()]; // from here on its handlers do nothing
    if (socket?.readyState === 0 && reason !== "silence") socket.onopen = () => socket.close();
    else socket?.close(); // which a browser reports as an error of the page where it is not open yet
    for (const { reject } of answers.values()) reject(new Disconnected(reason));
  }

  #finish(code, reason) {
    if (this.state === "closed") return;
    clearTimeout(this.#retry);
    this.#letGo(reason);
    this.#setState("closed");
    for (const { reject } of this.#waiting.splice(0)) reject(new Refused(reason, code));
    this.#emit({ type: "closed", payload: { code, reason } });
  }

  /** Twice as long each time, at random so that not all clients come at once; after a planned restart, when the server said. */
  #nextDelay() {
    const told = this.#afterMs;
    this.#afterMs = null;
    if (told !== null) return told;
    this.#failures += 1;
    return Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
  }

  #receive(socket, text) {
    this.#expectMore(socket);
    this.#emit({ type: "frame", payload: { direction: "in", text } });
    const message = JSON.parse(text);
    const { type, payload, id } = message;
    const answer = this.#answers.get(id);
    if (this.#answers.delete(id)) {
      if (type === "error") answer.reject(new Refused(payload.detail, payload.code));
      else answer.resolve(payload);
    } else if (DURABLE.has(type)) {
      this.#advance(message.cursor);
      if (this.#isNew(seqOf(message.cursor))) this.#emit(message);
    } else {
      if (type === "connected") this.#begin(socket, payload);
      if (type === "auth_expiring") this.#authenticate(true).catch(() => {}); // what cannot be renewed is closed with 4001
      if (type === "reconnect") this.#afterMs = payload.after_ms;
      if (type === "heartbeat" && this.state === "live") this.#advance(payload.cursor); // before, we have no topics
      if (type === "gap") this.#jump(payload.cursor);
      if (!UNTOLD.has(type)) this.#emit(message);
      // It may mean any message that waits for its answer (`watch` has no id), or a replay that broke off after its `ok`.
      const isOurs = id != null || this.#answers.size || this.state !== "live";
      if (type === "error" && payload.code in PASSING && isOurs) this.#lost(socket, PASSING[payload.code], payload.detail);
    }
  }

  async #begin(socket, { heartbeat_s, cursor }) {
    this.#heartbeatMs = heartbeat_s * 1000;
    this.cursor ??= cursor;
    try {
      await this.#authenticate(this.#mustBeNew);
      const unsent = () => [...this.#topics.values()].filter((entry) => entry.sentOver !== socket);
      for (let wanted; (wanted = unsent()).length; ) await this.#subscribe(wanted, this.#oldestSince(wanted));
    } catch (error) {
      if (socket !== this.#socket || error instanceof Disconnected) return; // how it was closed is about to be told
      if (error instanceof Refused && !(error.code in PASSING)) this.#finish(error.code, error.message);
      else this.#lost(socket, PASSING[error.code] ?? 1006, error.message);
    }
    if (socket !== this.#socket) return;
    this.#setState("live");
    this.#sendWatched("watch", [...this.#watched]);
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  async #authenticate(mustBeNew) {
    const socket = this.#socket;
    const token = await this.#token?.(mustBeNew);
    if (socket !== this.#socket) throw new Disconnected("the connection broke");
    if (token) await this.#ask("auth", { token });
    this.#mustBeNew = false;
  }

  /** Forward only: a topic that was added with `since` is replayed behind our cursor. */
  #advance(cursor) {
    this.#failures = 0;
    if (epochOf(cursor) !== epochOf(this.cursor)) this.#jump(cursor);
    if (seqOf(cursor) > seqOf(this.cursor)) this.cursor = cursor;
  }

  #jump(cursor) {
    this.#seen.clear();
    this.cursor = cursor;
  }

  #isNew(seq) {
    const isNew = !this.#seen.has(seq);
    this.#seen.add(seq);
    if (this.#seen.size > KEPT_SEQS) this.#seen.delete(this.#seen.values().next().value);
    return isNew;
  }

  #want(topic, since) {
    const entry = { request: typeof topic === "string" ? { topic } : topic, since };
    this.#topics.set(entry.request.topic, entry);
    return entry;
  }

  /** Our cursor, or that of a topic whose replay had not ended. */
  #oldestSince(wanted) {
    const isOlder = (since, than) => since && epochOf(since) === epochOf(than) && seqOf(since) < seqOf(than);
    return wanted.reduce((oldest, { since }) => (isOlder(since, oldest) ? since : oldest), this.cursor);
  }

  async #subscribe(wanted, since) {
    for (const entry of wanted) entry.sentOver = this.#socket;
    await this.#ask("subscribe", { topics: wanted.map(({ request }) => request), since: since ?? undefined });
    const replayed = wanted.filter((entry) => entry.since);
    const end = () => replayed.forEach((entry) => (entry.since = null));
    // The server takes one message after the other: the pong comes when the replay is over.
    if (replayed.length) this.#ask("ping", null).then(end, () => {});
  }

  async #whenLive() {
    if (this.state === "closed") throw new Disconnected("closed");
    if (this.state !== "live") await new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #sendWatched(type, posts) {
    if (this.state !== "live" || !posts.length) return;
    this.#send(type, { posts: posts.slice(0, WATCHED_PER_MESSAGE) });
    this.#sendWatched(type, posts.slice(WATCHED_PER_MESSAGE));
  }

  async #ask(type, payload) {
    const id = ++this.#lastId;
    if (!this.#send(type, payload, id)) throw new Disconnected("no connection");
    return new Promise((resolve, reject) => this.#answers.set(id, { resolve, reject }));
  }

  #send(type, payload, id) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    const text = JSON.stringify({ type, payload, id });
    this.#socket.send(text);
    this.#emit({ type: "frame", payload: { direction: "out", text } });
    return true;
  }

  #setState = (state) => this.#emit({ type: "state", payload: { state: (this.state = state) } });

  #emit(event) {
    const isInner = event.type === "frame" || event.type === "state";
    for (const type of isInner ? [event.type] : [event.type, "*"]) {
      for (const listener of this.#listeners.get(type) ?? []) listener(event);
    }
  }
}

const epochOf = (cursor) => cursor?.split(".")[0];
const seqOf = (cursor) => Number(cursor?.split(".")[1] ?? 0);
