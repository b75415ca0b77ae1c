// Handing on where something stands.
import { $, h, icon, openDialog, toast } from "./dom.js";

/** Phones have a sheet for it; elsewhere one wants the link. */
const hasSheet = () => Boolean(navigator.share) && matchMedia("(pointer: coarse)").matches;

/** A button that shares the page's address with this `hash`. */
export function shareButton(hash) {
  const words = hasSheet() ? "Share" : "Copy link";
  const share = () => (hasSheet() ? openSheet(addressOf(hash)) : copy(addressOf(hash)));
  return h("button", { type: "button", class: "share", "aria-label": words, title: words, onclick: share }, icon("share"));
}

const addressOf = (hash) => new URL(hash, location.origin).href;

async function openSheet(url) {
  try {
    await navigator.share({ url });
  } catch (error) {
    if (error.name !== "AbortError") await copy(url);
  }
}

/** Where the browser gives no access to the clipboard, as on plain HTTP, one copies by hand. */
async function copy(url) {
  try {
    await navigator.clipboard.writeText(url);
    toast("Link copied.");
  } catch {
    const field = h("input", { value: url, readonly: true, "aria-label": "Link" });
    openDialog("Copy this link", h("div", { class: "fields" }, field));
    field.select();
  }
}
