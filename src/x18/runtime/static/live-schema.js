// JSON Schema as people read it.

import { inline, make, table } from "./live-dom.js";

export const nameOf = (reference) => reference.split("/").pop();

export function typeOf(schema) {
  if (schema.$ref) return [make("a", { href: `#schema-${nameOf(schema.$ref)}` }, nameOf(schema.$ref))];
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(" | ")];
  const choices = schema.anyOf || (schema.oneOf && !schema.properties ? schema.oneOf : null);
  if (choices) return choices.flatMap((choice, place) => (place ? [" | ", ...typeOf(choice)] : typeOf(choice)));
  if (schema.type === "array") return [...typeOf(schema.items || {}), "[]"];
  if (schema.type === "object" && typeof schema.additionalProperties === "object")
    return ["{name: ", ...typeOf(schema.additionalProperties), "}"];
  return [schema.format || schema.type || "anything"];
}

function boundsOf(schema) {
  const told = [];
  const add = (name, text) => schema[name] !== undefined && told.push(`${text} ${schema[name]}`);
  add("minLength", "at least");
  add("maxLength", "characters at most");
  add("maxItems", "items at most");
  add("minimum", "≥");
  add("maximum", "≤");
  if (schema.default !== undefined && schema.default !== null) told.push(`default ${JSON.stringify(schema.default)}`);
  return told.join(", ");
}

export function fields(schema) {
  const needed = new Set(schema.required || []);
  const rows = Object.entries(schema.properties || {}).map(([name, property]) =>
    make(
      "tr",
      {},
      make("td", { class: "name" }, name, needed.has(name) ? "" : make("span", { class: "hint" }, " (optional)")),
      make("td", { class: "type" }, typeOf(property)),
      make("td", {}, inline(property.description), boundsOf(property) && make("div", { class: "hint" }, boundsOf(property))),
    ),
  );
  return rows.length ? table(["Field", "Type", "Meaning"], rows) : make("p", { class: "hint" }, typeOf(schema));
}
