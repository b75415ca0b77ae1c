// Elements without markup in strings: everything from the document goes in as text.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

// Text with `code` and paragraphs, as the descriptions have it.
export function prose(text, tag = "p") {
  return text.split(/\n\s*\n/).map((paragraph) => make(tag, {}, inline(paragraph.replace(/\s+/g, " "))));
}

export function inline(text = "") {
  return text.split(/(`[^`]+`)/).map((part) =>
    part.startsWith("`") && part.length > 2 ? make("code", {}, part.slice(1, -1)) : part,
  );
}

export function table(heads, rows) {
  const head = make("tr", {}, heads.map((text) => make("th", { scope: "col" }, text)));
  return make("div", { class: "scroll" }, make("table", {}, make("thead", {}, head), make("tbody", {}, rows)));
}

export function row(...cells) {
  return make("tr", {}, cells.map((cell, place) => make("td", place === 0 ? { class: "name" } : {}, cell)));
}

export function section(id, title, ...children) {
  return make("section", { id, "aria-labelledby": `${id}-title` }, make("h2", { id: `${id}-title` }, title), ...children);
}
