// Who is logged in. The tokens are kept in localStorage, so that one stays logged in and all tabs are one session; scripts of
// strangers, who could read them there, are held off: the policy allows this server's files only, and no text becomes markup.

const KEY = "x18.session";
const listeners = new Set();
let session = read();

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function write(value) {
  const changed = value?.user.id !== session?.user.id;
  session = value;
  if (value) localStorage.setItem(KEY, JSON.stringify(value));
  else localStorage.removeItem(KEY);
  if (changed) for (const listener of listeners) listener(value?.user ?? null);
}

// Another tab logged in, out, or renewed the tokens.
addEventListener("storage", ({ key }) => {
  if (key !== KEY && key !== null) return;
  const changed = read()?.user.id !== session?.user.id;
  session = read();
  if (changed) for (const listener of listeners) listener(session?.user ?? null);
});

export const me = () => session?.user ?? null;
export const onChange = (listener) => listeners.add(listener);
export const forget = () => write(null);

/** Keep what the server says of the own account. */
export function updateMe(user) {
  write({ ...session, user: { ...session.user, ...user } });
  document.dispatchEvent(new Event("me"));
}

/** Keep the answer of register, login or refresh. */
export function keep({ user, access_token, refresh_token, expires_in }) {
  write({ user, access: access_token, refresh: refresh_token, until: Date.now() + expires_in * 1000 });
}

/** One at a time over all tabs: a refresh token is good for one use. Without a secure context there are no locks. */
const exclusively = (work) => (navigator.locks ? navigator.locks.request("x18.refresh", work) : work());

/** An access token, or null without an account. Throws what `refuse` makes when the session has ended. */
export async function accessToken(mustBeNew = false) {
  if (!session) return null;
  const old = session.access;
  if (!mustBeNew && session.until - Date.now() > 20_000) return old;
  await exclusively(async () => {
    session = read();
    if (session && session.access === old) await refresh();
  });
  return session?.access ?? null;
}

async function refresh() {
  const body = JSON.stringify({ refresh_token: session.refresh });
  const answer = await fetch("/api/auth/refresh", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const other = read();
  if (answer.ok) keep(await answer.json());
  else if (other && other.refresh !== session.refresh)
    session = other; // another tab was faster
  else if (answer.status === 401) write(null);
  else throw new Error(`The server answered ${answer.status}.`);
}
