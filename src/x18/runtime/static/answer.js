// An answer, shown as text whatever it is.
import { h } from "/console/{console}/dom.js";

const MOST = 200_000; // characters

/** Show status, time, headers and body. `say` is told of it in a sentence. A stream is shown as it comes. */
export async function show(place, answer, took, say) {
  const type = (answer.headers.get("Content-Type") ?? "").split(";")[0];
  const status = `${answer.status} ${answer.statusText}`.trim();
  const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  const body = h("pre", { tabindex: "0", role: "group", "aria-label": "Body of the answer" });
  place.replaceChildren(
    h("p", {}, h("b", { class: answer.ok ? "good" : "bad" }, status), ` after ${Math.round(took)} ms`),
    h("details", { class: "example" }, h("summary", {}, "Headers"), h("pre", { tabindex: "0", role: "group", "aria-label": "Headers of the answer" }, headers)),
    body,
  );
  place.hidden = false;
  say(type === "text/event-stream" ? `${status}. Events are shown as they come.` : `${status}.`);
  body.textContent = isText(type) ? await read(answer, type, body) : await measure(answer, type);
}

const isText = (type) => type === "" || type.startsWith("text/") || type.endsWith("json");

async function read(answer, type, body) {
  let text = "";
  if (!answer.body) return "(empty)";
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
    if (type === "text/event-stream") body.textContent = text;
    if (text.length < MOST) continue;
    await reader.cancel();
    return `${text.slice(0, MOST)}\n… cut after ${MOST.toLocaleString("en")} characters`;
  }
  return pretty(text, type) || "(empty)";
}

function pretty(text, type) {
  if (!type.endsWith("json")) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function measure(answer, type) {
  const { size } = await answer.blob();
  return `${size.toLocaleString("en")} bytes of ${type}, which are not shown.`;
}
