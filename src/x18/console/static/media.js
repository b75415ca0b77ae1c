// The pictures and videos of a post.
import { h } from "./dom.js";
import { meanColour } from "./format.js";
import { openViewer } from "./viewer.js";

const THUMBNAIL_PX = 400; // its longer side
const COLUMN_PX = 528;

/** All of them side by side; a press on a picture opens it. */
export function gallery(files) {
  return h("div", { class: "media", data: { count: files.length } }, files.map((file) => (file.type === "video" ? video(file) : picture(file))));

  function picture(file) {
    return opening(file, () => openViewer(files, files.indexOf(file)), image(file, files.length === 1));
  }
}

/** One of many on a page; `open` shows it. */
export function tile(file, open) {
  const words = file.alt_text || (file.type === "video" ? "Video without a description" : "Picture without a description");
  if (file.type !== "video" || file.thumbnail_url) return opening(file, open, image({ ...file, alt_text: words }, false));
  return opening(file, open, h("span", { class: "film" }, words));
}

/** A link to the file, so that it can be opened elsewhere too; a plain press shows it here. */
function opening(file, open, view) {
  const show = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  };
  return h("a", { href: file.url, target: "_blank", rel: "noopener", onclick: show }, view);
}

/** Pictures that share the column are thumbnails; one that has it for itself is sharp, and moves if it is a GIF. */
function image(file, isAlone) {
  const element = h("img", {
    src: file.thumbnail_url ?? file.url,
    srcset: isAlone && file.thumbnail_url && srcset(file),
    sizes: isAlone && `(max-width: 700px) calc(100vw - 90px), ${COLUMN_PX}px`,
    alt: file.alt_text || "Picture without a description",
    loading: "lazy",
    width: file.width,
    height: file.height,
  });
  element.style.backgroundColor = meanColour(file.blurhash);
  return element;
}

function srcset({ url, thumbnail_url: thumbnail, width, height }) {
  const narrow = Math.round(Math.min(1, THUMBNAIL_PX / Math.max(width, height)) * width);
  return `${thumbnail} ${narrow}w, ${url} ${width}w`;
}

export const video = (file) =>
  h("video", {
    src: file.url,
    controls: true,
    preload: "metadata",
    poster: file.thumbnail_url,
    "aria-label": file.alt_text || "Video",
    width: file.width,
    height: file.height,
  });
