// Who is logged in. The tokens are kept in localStorage, so that one stays logged in and all tabs are one session; scripts of
// strangers, who could read them there, are held off: the policy allows this server's files only, and no text becomes markup.

const KEY = "x18.session";
const MARGIN_MS = 20_000; // so long before its end a token is renewed
const LONGEST_RENEWAL_MS = 15_000; // a server that says nothing must not hold the other tabs
const OTHER_TAB_MS = 1_500; // in which what another tab has written is here
const listeners = new Set();
let session = null;
session = read();

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return kept?.access ? kept : null;
  } catch {
    return session; // a browser that keeps nothing
  }
}

/** What is kept, here and for the other tabs. `why` there is nobody any more: "out", or "ended" by the server. */
function write(value, why) {
  try {
    if (value || why === "ended") localStorage.setItem(KEY, JSON.stringify(value ?? { ended: true }));
    else localStorage.removeItem(KEY);
  } catch {
    // a browser that keeps nothing: one is logged in until the page is left
  }
  become(value, why);
}

function become(value, why) {
  const changed = value?.user.id !== session?.user.id;
  session = value;
  if (changed) for (const listener of listeners) listener(value?.user ?? null, why);
}

// Another tab logged in, out, or renewed the tokens.
addEventListener("storage", ({ key, newValue }) => {
  if (key === KEY || key === null) become(read(), newValue?.includes('"ended"') && !read() ? "ended" : "elsewhere");
});

export const me = () => session?.user ?? null;

/** Hear of another user than before: `listener(user, why)`, where `why` is "out", "ended", "elsewhere" (another tab) or nothing. */
export const onChange = (listener) => listeners.add(listener);

/** Keep what the server says of the own account. */
export function updateMe(user) {
  write({ ...session, user: { ...session.user, ...user } });
  document.dispatchEvent(new Event("me"));
}

/** Keep the answer of register, login or refresh. */
export function keep({ user, access_token, refresh_token, expires_in }) {
  write({ user, access: access_token, refresh: refresh_token, until: Date.now() + expires_in * 1000 });
}

/** The server refused this token: its session is over, unless another tab has a newer one. */
export function end(token) {
  const now = read();
  if (now && now.access !== token) become(now, "elsewhere");
  else if (session) write(null, "ended");
}

/** Log out here and in the other tabs, whatever the server says. Whether it heard of it. */
export async function logOut() {
  try {
    const headers = { Authorization: `Bearer ${await accessToken()}` };
    const answer = await fetch("/api/auth/logout", { method: "POST", headers, signal: AbortSignal.timeout(LONGEST_RENEWAL_MS) });
    return answer.ok || answer.status === 401;
  } catch {
    return false;
  } finally {
    write(null, "out");
  }
}

/** One at a time over all tabs: a refresh token is good for one use. Without a secure context there are no locks. */
const exclusively = (work) => (navigator.locks ? navigator.locks.request("x18.refresh", work) : work());

const isGood = ({ access, until }, stale) => access !== stale && until - Date.now() > MARGIN_MS;

/** An access token other than `stale`, which has expired; null without an account, or when the session has ended. */
export async function accessToken(stale = null) {
  if (!session) return null;
  if (isGood(session, stale)) return session.access;
  const { id } = session.user;
  await exclusively(async () => {
    become(read(), "elsewhere"); // another tab may have been faster
    if (session && !isGood(session, stale)) await refresh(session);
  });
  if (session && session.user.id !== id) throw new Error("Somebody else has logged in meanwhile: nothing was sent.");
  return session?.access ?? null;
}

/** Whatever comes of it is compared with what was sent: meanwhile another tab may have renewed the tokens, logged out or in. */
async function refresh(sent) {
  const answer = await fetch("/api/auth/refresh", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ refresh_token: sent.refresh }),
    signal: AbortSignal.timeout(LONGEST_RENEWAL_MS),
  });
  const body = await answer.json().catch(() => null);
  if (answer.status === 401) await waitForOther(sent);
  else if (!answer.ok) throw new Error(body?.detail ?? `The server answered ${answer.status}.`);
  const now = read();
  if (now?.refresh !== sent.refresh) become(now, "elsewhere");
  else if (answer.ok) keep(body);
  else write(null, "ended");
}

/** What another tab has just written may not be readable here yet. */
async function waitForOther(sent) {
  if (read()?.refresh !== sent.refresh) return;
  await new Promise((resolve) => {
    const timer = setTimeout(done, OTHER_TAB_MS);
    addEventListener("storage", done);
    function done({ key } = {}) {
      if (key && key !== KEY) return;
      clearTimeout(timer);
      removeEventListener("storage", done);
      resolve();
    }
  });
}
