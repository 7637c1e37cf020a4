"""The survey of a leg: what it waits for, what it decides of whom, and that pieces are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from builders.jobs import make_leg
from builders.made_legs import encoded, speech_like

from callbeam.calls.piece_cutter import PieceCutter
from callbeam.kvs import HOUR_MS, FetchedFragment, ListedFragment, Unit
from callbeam.mkv import Block, Document, Track
from callbeam.payload import AudioFormat, Surveyor, survey
from callbeam.payload.probing import SURVEYED, SURVEYED_AT_MOST
from callbeam.timeline import LEAD_MS, PIECE_MS

T0 = 1_700_000_000_000
LEG = make_leg(T0)
UNIT = Unit(T0, T0 + HOUR_MS, 1, 1)
TAGS = (("MimeType", "audio/L16;rate=8000;channels=1;"),)
SPEECH = np.clip(speech_like(np.random.default_rng(1), 80_000, 8000) * 32768, -32768, 32767).astype(np.int16)


def track(number: int, name: str) -> Track:
    return Track(number, name, "A_AAC", b"\x11\x90", 2)


def second(number: int, sounds: dict[str, bytes]) -> FetchedFragment:
    """Make a fragment of a second, ten blocks of each track."""
    tracks, data, blocks, first = [], b"", [], T0 + 1000 * number
    for at, (name, payload) in enumerate(sounds.items(), 1):
        tracks.append(track(at, name))
        size = len(payload) // 10
        blocks += [Block(at, first + 100 * k, len(data) + k * size, len(data) + k * size + size) for k in range(10)]
        data += payload
    document = Document(0, 0, memoryview(data), 1_000_000, TAGS, tuple(tracks), (first,), blocks)
    return FetchedFragment(ListedFragment(number, first + 300, first), document)


def spoken(number: int, encoding: str = "s16le") -> bytes:
    at = number % 10 * 8000
    return encoded(SPEECH[at : at + 8000], encoding).tobytes()


SILENCE = bytes(16_000)


def test_a_track_is_decided_by_its_first_fragments() -> None:
    surveyor = Surveyor()
    for number in range(SURVEYED):
        assert surveyor.verdicts == {}
        each = second(number, {"a": spoken(number, "s16be")})
        surveyor.take(each.document)
        assert surveyor.settled(each.document) == (number == SURVEYED - 1)
    assert surveyor.verdicts["a"].form == AudioFormat(8000, "s16be")


def test_silence_tells_nothing_so_more_is_looked_at() -> None:
    leg = [second(n, {"a": SILENCE if n < 60 else spoken(n, "s16be")}).document for n in range(80)]
    surveyor, decided = Surveyor(), None
    for number, document in enumerate(leg):
        surveyor.take(document)
        if surveyor.verdicts and decided is None:
            decided = number
    assert decided is not None
    assert 60 < decided < 65
    assert surveyor.verdicts["a"].form == AudioFormat(8000, "s16be")


def test_a_track_that_stays_silent_is_decided_all_the_same() -> None:
    surveyor = Surveyor()
    for number in range(SURVEYED_AT_MOST):
        assert surveyor.verdicts == {}
        surveyor.take(second(number, {"a": SILENCE}).document)
    assert (surveyor.verdicts["a"].form, surveyor.verdicts["a"].warnings) == (AudioFormat(8000), ())


def test_a_track_that_comes_later_is_decided_then() -> None:
    leg = [second(n, {"a": spoken(n), **({"b": spoken(n, "s16be")} if n >= 40 else {})}) for n in range(80)]
    cutter, waited = PieceCutter(LEG, UNIT, leg[0]), []
    for each in leg:
        assert not list(cutter.add(each))
        waited.append(len(cutter._waiting))
    assert waited[:19] == list(range(1, 20))
    assert set(waited[19:40]) == {0}
    assert waited[40:59] == list(range(1, 20))
    assert set(waited[59:]) == {0}
    (piece,) = cutter.finish()
    assert {verdict.track_name: verdict.form.encoding for verdict in piece.verdicts} == {"a": "s16le", "b": "s16be"}
    assert survey(each.document for each in leg) == {verdict.track_name: verdict for verdict in piece.verdicts}


def test_every_piece_is_told_the_same() -> None:
    pieces_ms = PIECE_MS + LEAD_MS + 60_000
    silence = encoded(np.zeros(8000, np.int16), "s16be").tobytes()
    leg = [second(n, {"a": spoken(n, "s16be") if n < 30 else silence}) for n in range(0, pieces_ms // 1000, 1)]
    cutter = PieceCutter(LEG, UNIT, leg[0])
    pieces = [piece for each in leg for piece in cutter.add(each)]
    pieces += cutter.finish()
    assert len(pieces) == 2
    assert pieces[0].verdicts == pieces[1].verdicts
    assert pieces[0].verdicts[0].form == AudioFormat(8000, "s16be")


def test_fragments_that_are_not_decoded_say_nothing_of_the_others() -> None:
    leg = [
        second(n, {"a": spoken(n) if n >= 8 else np.random.default_rng(n).bytes(15_000)}).document for n in range(20)
    ]
    packed = [replace(each, tracks=tuple(replace(a, encodings=("zlib",)) for a in each.tracks)) for each in leg[:8]]
    verdict = survey([*packed, *leg[8:]])["a"]
    assert (verdict.form, verdict.warnings, verdict.blocks_rate_hz) == (AudioFormat(8000), (), 8000.0)
