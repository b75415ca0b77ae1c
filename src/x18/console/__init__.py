"""The console: a web page that speaks the public API and the live channel only.

``static/`` is served without a build: only comments and indentation are left out, but for ``live.js``, the client of the live channel to
copy. Imports nothing of the server but ``core``.
"""
