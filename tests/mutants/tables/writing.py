"""Transactions, what follows their commits, and the numbers of events."""

from typing import Final

from tests.mutants.mutant import Mutant

WRITING: Final = [
    Mutant(
        "whom a post tells is told in its transaction",
        "posts/actions.py",
        "        await _tell(mentioned, parent, author_id, post_id)\n",
        "    await _tell(mentioned, parent, author_id, post_id)\n",
        ("realtime/test_outbox.py",),
    ),
    Mutant(
        "a deletion and its event are one transaction",
        "posts/actions.py",
        "        await outbox.append(EventKind.POST_DELETED, viewer_id, post_id)\n",
        "    await outbox.append(EventKind.POST_DELETED, viewer_id, post_id)\n",
        ("realtime/test_outbox.py",),
    ),
    Mutant(
        "a follow and its event are one transaction",
        "users/actions.py",
        "        await outbox.append(EventKind.FOLLOW, follower_id, followee_id)\n",
        "    await outbox.append(EventKind.FOLLOW, follower_id, followee_id)\n",
        ("realtime/test_outbox.py",),
    ),
    Mutant(
        "a log-out and its event are one transaction",
        "auth/sessions.py",
        "        await outbox.append(EventKind.SESSION_REVOKED, user_id, session_id or user_id, recipient_id=user_id)\n",
        "    await outbox.append(EventKind.SESSION_REVOKED, user_id, session_id or user_id, recipient_id=user_id)\n",
        ("realtime/test_outbox.py",),
    ),
    Mutant(
        "reading all and its event are one transaction",
        "notifications/actions.py",
        "        if count:\n            await outbox.append(EventKind.NOTIFICATION_READ, viewer_id, viewer_id, recipient_id=viewer_id)\n",
        "    if count:\n        await outbox.append(EventKind.NOTIFICATION_READ, viewer_id, viewer_id, recipient_id=viewer_id)\n",
        ("realtime/test_outbox.py",),
    ),
    Mutant(
        "marking all waits for what is just being added",
        "notifications/actions.py",
        "        await hold_inbox(viewer_id)\n",
        "",
        ("api/test_notifications.py::test_marking_all_takes_in_what_is_just_being_added",),
    ),
    Mutant(
        "nothing follows a rollback",
        "core/db.py",
        "            _after_commit.reset(waiting)\n    for callback in callbacks:\n        callback()\n",
        "            _after_commit.reset(waiting)\n            for callback in callbacks:\n                callback()\n",
        ("core/test_transactions.py",),
    ),
    Mutant(
        "what follows a commit waits for it",
        "core/db.py",
        "        callbacks.append(callback)",
        "        callback()",
        ("core/test_transactions.py",),
    ),
    Mutant(
        "an inner transaction is part of the outer one",
        "core/db.py",
        "yield current.connection\n        return\n    callbacks",
        "pass\n    callbacks",
        ("core/test_transactions.py",),
    ),
    Mutant(
        "a transaction of a process that stands still is ended",
        "core/db.py",
        '    "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,\n',
        "",
        ("flows/test_late_commits.py::test_a_process_that_stands_still_in_a_transaction_is_ended",),
    ),
]

NUMBERING: Final = [
    Mutant(
        "events are numbered in the order in which they were written",
        "realtime/relay.py",
        "OVER (ORDER BY batch.id)",
        "OVER (ORDER BY batch.id DESC)",
        ("realtime/test_numbering.py",),
    ),
    Mutant(
        "events that were committed late are found",
        "realtime/relay.py",
        "            self._scanned = time\n            return 0\n",
        "            self._scanned = time\n",
        ("realtime/test_numbering.py",),
    ),
    Mutant(
        "one relay leads",
        "realtime/relay.py",
        'while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):',
        "while False:",
        ("realtime/test_numbering.py::test_who_does_not_hold_the_lock_numbers_nothing",),
    ),
    Mutant(
        "a leader that stands still loses its lock",
        "realtime/relay.py",
        "database_url, idle_session_timeout=LOST_AFTER, idle_in",
        "database_url, idle_in",
        ("realtime/test_relay.py::test_a_leader_that_stands_still_is_replaced",),
    ),
    Mutant(
        "wake-ups for nothing do not keep the leader busy",
        "realtime/relay.py",
        "            await patience.wait()\n",
        "",
        ("realtime/test_broker.py",),
    ),
    Mutant(
        "the floor is set before a partition is dropped",
        "realtime/retention.py",
        '            await self._connection.execute("UPDATE event_state SET floor = GREATEST(floor, $1)", last)\n',
        "",
        ("realtime/test_retention.py",),
    ),
    Mutant(
        "young partitions stay",
        "realtime/retention.py",
        "if last >= head or not await self._is_old(number, last, head):",
        "if last >= head:",
        ("realtime/test_retention.py",),
    ),
    Mutant(
        "nobody waits for a dump of the log",
        "realtime/retention.py",
        "            await self._connection.execute(\"SET LOCAL lock_timeout = '100ms'\")\n",
        "",
        ("realtime/test_retention.py",),
    ),
]
