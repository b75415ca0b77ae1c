// A list of posts that grows at its top while one reads. Nothing that one reads moves: at the top, at the pace of a reader, new
// posts slide in; otherwise they wait behind a pill. However many come, the page holds a bounded number of them.
import { get } from "./api.js";
import { h, icon, toast } from "./dom.js";
import { card, cardsOf, discard, postOf, renamed } from "./post.js";
import { me } from "./session.js";

const [PAGE, MOST_READ] = [20, 100]; // posts of a request: usually, at most
const MOST_CARDS = 120; // with live posts; those further down are loaded again when they are wanted
const OVERLAP = 30;
const MADE_TOGETHER = 5;
const PAGED = 2.5; // times as many, where one pages
const MOST_WAITING = 60; // beyond, the newest are read over REST
const TOP_PX = 60;
const READABLE = 24; // posts in three seconds
const PAINT_EVERY_MS = 250;
const POSTS = { more: "Older posts", end: "No more posts.", first: "Newest posts" };
const REPLIES = { more: "More replies", end: "No more replies.", first: "First replies" };

const keyOf = (post) => post.id + (post.retweeted_by?.id ?? "");

export class Feed {
  #url;
  #query;
  #nothing;
  #scroller;
  #most;
  #cursor = null;
  #keys = new Set();
  #waiting = []; // the newest last
  #waitingCount = 0;
  #arrivals = [];
  #timer = 0;
  #frame = 0;
  #paintedAt = 0;
  #isStale = false;
  #isHeld = false; // nothing comes by itself
  #newest = null;
  #reading = null;
  #words;
  #older;
  #isOnce;
  #accepts;

  /** `url` lists posts, or is called with a query for them; `nothing` is what an empty list says, or makes it, `scroller` what moves if not
   * the page, `most` how many live cards are kept. `isThread`: replies, the oldest first.
   * `isOnce`: a retweet moves its post up, as home does it. `accepts` tells what of a topic is shown. */
  constructor(url, { query = {}, nothing = "Nothing here yet.", scroller = null, most = MOST_CARDS, isThread = false, isOnce = false, accepts = () => true } = {}) {
    [this.#isOnce, this.#accepts] = [isOnce, accepts];
    [this.#url, this.#query, this.#nothing, this.#scroller, this.#most] = [url, query, nothing, scroller, most];
    this.#words = isThread ? REPLIES : POSTS;
    this.list = h("div", { class: "list" });
    this.pill = h("button", { type: "button", class: "pill", onclick: () => this.reveal() });
    this.pill.hidden = true;
    this.more = h("button", { type: "button", class: "more", onclick: () => this.#loadOlder() }, this.#words.more);
    this.more.hidden = true;
    this.end = h("p", { class: "end", role: "status" });
    this.note = h("div", { class: "empty", role: "status" }, "Loading…");
    this.element = h(
      scroller ? "div" : "section", // a column is a section itself
      { class: "feed", "aria-label": scroller ? null : "Posts" },
      h("div", { class: "pillbox", role: "status" }, this.pill),
      this.list,
      this.note,
      this.end,
      this.more,
    );
    this.#older = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && this.#loadOlder(), { root: scroller, rootMargin: "600px" });
    this.#older.observe(this.more);
  }

  /** Read the newest posts. The whole answer, for what else is in it. */
  async load() {
    this.#forgetWaiting(); // the answer has them; what comes from here on may be newer
    const answer = await this.#read({ limit: PAGE }).catch((error) => {
      this.#isStale = true;
      throw error;
    });
    this.#discardAll();
    this.#newest = answer.newest_cursor;
    this.#append(answer);
    return answer;
  }

  /** Be off the page for a while. Posts made together come in any order, so the last few are asked for again. */
  pause() {
    const posts = [...this.list.children].map(postOf).filter((post) => !post.retweeted_by); // whose place is another than their id
    const newest = posts.map(({ id }) => id).sort().at(-MADE_TOGETHER);
    if (this.#newest && newest > this.#newest) this.#newest = newest;
    this.#isHeld = true;
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#timer = 0;
  }

  /** Offer what came meanwhile; nothing moves. */
  async catchUp() {
    if (this.#words === REPLIES) return this.#cursor || this.#readOn();
    if (!this.list.childElementCount) return this.load().catch(() => this.#paint());
    try {
      if ((this.#isStale ||= !this.#newest)) return; // a list of several does not tell
      const answer = await this.#read({ limit: MOST_WAITING, after: this.#newest });
      for (const post of answer.posts.reverse()) this.add(post);
      this.#newest = answer.newest_cursor ?? this.#newest;
      this.#isStale ||= answer.posts.length === MOST_WAITING;
    } catch {
      this.#isStale = true;
    } finally {
      this.#paint();
    }
  }

  /** Have so many posts, if there are so many. */
  async grow(count) {
    const wanted = Math.min(count, this.#most * PAGED);
    for (let had = -1; this.#cursor && had < this.list.childElementCount && this.list.childElementCount < wanted; ) {
      had = this.list.childElementCount;
      await this.#loadOlder(Math.min(MOST_READ, Math.max(PAGE, wanted - had)));
    }
  }

  /** A post came. `isMine`: shown at once, also where it came over the live channel before and waits. */
  add(post, isMine = false) {
    if (!this.#accepts(post) || this.#isOwnRetweetOfShown(post)) return;
    const key = keyOf(post);
    if (this.#keys.has(key)) return isMine && this.#waiting.some((one) => keyOf(one) === key) && this.reveal();
    this.#keys.add(key);
    this.#waiting.push(post);
    this.#waitingCount += 1;
    if (this.#waiting.length > MOST_WAITING) {
      this.#keys.delete(keyOf(this.#waiting.shift()));
      this.#isStale = true;
    }
    this.#arrivals = [...this.#arrivals.filter((at) => at > Date.now() - 3000), Date.now()].slice(-READABLE - 1);
    if (isMine) this.reveal();
    else this.#paintSoon();
  }

  /** A user has new names: of posts that wait too. */
  rename(user) {
    for (const post of this.#waiting) renamed(post, user);
  }

  /** A post is gone, or a retweet of it by `retweeter`. */
  remove(id, retweeter = "") {
    const had = this.#waiting.length;
    this.#waiting = this.#waiting.filter((post) => (retweeter ? keyOf(post) !== id + retweeter : post.id !== id));
    this.#waitingCount -= had - this.#waiting.length;
    for (const article of this.#cardsOf(id)) if (!retweeter || keyOf(postOf(article)) === id + retweeter) this.#drop(article);
    this.#paintSoon();
  }

  /** Posts were missed: show the newest when that moves nothing, else offer it; with `isOffer`, offer it only. */
  refresh(isOffer = false) {
    if (this.#words === REPLIES) return this.#cursor || this.#readOn();
    this.#isStale = true;
    if (!isOffer && this.#isAtTop() && !this.#isHeld) this.reveal();
    else this.#paint();
  }

  /** Show what waits, at the top. */
  async reveal() {
    this.#isHeld = false;
    (this.#scroller ?? window).scrollTo({ top: 0 });
    if (this.#isStale) await this.load().catch((error) => toast(`The newest posts are not here yet. ${error.message}`));
    else this.#prepend();
  }

  /** Take everything off the page. */
  destroy() {
    this.pause();
    this.#older.disconnect();
    this.#discardAll();
  }

  #read = (page) => (typeof this.#url === "function" ? this.#url(page) : get(this.#url, { ...this.#query, ...page }));
  #isAtTop = () => (this.#scroller?.scrollTop ?? scrollY) < TOP_PX;

  /** At the next frame, and what comes close together at once. */
  #paintSoon() {
    this.#timer ||= setTimeout(
      () => (this.#frame = requestAnimationFrame(() => this.#paint())),
      Math.max(0, this.#paintedAt + PAINT_EVERY_MS - Date.now()),
    );
  }

  #paint() {
    this.#timer = 0;
    this.#paintedAt = Date.now();
    const isSlow = this.#arrivals.length <= READABLE;
    const isFree = this.#isAtTop() && !this.#isHeld && !this.list.contains(document.activeElement);
    if (!this.#isStale && isSlow && isFree) return this.#prepend();
    const count = this.#waitingCount;
    const text = count > 999 ? "999+ new posts" : count ? `${count} new post${count > 1 ? "s" : ""}` : this.#words.first;
    this.pill.hidden = !this.#waitingCount && !this.#isStale;
    if (this.pill.textContent !== text) this.pill.replaceChildren(icon("up"), text);
  }

  /** What one retweets in home stays where one reads it. */
  #isOwnRetweetOfShown({ id, retweeted_by: by }) {
    return this.#isOnce && by && by.id === me()?.id && (this.#cardsOf(id).length > 0 || this.#waiting.some((post) => post.id === id));
  }

  #cardsOf = (id) => [...cardsOf(id)].filter((article) => this.list.contains(article));

  /** What comes again, as it was retweeted, leaves its old place. */
  #takeUp() {
    this.#waiting = [...new Map(this.#waiting.map((post) => [post.id, post])).values()];
    for (const { id } of this.#waiting) this.#cardsOf(id).forEach((article) => this.#drop(article));
    for (const post of this.#waiting) this.#keys.add(keyOf(post));
  }

  #prepend() {
    if (this.#isOnce) this.#takeUp();
    const fresh = this.#waiting.reverse().map(card);
    this.#forgetWaiting();
    if (!fresh.length) return;
    this.note.hidden = true;
    for (const article of fresh) article.classList.add("fresh");
    this.list.prepend(...fresh);
    this.#trim();
  }

  /** Let go of the oldest cards. Posts made together come in any order, so the last few are asked for again: they are known. */
  #trim() {
    if (this.list.childElementCount <= this.#most) return;
    while (this.list.childElementCount > this.#most) this.#drop(this.list.lastElementChild);
    const posts = [...this.list.children].map(postOf).filter((post) => !post.retweeted_by); // whose place is another than their id
    const ids = posts.slice(-OVERLAP).map(({ id }) => id);
    this.#cursor = ids.sort().at(-1) ?? this.#cursor;
    this.more.hidden = !this.#cursor;
  }

  #drop(article) {
    this.#keys.delete(keyOf(postOf(article)));
    discard(article);
  }

  #append({ posts, next_cursor }) {
    const fresh = posts.filter((post) => !this.#keys.has(keyOf(post)));
    for (const post of fresh) this.#keys.add(keyOf(post));
    this.list.append(...fresh.map(card));
    this.#cursor = next_cursor;
    this.more.hidden = !next_cursor;
    this.end.textContent = next_cursor || !this.list.childElementCount ? "" : this.#words.end;
    this.note.hidden = this.list.childElementCount > 0;
    if (!this.note.hidden) this.note.replaceChildren(typeof this.#nothing === "function" ? this.#nothing() : this.#nothing);
  }

  /** What comes after the end of a thread. */
  async #readOn() {
    if (!this.#newest) return this.load();
    const answer = await this.#read({ limit: PAGE, before: this.#newest }).catch(() => null); // the next reply brings it
    if (!answer || this.#cursor) return;
    this.#newest = answer.newest_cursor ?? this.#newest;
    this.#append(answer);
  }

  /** One page at a time, for whoever asks. */
  #loadOlder(limit = PAGE) {
    this.#reading ??= this.#readOlder(limit).finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #readOlder(limit) {
    const cursor = this.#cursor;
    if (!cursor) return;
    this.more.disabled = true;
    try {
      const answer = await this.#read({ limit, before: cursor });
      if (cursor !== this.#cursor) return;
      if (this.#words === REPLIES) this.#newest = answer.newest_cursor ?? this.#newest;
      this.#append(answer);
      while (this.list.childElementCount > this.#most * PAGED) {
        this.#drop(this.list.firstElementChild);
        this.#isStale = true;
      }
      if (this.#isStale) this.#paint();
      this.#older.unobserve(this.more); // it tells of changes only: the button may be in view still
      this.#older.observe(this.more);
    } catch (error) {
      this.end.textContent = `There is more. ${error.message}`; // and is asked for again by hand
    } finally {
      this.more.disabled = false;
    }
  }

  #forgetWaiting() {
    this.#waiting = [];
    this.#waitingCount = 0;
    this.#arrivals = this.#arrivals.slice(-READABLE);
    this.#isStale = false;
    this.pill.hidden = true;
  }

  #discardAll() {
    for (const article of [...this.list.children]) discard(article);
    this.#keys = new Set(this.#waiting.map(keyOf));
  }
}
