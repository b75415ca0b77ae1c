/** Types of live.js: put it beside that file, and editors and TypeScript find it. What the messages mean: docs/protocol.md. */

export type Filter = {
  category?: string[]; market?: string[]; symbol?: string[]; tag?: string[]; author?: string[]; has_media?: boolean;
};
export type Topic = string | { topic: string; filter?: Filter };
export type Counts = { likes_count: number; retweets_count: number; replies_count: number; bookmarks_count: number };
export type State = "idle" | "connecting" | "live" | "waiting" | "closed";
type Json = Record<string, any>;

/** What an event of each type carries. */
export type Payloads = {
  /** The post as `GET /api/posts/{id}` shows it to everybody. */
  post: Json;
  "post.deleted": { id: string };
  retweet: { post: Json; retweeted_by: Json; retweeted_at: string };
  "retweet.deleted": { id: string; retweeted_by: string };
  notification: Json & { unread_count: number };
  "notification.read": { id?: string; all?: true; unread_count: number };
  /** What was undone is done again: it was told before. */
  "notification.restored": Json & { unread_count: number };
  "notification.deleted": { id?: string; post_id?: string; unread_count: number };
  /** The user as `GET /api/users/{id}` shows it to everybody, after a change. */
  "user.updated": Json;
  /** Absolute values of watched posts. */
  counts: { posts: Record<string, Counts> };
  test: { number: number; sent_at: number };
  /** Read `backfill` over REST; what comes next continues at `cursor`. */
  gap: { reason: string; cursor: string; backfill: string[] };
  /** All that was missed on topics subscribed with a cursor was sent. */
  replayed: { cursor: string; events: number };
  error: { code: string; detail: string; retry_after_s?: number };
  connected: { connection_id: string; user_id: string | null; cursor: string; epoch: string; limits: Json; heartbeat_s: number };
  /** The connection broke, or was left after an error that passes: the next one subscribes from the same cursor. */
  disconnected: { code: number; reason: string; again_in_s: number };
  /** The server does not want this connection, or `close()` was called (code 1000). */
  closed: { code: number | string; reason: string };
};

/** Told to those who listen for them by name. */
export type Inner = { state: { state: State }; frame: { direction: "in" | "out"; text: string } };
type Any = Payloads & Inner;

/** `cursor`, on durable events, may be stored and given as `since`. */
export type LiveEvent<K extends keyof Any = keyof Payloads> = {
  [T in K]: { type: T; payload: Any[T]; topics?: string[]; cursor?: string };
}[K];

/**
 * Gives an access token; null connects without an account. `mustBeNew`: the last one has expired, or is about to. When it throws
 * `Refused` the connection is closed for good, when it throws anything else it is tried again.
 */
export type TokenSource = (mustBeNew: boolean) => Promise<string | null>;

/** The server does not want this; trying again in the same way is of no use. `code` is its stable code or a close code. */
export class Refused extends Error {
  constructor(detail: string, code: number | string);
  code: number | string;
}

/** The connection broke before the answer came. */
export class Disconnected extends Error {}

export class Live implements AsyncIterable<LiveEvent> {
  /** `url` is the server's address, http or https. `since` continues at a cursor that was stored. */
  constructor(url: string, topics?: Topic[], options?: { token?: TokenSource; since?: string | null });
  readonly state: State;
  /** Where the stream stands. */
  readonly cursor: string | null;

  /** Connect and stay connected; iterating does so by itself. */
  open(): void;
  /** Go away for good. */
  close(): void;
  /** Cut the connection as a broken network would: it comes back by itself. */
  drop(): void;
  /** Hear of events of a type, or of all (`"*"`) but `state` and `frame`. Gives what ends it. */
  on(type: "*", listener: (event: LiveEvent) => void): () => void;
  on<K extends keyof Any>(type: K, listener: (event: LiveEvent<K>) => void): () => void;
  /**
   * Add topics, or change their filters. With `since`, what came after that cursor is sent first. Rejected with `Refused` for a
   * topic that cannot be had, which is then forgotten. Without a connection, fulfilled when there is one again.
   */
  subscribe(topics: Topic[], options?: { since?: string | null }): Promise<void>;
  unsubscribe(names: string[]): void;
  /** Keep the counters of these posts in step; they come as `counts`. */
  watch(posts: string[]): void;
  unwatch(posts: string[]): void;
  /**
   * Any REST endpoint over this connection. When the connection breaks before the answer it is asked again on the next one, with the
   * same idempotency key, one of its own unless you give one: what was done is not done twice.
   */
  call(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string,
    options?: { query?: Json; body?: any; idempotency_key?: string },
  ): Promise<{ status: number; headers: Record<string, string>; body: any }>;
  /** The time to the server and back, in milliseconds. */
  ping(): Promise<number>;
  /** Events, for ever; ends after `close()`, throws `Refused` when the server closes for good. Leaving the loop closes. */
  [Symbol.asyncIterator](): AsyncIterableIterator<LiveEvent>;
}
