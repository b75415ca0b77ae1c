// @ts-self-types="./live.d.ts"
/**
 * A client of X18's live channel in one file: copy it. It needs nothing but a WebSocket (browsers, Node 22 and newer, Deno, Bun).
 *
 *     import { Live } from "./live.js";
 *     for await (const event of new Live("http://localhost:8080", ["explore"])) console.log(event.type, event.payload);
 *
 * It connects again when the connection breaks, resumes where it stood, and gives every event once. Where the server cannot close a hole
 * it says so with an event `gap`; `connected`, `disconnected` and `closed` tell of the connection itself. More: live.d.ts.
 */

const setOf = (names) => new Set(names.split(" "));
const DURABLE = setOf("post post.deleted retweet retweet.deleted notification notification.read notification.deleted notification.restored user.updated");
const UNTOLD = setOf("ok pong heartbeat auth_expiring reconnect");
const NO_WEBSOCKET = 'There is no WebSocket here (Node has one from 22 on): npm install ws, then globalThis.WebSocket = (await import("ws")).default';
const PASSING = { rate_limited: 1013, unavailable: 1013, token_expired: 4001 }; // what they would be as close codes
const FINAL_CODES = new Set([1003, 1007, 1009, 4400, 4401, 4403, 4409]);
const [FIRST_DELAY_MS, LONGEST_DELAY_MS, KEPT_SEQS] = [200, 10_000, 10_000]; // a replay has at most 5,000 events
const [PER_MESSAGE, MESSAGE_BYTES, CHECK_MS] = [200, 15_000, 5_000]; // a message has at most 16 KiB; the time for a sign of life

export class Refused extends Error { constructor(detail, code) { super(detail); this.code = code; } }
export class Disconnected extends Error {}
export class Live {
  state = "idle";
  #url; #token;
  #topics = new Map(); // name → {request, since: of a replay that has not ended, sentOver: a socket}
  #watched = new Set();
  #told = new Set(); // of these posts the server knows
  #unwanted = new Set(); // topics that the server does not know to be unwanted yet
  #replaying = []; // the topics of each message of which the past is being sent
  #listeners = new Map();
  #answers = new Map(); // id of a message → what waits for its answer
  #waiting = []; // what waits for the connection
  #seen = new Set(); // the last events' numbers
  #socket = null; #lastId = 0; #failures = 0; #afterMs = null; #mustBeNew = false; #heartbeatMs = 25_000;
  #retry; #silence; #collecting; // timers

  constructor(url, topics = [], { token, since = null } = {}) {
    this.#url = url.replace(/\/+$/, "").replace(/^http/, "ws") + "/ws";
    [this.#token, this.cursor] = [token, since];
    if (!globalThis.WebSocket) throw new Error(NO_WEBSOCKET);
    for (const topic of topics) this.#want(topic, null);
  }
  open = () => void (this.state === "idle" && (this.#hearPage("addEventListener"), this.#connect()));
  close = () => this.#finish(1000, "closed");
  drop = () => this.#socket && this.#lost(this.#socket, 1006, "cut");
  ping = (start = performance.now()) => this.#ask("ping", null).then(() => performance.now() - start);

  on(type, listener) {
    if (!this.#listeners.has(type)) this.#listeners.set(type, new Set());
    this.#listeners.get(type).add(listener);
    return () => void this.#listeners.get(type).delete(listener);
  }

  async subscribe(topics, { since = null } = {}) {
    const had = new Map(this.#topics);
    const wanted = topics.map((topic) => this.#want(topic, since));
    try {
      await (this.state === "live" ? this.#subscribe(() => wanted, () => since) : this.#whenLive());
    } catch (error) {
      if (error instanceof Disconnected && this.state !== "closed") return this.#whenLive();
      for (const { request: { topic } } of wanted) had.has(topic) ? this.#topics.set(topic, had.get(topic)) : this.#topics.delete(topic);
      throw error;
    }
  }
  unsubscribe = (names) => (names.forEach((name) => this.#topics.delete(name) && this.#unwanted.add(name)), this.#tellSoon());
  watch = (posts) => (posts.forEach((id) => this.#watched.add(id)), this.#tellSoon());
  unwatch = (posts) => (posts.forEach((id) => this.#watched.delete(id)), this.#tellSoon());
  /** After a break it is asked again, with the same key: what was done is not done twice. */
  async call(method, path, options = {}) {
    await this.#whenLive();
    const payload = { idempotency_key: newKey(), ...options, method, path };
    return this.#ask("call", payload).catch((error) => {
      if (!(error instanceof Disconnected) || this.state === "closed") throw error;
      return this.call(method, path, payload);
    });
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
    for (const known of [this.#told, this.#unwanted]) known.clear();
    const socket = (this.#socket = new WebSocket(this.#url, ["x18.v1.json"]));
    socket.onmessage = ({ data }) => socket === this.#socket && this.#receive(socket, data);
    socket.onclose = ({ code, reason }) => this.#lost(socket, code, reason || `closed with ${code}`);
    socket.onerror = () => this.#lost(socket, 1006, "no connection"); // Node tells of some failures in this way only
    this.#expectMore(socket);
  }

  #expectMore(socket, ms = this.#heartbeatMs * 2.5) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(socket, 1006, "silence"), ms);
  }

  /** Timers stood still while the page slept, and a network that changed tells nobody: look at once. */
  #look = () => {
    if (globalThis.document?.visibilityState === "hidden" || this.#socket?.readyState === 0) return;
    clearTimeout(this.#retry);
    if (this.state === "waiting") return this.#connect();
    this.#expectMore(this.#socket, CHECK_MS);
    this.#send("ping", null, ++this.#lastId);
  };

  #hearPage(how) {
    for (const type of ["online", "pageshow"]) globalThis[how]?.(type, this.#look);
    globalThis.document?.[how]("visibilitychange", this.#look);
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
    [this.#socket, this.#answers, this.#replaying] = [null, new Map(), []]; // from here on its handlers do nothing
    if (socket?.readyState === 0 && reason !== "silence") socket.onopen = () => socket.close();
    else socket?.close(); // which a browser reports as an error of the page where it is not open yet
    for (const { reject } of answers.values()) reject(new Disconnected(reason));
  }

  #finish(code, reason) {
    if (this.state === "closed") return;
    clearTimeout(this.#retry);
    this.#hearPage("removeEventListener");
    this.#letGo(reason);
    this.#setState("closed");
    for (const { reject } of this.#waiting.splice(0)) reject(new Refused(reason, code));
    this.#emit({ type: "closed", payload: { code, reason } });
  }

  /** Twice as long each time, at random so that not all clients come at once; after a planned restart, when the server said. */
  #nextDelay() {
    const [told] = [this.#afterMs, (this.#afterMs = null)];
    return told ?? Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** ++this.#failures);
  }

  #receive(socket, text) {
    this.#expectMore(socket);
    this.#emit({ type: "frame", payload: { direction: "in", text } });
    const message = JSON.parse(text);
    const [{ type, payload, id }, answer] = [message, this.#answers.get(message.id)];
    if (answer && payload?.code === "rate_limited" && payload.retry_after_s && type === "error") { // nothing was changed
      setTimeout(() => socket === this.#socket && this.#send(answer.type, answer.payload, id), payload.retry_after_s * 1000);
    } else if (this.#answers.delete(id)) {
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
      if (type === "gap" || type === "replayed") for (const entry of this.#replaying.shift() ?? []) entry.since = null;
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
      const all = () => [...this.#topics.values()];
      for (const entry of all().slice(fitting(all()).length)) entry.since ??= this.cursor; // which is further when their message is sent
      await this.#subscribe(all, (wanted) => this.#oldestSince(wanted));
    } catch (error) {
      if (socket !== this.#socket || error instanceof Disconnected) return; // how it was closed is about to be told
      if (error instanceof Refused && !(error.code in PASSING)) this.#finish(error.code, error.message);
      else this.#lost(socket, PASSING[error.code] ?? 1006, error.message);
    }
    if (socket !== this.#socket) return;
    this.#setState("live");
    this.#tell();
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
  #jump = (cursor) => (this.#seen.clear(), (this.cursor = cursor));
  #isNew(seq) {
    if (this.#seen.has(seq)) return false;
    if (this.#seen.add(seq).size > KEPT_SEQS) this.#seen.delete(this.#seen.values().next().value);
    return true;
  }

  #want(topic, since) {
    const entry = { request: typeof topic === "string" ? { topic } : topic, since };
    this.#unwanted.delete(entry.request.topic);
    return this.#topics.set(entry.request.topic, entry), entry;
  }

  /** Our cursor, or that of a topic whose replay had not ended. */
  #oldestSince(wanted) {
    const isOlder = (since, than) => since && epochOf(since) === epochOf(than) && seqOf(since) < seqOf(than);
    return wanted.reduce((oldest, { since }) => (isOlder(since, oldest) ? since : oldest), this.cursor);
  }

  async #subscribe(all, sinceOf, socket = this.#socket) {
    for (let wanted; (wanted = fitting(all().filter((entry) => entry.sentOver !== socket))).length; ) {
      const since = sinceOf(wanted) ?? undefined;
      for (const entry of wanted) entry.sentOver = socket;
      await this.#ask("subscribe", { topics: wanted.map(({ request }) => request), since });
      if (since) this.#replaying.push(wanted);
    }
  }

  async #whenLive() {
    if (this.state === "closed") throw new Disconnected("closed");
    if (this.state !== "live") await new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }
  #tellSoon = () => void (this.#collecting ??= setTimeout(() => this.#tell()));
  /** Bring the server's lists in step with ours. */
  #tell() {
    this.#collecting = clearTimeout(this.#collecting);
    if (this.state !== "live") return;
    const missing = (all, from) => [...all].filter((id) => !from.has(id));
    this.#tellAll("unsubscribe", "topics", [...this.#unwanted]);
    this.#tellAll("unwatch", "posts", missing(this.#told, this.#watched));
    this.#tellAll("watch", "posts", missing(this.#watched, this.#told));
    this.#unwanted.clear();
    this.#told = new Set(this.#watched);
  }
  #tellAll(type, field, all) {
    const refused = ({ code, message: detail }) => {
      if (code in PASSING) this.#lost(this.#socket, PASSING[code], detail); // the next connection is told anew
      else if (code) this.#emit({ type: "error", payload: { code, detail } });
    };
    for (let some; (some = fitting(all)).length; all = all.slice(some.length)) this.#ask(type, { [field]: some }).catch(refused);
  }

  async #ask(type, payload) {
    const id = ++this.#lastId;
    if (!this.#send(type, payload, id)) throw new Disconnected("no connection");
    return new Promise((resolve, reject) => this.#answers.set(id, { type, payload, resolve, reject }));
  }

  #send(type, payload, id) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    const text = JSON.stringify({ type, payload, id });
    this.#socket.send(text);
    return this.#emit({ type: "frame", payload: { direction: "out", text } }), true;
  }

  #setState = (state) => this.#emit({ type: "state", payload: { state: (this.state = state) } });
  #emit(event) {
    const types = event.type === "frame" || event.type === "state" ? [event.type] : [event.type, "*"];
    for (const type of types) for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}

const sizeOf = (one) => new TextEncoder().encode(JSON.stringify(one.request ?? one)).length + 1;
const fitting = (all, room = MESSAGE_BYTES) => all.slice(0, PER_MESSAGE).filter((one, at) => (room -= sizeOf(one)) > 0 || !at);
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("-");
const epochOf = (cursor) => cursor?.split(".")[0];
const seqOf = (cursor) => Number(cursor?.split(".")[1] ?? 0);
