// Reads texts (a JSON list on stdin) with the page's own reading; what it found in each, as JSON.
import { text } from "node:stream/consumers";
import { pieces } from "../../src/x18/console/static/tokens.js";

const texts = JSON.parse(await text(process.stdin));
const found = texts.map((one) => {
  const all = [...pieces(one)];
  const values = (kind) => all.filter((piece) => piece.kind === kind).map(({ value }) => value);
  return {
    whole: all.map((piece) => piece.text ?? piece).join(""),
    hashtags: values("tag"),
    cashtags: values("symbol"),
    mentions: values("user"),
    links: values("link"),
  };
});
process.stdout.write(JSON.stringify(found));
