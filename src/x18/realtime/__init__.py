"""From a commit to the sockets: outbox, relay, broker, feed, hub, session, wire. The page ``docs/architecture.md`` has the picture."""
