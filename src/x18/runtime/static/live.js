// The reference of the live channel, made from /asyncapi.json.

import { inline, make, prose, row, section, table } from "./live-dom.js";
import { fields, nameOf } from "./live-schema.js";
import { startTrying } from "./live-try.js";

const GROUPS = [
  ["client", "Client to server"],
  ["control", "Server to client"],
  ["event", "Events"],
];

function messages(spec, group, title) {
  const found = Object.values(spec.components.messages).filter((message) => message.tags[0].name === group);
  return section(group, title, found.map((message) => messageOf(spec, message)));
}

function messageOf(spec, message) {
  const schemas = spec.components.schemas;
  const frame = schemas[nameOf(message.payload.$ref)];
  const payload = frame.properties.payload || {};
  const inner = payload.$ref ? schemas[nameOf(payload.$ref)] : payload;
  const alternatives = inner.oneOf?.map((one) => one.required?.join(", ")).filter(Boolean) || [];
  return make(
    "details",
    { id: `message-${message.name}` },
    make("summary", {}, make("b", {}, message.name), make("span", {}, inline(message.summary))),
    make(
      "div",
      {},
      make("p", { class: "hint" }, make("b", {}, "Payload. "), payload.$ref ? inline(inner.description.replace(/^Payload of [^:.]*[:.] */, "")) : ""),
      fields(inner),
      alternatives.length ? make("p", { class: "hint" }, `Exactly one of: ${alternatives.join(" · ")}.`) : null,
      make("pre", { tabindex: "0", "aria-label": `Example of ${message.name}` }, JSON.stringify(message.examples[0].payload, null, 2)),
    ),
  );
}

function addresses(spec) {
  const rows = Object.values(spec.channels).map((channel) => row(channel.address, inline(channel.description)));
  const security = Object.values(spec.components.securitySchemes).map((scheme) =>
    row(scheme.name ? `?${scheme.name}=` : "Authorization: Bearer", inline(scheme.description)),
  );
  const headers = spec.channels.live.bindings.ws.headers.properties["Sec-WebSocket-Protocol"];
  return section(
    "addresses",
    "Addresses",
    table(["Address", "What it is"], rows),
    make("h3", {}, "Tokens"),
    table(["Where", "When"], security),
    make("h3", {}, "Subprotocols"),
    make("p", {}, headers.enum.flatMap((name, place) => [place ? " or " : "", make("code", {}, name)]), `. ${headers.description}`),
  );
}

function topics(spec) {
  const rows = spec["x-topics"].map((topic) => row(topic.name, inline(topic.description), topic.needs, topic.filter ? "yes" : "no"));
  return section(
    "topics",
    "Topics and filters",
    table(["Topic", "Events", "Needs", "Filter"], rows),
    make("h3", {}, "Filter"),
    prose(spec.components.schemas.PostFilter.description),
    fields(spec.components.schemas.PostFilter),
  );
}

function closeCodes(spec) {
  const rows = spec["x-close-codes"].map((entry) =>
    row(String(entry.code), entry.name, inline(entry.description), make("span", { class: entry.reconnect ? "good" : "bad" }, entry.reconnect ? "come back" : "final")),
  );
  return section("close-codes", "Close codes", table(["Code", "Name", "Why", "Then"], rows));
}

function errorCodes(spec) {
  const rows = spec["x-error-codes"].map((entry) => row(entry.code, inline(entry.description)));
  return section("error-codes", "Codes of errors", table(["Code", "Meaning"], rows));
}

function limits(spec) {
  const rows = spec["x-limits"].map((entry) => row(entry.name, entry.value.toLocaleString("en"), inline(entry.description)));
  return section("limits", "Limits", table(["Limit", "Value", "Of what"], rows));
}

function schemas(spec) {
  const frames = new Set(Object.keys(spec.components.messages));
  const found = Object.entries(spec.components.schemas).filter(([name]) => !frames.has(name));
  const entries = found.map(([name, schema]) =>
    make(
      "details",
      { id: `schema-${name}` },
      make("summary", {}, make("b", {}, name), make("span", {}, inline(schema.description))),
      make("div", {}, fields(schema)),
    ),
  );
  return section("schemas", "Schemas", entries);
}

function contents(spec) {
  const links = [make("a", { href: "#try" }, "Try it")];
  for (const part of document.querySelectorAll("#reference > section")) {
    links.push(make("a", { href: `#${part.id}` }, part.querySelector("h2").textContent));
    if (GROUPS.some(([group]) => group === part.id))
      for (const message of Object.values(spec.components.messages))
        if (message.tags[0].name === part.id) links.push(make("a", { class: "deep", href: `#message-${message.name}` }, message.name));
  }
  document.getElementById("contents").append(...links);
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.tagName === "DETAILS") target.open = true;
  target.scrollIntoView();
}

async function start() {
  const reference = document.getElementById("reference");
  try {
    const answer = await fetch("/asyncapi.json");
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const spec = await answer.json();
    document.getElementById("version").textContent = `version ${spec.info.version}`;
    document.getElementById("about").append(...prose(spec.info.description));
    reference.replaceChildren(
      addresses(spec),
      topics(spec),
      ...GROUPS.map(([group, title]) => messages(spec, group, title)),
      closeCodes(spec),
      errorCodes(spec),
      limits(spec),
      schemas(spec),
    );
    contents(spec);
    const sent = Object.values(spec.components.messages).filter((message) => message.tags[0].name === "client");
    startTrying(spec, sent.map((message) => message.examples[0].payload));
    window.addEventListener("hashchange", openTarget);
    openTarget();
  } catch (error) {
    reference.replaceChildren(make("p", { class: "error", role: "alert" }, `The document cannot be shown: ${error.message}`));
  }
}

start();
