// Long texts are cut, and open in place.
import { h } from "./dom.js";

const MIN_LETTERS = 200; // what is shorter has no 15 lines, however narrow the column, unless it has as many breaks
const MOST_LINES = 14;

// Told after the layout and before the paint, so that the button is there at once.
const fits = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const button = target.nextElementSibling;
    if (!target.isConnected) continue; // off the page all has the size 0; it comes back as it was, or Back would not lead to the same place
    if (button.getAttribute("aria-expanded") === "false") button.hidden = target.scrollHeight <= target.clientHeight + 1;
  }
});

/** The text, and where it may be cut a button that shows the rest. */
export function clamped(text) {
  const words = text.textContent;
  if (words.length < MIN_LETTERS && words.split("\n").length <= MOST_LINES) return [text];
  const button = h("button", { type: "button", class: "unfold", "aria-expanded": "false", onclick: toggle }, "Show more");
  button.hidden = true;
  text.classList.add("clamped");
  fits.observe(text);
  return [text, button];

  function toggle() {
    const isOpen = text.classList.toggle("clamped");
    button.setAttribute("aria-expanded", !isOpen);
    button.textContent = isOpen ? "Show more" : "Show less";
  }
}
