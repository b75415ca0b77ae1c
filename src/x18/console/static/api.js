// The REST API.
import { accessToken, end } from "./session.js";

export class ApiError extends Error {
  constructor(status, problem, retryAfterS) {
    super(problem?.detail ?? `The server answered ${status}.`);
    this.status = status;
    this.code = problem?.code;
    this.fields = Object.fromEntries((problem?.errors ?? []).map(({ field, message }) => [field, message]));
    this.retryAfterS = retryAfterS;
  }
}

/** The body of the answer. `query` values that are null are left out, lists repeat the name. */
export async function api(method, path, { query, body, key, signal } = {}) {
  const url = query ? `${path}?${encode(query)}` : path;
  let [answer, token] = await send(method, url, body, key, signal);
  if (answer.status === 401 && (await codeOf(answer)) === "token_expired")
    [answer, token] = await send(method, url, body, key, signal, token);
  const data = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.ok) return data;
  if (data?.code === "session_revoked" || data?.code === "invalid_token") end(token);
  throw new ApiError(answer.status, data, Number(answer.headers.get("Retry-After")) || 0);
}

export const get = (path, query, options) => api("GET", path, { query, ...options });

/** The answer, and the token that was sent: another one than `stale`, which has expired. */
async function send(method, url, body, key, signal, stale) {
  const headers = { Accept: "application/json" };
  if (key) headers["Idempotency-Key"] = key;
  const isForm = body instanceof FormData;
  if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
  try {
    const token = isLogIn(url) ? null : await accessToken(stale);
    if (token) headers.Authorization = `Bearer ${token}`;
    const text = body === undefined || isForm ? body : JSON.stringify(body);
    return [await fetch(url, { method, headers, signal, body: text }), token];
  } catch (error) {
    if (error instanceof TypeError || error.name === "TimeoutError")
      throw new ApiError(0, { detail: "The server cannot be reached." });
    throw error;
  }
}

const isLogIn = (url) => url === "/api/auth/login" || url === "/api/auth/register";

const codeOf = async (answer) =>
  (
    await answer
      .clone()
      .json()
      .catch(() => null)
  )?.code;

function encode(query) {
  const pairs = Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  return new URLSearchParams(pairs.filter(([, value]) => value !== null && value !== undefined));
}
