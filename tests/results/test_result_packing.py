"""Results come back as they were, and what comes back is values only."""

from __future__ import annotations

import os
import pickle
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from builders.analysed_legs import leg_parts
from builders.channels import make_channel
from builders.jobs import DAY_START_MS, make_leg
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from callbeam.assembly import Keyed, PieceParts
from callbeam.callmaker import AGENT, CUSTOMER, CallSpec, ConversationSpec, make_call
from callbeam.calls import KeptLeg
from callbeam.calls.ownership import LegState
from callbeam.errors import UsageError
from callbeam.kvs import FragmentStatus, ListedFragment
from callbeam.results.result_packing import pack_result, unpack_result

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
ARRAYS = st.sampled_from(["i1", "i2", "i8", "f4", "f8", "?"]).flatmap(
    lambda kind: st_numpy.arrays(kind, st_numpy.array_shapes(max_dims=2, max_side=4))
)
OWN = st.builds(ListedFragment, st.integers(0), st.none() | st.integers()) | st.sampled_from(list(FragmentStatus))
VALUES = st.recursive(
    PLAIN | ARRAYS | OWN,
    lambda some: (
        st.lists(some).map(tuple)
        | st.lists(some)
        | st.dictionaries(st.text(), some)
        | st.builds(Keyed, st.text(), st.text(), some)
    ),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same to the last bit, NaN included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    if is_dataclass(one):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    return repr(one) == repr(other)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_any_value_comes_back(value: Any) -> None:
    assert same(unpack_result(pack_result(value)), value)


def test_what_a_piece_gives_comes_back() -> None:
    spoken = make_call(CallSpec("c-1", DAY_START_MS, ConversationSpec(duration_ms=30_000)), 6).pcm
    leg = make_leg(source="chime")
    channels = [make_channel(spoken[role], role=role, channel_id=role, leg=leg) for role in (AGENT, CUSTOMER)]
    of_two = leg_parts([channels], 60_000)[1:]
    of_one = leg_parts([channels[:1]], 60_000)[1:]
    piece = PieceParts("d1", "arn", (*of_two, *of_one), 16_000)
    kinds = {"channels", "pairs", "tracks", "seconds", "utterances", "sentiment_inputs"}
    assert {part.kind for part in piece.parts} == kinds
    packed = pack_result(piece)
    assert same(unpack_result(packed), piece)


def test_a_leg_comes_back() -> None:
    leg = make_leg()
    kept = KeptLeg(leg, None, LegState(leg.identity, 5, None), 3, "ab", 2**80, ("d1",))
    assert unpack_result(pack_result(kept)) == kept


class Command:
    """What runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("true",)


def packed(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as compressed:
        compressed.write(content)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    "content",
    [
        packed(pickle.dumps(Command())),
        packed(pickle.dumps(pack_result)),  # a function of callbeam's own
        packed(pickle.dumps(UsageError("no value"))),
        packed(b"ccallbeam.results.result_packing\npa.fs.LocalFileSystem\n."),
        packed(pickle.dumps(np.array([Command()], object))),
        packed(pickle.dumps((1, 2))[:-4]),
        packed(b""),
        b"nothing that was compressed",
        b"",
    ],
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a result"):
        unpack_result(content)
