// A program on live.js: tells on stdout what it hears, does what it is told on stdin; a line of JSON each.
import { createInterface } from "node:readline";
import { Live } from "../../src/x18/console/static/live.js";

const [url, topics, options] = JSON.parse(process.argv[2]);
const tell = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const tokens = options.tokens && [...options.tokens];
const token = async (mustBeNew) => {
  tell({ type: "asked for a token", payload: { mustBeNew } });
  return tokens.length > 1 ? tokens.shift() : tokens[0];
};
// A page as far as live.js listens to one: the command "happen" lets something happen to it.
const page = new EventTarget();
const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
Object.assign(globalThis, {
  document,
  addEventListener: page.addEventListener.bind(page),
  removeEventListener: page.removeEventListener.bind(page),
});
const happen = (type, visibilityState = "visible") => {
  document.visibilityState = visibilityState;
  (type === "visibilitychange" ? document : page).dispatchEvent(new Event(type));
};

const live = new Live(url, topics, { since: options.since, token: tokens && token });
live.on("state", tell);

createInterface({ input: process.stdin }).on("line", async (line) => {
  const [name, ...args] = JSON.parse(line);
  try {
    tell({ type: "done", name, payload: (await (name === "happen" ? happen(...args) : live[name](...args))) ?? null });
  } catch (error) {
    tell({ type: "failed", name, payload: { code: error.code, detail: error.message } });
  }
});

try {
  for await (const event of live) tell(event);
  process.exit(0);
} catch (error) {
  tell({ type: "refused", payload: { code: error.code, detail: error.message } });
  process.exit(1);
}
