// What is wrong with how the page is laid out: texts that lie over one another, stick out of their part of the page, or make it too wide.
() => {
  const FRAME = "#side nav, #account, .logo, .bar, #aside";
  const found = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`the page is ${wide} px wide`);

  const isUnseen = (element, root) => {
    for (let one = element; one && one !== root.parentElement; one = one.parentElement)
      if (getComputedStyle(one).clipPath !== "none" || one.matches("select, option, .skip")) return true;
    return !element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };

  const clipped = (rect, element, root) => {
    let { left, right, top, bottom } = rect;
    for (let one = element; one && one !== root; one = one.parentElement) {
      if (getComputedStyle(one).overflowX === "visible") continue;
      const box = one.getBoundingClientRect();
      [left, right, top, bottom] = [Math.max(left, box.left), Math.min(right, box.right), Math.max(top, box.top), Math.min(bottom, box.bottom)];
    }
    return { left, right, top, bottom };
  };

  function* textsOf(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.data.trim() || isUnseen(element, root)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) {
        const { left, right, top, bottom } = clipped(rect, element, root);
        if (right - left > 1 && bottom - top > 1) yield { node, text: node.data.trim().slice(0, 30), left, right, top, bottom };
      }
    }
  }

  for (const selector of document.querySelector("dialog[open]") ? ["dialog[open]"] : [FRAME, "#page"]) {
    const texts = [];
    for (const root of document.querySelectorAll(selector)) {
      const box = root.getBoundingClientRect();
      for (const one of textsOf(root)) {
        texts.push(one);
        if (one.right > Math.min(box.right, innerWidth) + 1 || one.left < box.left - 1) found.push(`"${one.text}" sticks out of ${root.id || root.className || root.tagName}`);
      }
    }
    texts.forEach((one, at) => {
      for (const other of texts.slice(at + 1)) {
        const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        if (one.node !== other.node && across > 2 && down > 4) found.push(`"${one.text}" lies over "${other.text}"`);
      }
    });
  }
  return found;
}
