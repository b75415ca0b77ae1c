// The REST API.
import { accessToken, forget } from "./session.js";

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
  let answer = await send(method, url, body, key, signal, false);
  if (answer.status === 401 && (await codeOf(answer)) === "token_expired")
    answer = await send(method, url, body, key, signal, true);
  const data = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.ok) return data;
  if (data?.code === "session_revoked" || data?.code === "invalid_token") forget();
  throw new ApiError(answer.status, data, Number(answer.headers.get("Retry-After")) || 0);
}

export const get = (path, query, options) => api("GET", path, { query, ...options });

async function send(method, url, body, key, signal, mustBeNew) {
  const headers = { Accept: "application/json" };
  const token = await accessToken(mustBeNew);
  if (token && !url.startsWith("/api/auth/login") && !url.startsWith("/api/auth/register"))
    headers.Authorization = `Bearer ${token}`;
  if (key) headers["Idempotency-Key"] = key;
  const isForm = body instanceof FormData;
  if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
  try {
    return await fetch(url, { method, headers, signal, body: body === undefined || isForm ? body : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { detail: "The server cannot be reached." });
  }
}

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
