"""The console: a web page that speaks the public API and the live channel only.

``static/`` is served as it is, without a build. ``live.js`` in it is the client of the live channel to copy. Imports nothing of the
server but ``core``.
"""
