"""What comes too fast or too small, and what is wanted of the loop for too long."""

from typing import Final

from tests.mutants.mutant import Mutant

FRAMES: Final = ("runtime/test_frames.py",)
PACES: Final = ("runtime/test_paces.py",)
SLICES: Final = ("core/test_slices.py",)
ADMISSION: Final = ("realtime/test_admission.py",)

FLOODS: Final = [
    Mutant(
        "pings and fragments are counted",
        "runtime/frames.py",
        "if self._frames > BURST and not self.is_deaf:",
        "if False:",
        FRAMES,
    ),
    Mutant("frames are parsed in pieces", "runtime/frames.py", "elif len(data) <= PIECE_BYTES and", "elif", FRAMES),
    Mutant(
        "requests of a network have a pace",
        "runtime/paces.py",
        "return self.doors.wait_s(self.network) if self.doors is not None else 0.0",
        "return 0.0",
        PACES,
    ),
    Mutant(
        "bodies are not made of crumbs",
        "runtime/paces.py",
        "if self._crumbs > CRUMBS + self._body_bytes // CRUMB_BYTES:",
        "if False:",
        PACES,
    ),
    Mutant(
        "calls of a network run few at a time",
        "realtime/admission.py",
        "per_network=CALLS_OF_A_NETWORK",
        "per_network=10_000",
        ADMISSION,
    ),
    Mutant(
        "what is said over sockets is counted",
        "realtime/admission.py",
        "self._said.charge(size, network, user_id)",
        "pass",
        ADMISSION,
    ),
    Mutant(
        "bytes to be kept are paid for",
        "core/bodies.py",
        "mine.pay_for(body)",
        "pass",
        ("core/test_costs.py::test_bodies_of_json_are_paid_for",),
    ),
    Mutant(
        "a network has a slice of each turn of the loop",
        "core/slices.py",
        "return self._had.get(self._network, 0.0) >= SLICE_S",
        "return False",
        SLICES,
    ),
    Mutant(
        "the application is worked on in slices",
        "app.py",
        "peers.wrap(InSlices(entry, doors.slices) if settings.rate_limits else entry)",
        "peers.wrap(entry)",
        SLICES,
    ),
    Mutant("messages are handled in slices", "realtime/desk.py", "in_slices(work, self)", "work(self)", SLICES),
    Mutant("calls are answered in slices", "realtime/calls.py", "in_slices(answer, call)", "answer(call)", SLICES),
    Mutant(
        "requests are parsed in slices",
        "runtime/paces.py",
        " and not self._wait_s() and not is_over(self.slice):",
        " and not self._wait_s():",
        PACES,
    ),
    Mutant(
        "the rest of a packet is parsed in slices",
        "runtime/paces.py",
        "elif is_over(self.slice):",
        "elif False:",
        PACES,
    ),
    Mutant(
        "frames are parsed in slices",
        "runtime/frames.py",
        "elif len(data) <= PIECE_BYTES and not is_over(self.slice):",
        "elif len(data) <= PIECE_BYTES:",
        FRAMES,
    ),
    Mutant(
        "the rest of a packet of frames is parsed in slices",
        "runtime/frames.py",
        "        if is_over(self.slice):",
        "        if False:",
        FRAMES,
    ),
    Mutant(
        "a text of ligatures is not folded to its end",
        "core/folding.py",
        "> MOST_PARTS:",
        "> 10**9:",
        ("search/test_words.py",),
    ),
    Mutant(
        "a folded text is not read without end",
        "core/words.py",
        "[:MOST_CHARACTERS]",
        "",
        ("search/test_words.py",),
    ),
    Mutant(
        "long work runs once in a turn",
        "core/long_work.py",
        "async with _turn:",
        "if True:",
        ("core/test_long_work.py",),
    ),
]
