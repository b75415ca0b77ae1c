"""Close codes, and codes of ``error``, with their meaning to a client."""

from typing import Final

from x18.realtime.protocol.limits import MAX_ERRORS, MAX_MESSAGE_BYTES, MAX_QUEUED_FRAMES, CloseCode

CLOSE_MEANINGS: Final[dict[CloseCode, str]] = {
    CloseCode.GOING_AWAY: "A proxy or the browser is going away; the server itself uses 1012.",
    CloseCode.UNSUPPORTED_DATA: "A binary frame on a JSON connection or a text frame on a MessagePack one.",
    CloseCode.INVALID_UTF8: "A text frame that is not UTF-8.",
    CloseCode.TOO_BIG: f"A message of more than {MAX_MESSAGE_BYTES // 1024} KiB.",
    CloseCode.RESTART: "The server restarts; another one may take over at once.",
    CloseCode.OVERLOADED: "The server cannot serve the connection now.",
    CloseCode.TOKEN_EXPIRED: "The access token has expired: refresh it first.",
    CloseCode.HEARTBEAT_MISSED: "No answer to the server's pings: the connection to the client was broken.",
    CloseCode.SLOW_CONSUMER: f"The client read too slowly: more than {MAX_QUEUED_FRAMES:,} frames or 1 MiB waited.",
    CloseCode.RATE_LIMITED: "Too many messages; wait before coming back.",
    CloseCode.BAD_MESSAGES: f"{MAX_ERRORS} messages were answered with an error, or a fragmented message was not finished within 10 s.",
    CloseCode.NOT_AUTHENTICATED: "No valid token, or none in time.",
    CloseCode.REVOKED: "The session was logged out, or the account disabled.",
    CloseCode.TOO_MANY_CONNECTIONS: "Too many connections of this user or from this address.",
}

ERROR_CODES: Final = {
    "bad_message": "Not a valid message: not JSON, an unknown type, or a payload of the wrong shape.",
    "bad_input": "A value that is not accepted.",
    "unknown_topic": "No topic has this name.",
    "bad_filter": "A filter with an unknown key or a bad value, or on the topic `test`.",
    "too_many_users": "More users than the topics of many users of a connection may name.",
    "filters_too_large": "The filters of the connection would have too many values or bytes together.",
    "too_many_topics": "More topics than a connection may have.",
    "too_many_posts": "More posts than a connection may watch.",
    "bad_call": "A call to something that is not a REST endpoint under `/api`, or with a body that JSON cannot represent.",
    "too_many_calls": "Too many calls are waiting for their result: wait for one.",
    "too_large": "The answer to the call is longer than 1 MiB.",
    "not_authenticated": "The topic needs an account: send `auth` first.",
    "invalid_token": "The token is not valid; the connection is closed.",
    "token_expired": "The token has expired; the connection is closed.",
    "session_revoked": "The session was logged out; the connection is closed.",
    "ticket_used": "The ticket has already been used; the connection is closed.",
    "too_many_connections": "The user or the address has too many; the connection is closed.",
    "different_user": "The connection belongs to another user: open a new one.",
    "rate_limited": "Too many messages: wait `retry_after_s`.",
    "unavailable": "A part of the server is down or too busy: send the message again later.",
    "internal_error": "An error of the server.",
}
"""Stable. A client treats one that it does not know like ``bad_input``."""
