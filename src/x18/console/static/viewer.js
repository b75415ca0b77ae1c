// Pictures and videos one at a time, as large as the window: arrow keys, buttons and swipes lead through them.
import { $, h, icon, openDialog } from "./dom.js";
import { video } from "./media.js";

const SWIPE_PX = 50;

/** A dialog with the files of a post, or of a page of them, beginning with number `at`. `link(file)` may give a link to show with it. */
export function openViewer(files, at, link = () => null) {
  const stage = h("figure", { class: "stage" });
  const step = (by) => show((at + by + files.length) % files.length);
  const arrow = (by, words, drawing) =>
    h("button", { type: "button", class: `round ${drawing}`, "aria-label": words, onclick: () => step(by) }, icon(drawing));
  const arrows = files.length > 1 ? [arrow(-1, "Previous", "left"), arrow(1, "Next", "right")] : [];
  const dialog = openDialog("Pictures and videos", stage, ...arrows);
  const heading = $("h2", dialog);
  heading.setAttribute("aria-live", "polite");
  dialog.classList.add("viewer");
  dialog.addEventListener("keydown", (event) => {
    if (event.target.closest("video")) return; // which has these keys itself
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  dialog.addEventListener("click", ({ target }) => target === stage && dialog.close());
  followSwipes(stage, step);
  addEventListener("hashchange", () => dialog.close(), { once: true });
  show(at);

  function show(number) {
    at = number;
    const file = files[at];
    const words = file.alt_text && h("span", { dir: "auto" }, file.alt_text);
    const view =
      file.type === "video"
        ? video(file)
        : h("img", { src: file.url, alt: file.alt_text || "Picture without a description", width: file.width, height: file.height });
    const whole = h("a", { href: file.url, target: "_blank", rel: "noopener" }, "Open the file");
    stage.replaceChildren(view, h("figcaption", {}, words, link(file), whole));
    const kind = file.type === "video" ? "Video" : "Picture";
    heading.textContent = files.length > 1 ? `${kind}, ${at + 1} of ${files.length}` : kind;
  }
}

/** One finger moves on, unless the page is enlarged: then it moves the picture. */
function followSwipes(stage, step) {
  let from = null;
  stage.addEventListener("touchstart", ({ touches }) => {
    from = touches.length === 1 && (visualViewport?.scale ?? 1) < 1.05 ? touches[0] : null;
  });
  stage.addEventListener("touchend", ({ changedTouches: [to] }) => {
    if (!from) return;
    const [x, y] = [to.clientX - from.clientX, to.clientY - from.clientY];
    if (Math.abs(x) > SWIPE_PX && Math.abs(x) > 2 * Math.abs(y)) step(x < 0 ? 1 : -1);
    from = null;
  });
}
