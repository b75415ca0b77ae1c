// Node's ws, as its README shows a broadcast. Events come as lines on standard input; prints the port.
const readline = require("readline");
const WebSocket = require(process.argv[2]);

const server = new WebSocket.Server({ host: "127.0.0.1", port: 0, backlog: 2048 });
server.on("connection", (socket) => socket.on("error", () => {}));
server.on("listening", () => console.log(server.address().port));

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const data = Buffer.from(line);
  for (const client of server.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(data, { binary: false });
  }
}).on("close", () => process.exit(0));
