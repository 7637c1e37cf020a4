"""A piece's media is free while its samples are analysed, though the steps before hold the piece."""

from __future__ import annotations

import weakref

import pytest
from builders.made_streams import T0, Sent, media_document, run_of, stream

from callbeam.calls import CallIdentity, Leg
from callbeam.calls.piece_cutter import PieceCutter
from callbeam.decoding import DecodeConfig, DecodedPiece
from callbeam.kvs import HOUR_MS, FetchedFragment, ListedFragment, Unit
from callbeam.timeline import PIECE_MS
from callbeam.transforms import MemoryNeed
from callbeam.transforms.decode_tracks import DecodePiece

LEG = Leg(CallIdentity("a", "connect"), stream(), 1, T0)
UNIT = Unit(T0, T0 + HOUR_MS, 1, 1)


def fetch(sent: Sent) -> FetchedFragment:
    return FetchedFragment(ListedFragment(sent.number, sent.at_ms, sent.at_ms), media_document(sent))


def test_media_is_free_when_the_decoded_piece_goes_on() -> None:
    sent = run_of("a", T0, PIECE_MS // 60_000, first_number=1, step_ms=60_000, pcm_ms=1000)
    cutter = PieceCutter(LEG, UNIT, fetch(sent[0]))
    media = []
    for one in sent:
        fetched = fetch(one)
        assert fetched.document is not None
        media.append(weakref.ref(fetched.document.data))
        assert not list(cutter.add(fetched))
    del fetched
    reading = cutter.finish()
    piece = next(reading)
    assert all(of_fragment() is not None for of_fragment in media)
    decoding = DecodePiece(DecodeConfig(), MemoryNeed()).process(piece)
    decoded = next(some for some in decoding if isinstance(some, DecodedPiece))
    # The last may lie in the lead of a piece that follows.
    assert not any(of_fragment() is not None for of_fragment in media[:-1])
    assert len(decoded.ledger) == len(media)
    with pytest.raises(AttributeError, match="fragments"):
        _ = piece.fragments
    assert next(reading, None) is None
