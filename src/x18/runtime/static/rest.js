// The boxes of /docs: what is filled in becomes a request to this server, or a line for curl.
import { $ } from "/console/{console}/dom.js";
import { show } from "./answer.js";
import { currentToken, onWho, sendsToken } from "./page.js";
import { curlOf, requestOf } from "./request.js";

const running = new WeakMap();

function paintCurl(form) {
  $(".curl", form).textContent = curlOf(requestOf(form), sendsToken());
}

async function send(form) {
  const stop = new AbortController();
  running.set(form, stop);
  const button = $("button[type=submit]", form);
  button.textContent = "Stop";
  say(form, "Waiting for the answer…");
  try {
    const { method, url, headers, body } = requestOf(form);
    const token = await currentToken();
    if (token) headers.Authorization = `Bearer ${token}`;
    const start = performance.now();
    // Neither a value nor a redirect leads anywhere else with the token; the policy of the page forbids it as well.
    if (new URL(url).origin !== location.origin) throw new Error("This box asks this server only.");
    const answer = await fetch(url, { method, headers, body, redirect: "error", cache: "no-store", signal: stop.signal });
    await show($(".answer", form), answer, performance.now() - start, (text) => say(form, text));
  } catch (error) {
    say(form, error.name === "AbortError" ? "Stopped." : `No answer: ${error.message}`);
  } finally {
    running.delete(form);
    button.textContent = `Send ${form.dataset.method}`;
  }
}

const say = (form, text) => {
  $(".said", form).textContent = text;
};

async function copy(form) {
  const line = $(".curl", form);
  try {
    await navigator.clipboard.writeText(line.textContent);
    say(form, sendsToken() ? "Copied. Put a token into $TOKEN." : "Copied.");
  } catch {
    getSelection().selectAllChildren(line); // without a secure context or leave
    say(form, "Selected: copy it with Ctrl C.");
  }
}

for (const form of document.querySelectorAll("form.try")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (running.has(form)) running.get(form).abort();
    else send(form);
  });
  form.addEventListener("input", () => paintCurl(form));
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  $(".copy", form).addEventListener("click", () => copy(form));
  form.closest("details").addEventListener("toggle", () => paintCurl(form));
  if (form.closest("details").open) paintCurl(form);
}
onWho(() => {
  for (const form of document.querySelectorAll("details[open] form.try")) paintCurl(form);
});
