"""Each word lies in one utterance, and no text in two."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeam.enrichment import Spoken, link


@st.composite
def channels(draw: st.DrawFn) -> tuple[list[Spoken], np.ndarray]:
    """Utterances apart from each other, and segments anywhere, some with words."""
    edges = sorted(draw(st.lists(st.integers(0, 60_000), min_size=0, max_size=16, unique=True)))
    utterances = np.array(edges[: len(edges) // 2 * 2], np.int64).reshape(-1, 2)
    segments = []
    for number in range(draw(st.integers(0, 6))):
        begin = draw(st.integers(-2_000, 62_000))
        end = begin + draw(st.integers(0, 8_000))
        cuts = sorted(draw(st.lists(st.integers(begin, end), max_size=6)))
        words = [(a, b, f"{number}.{n}") for n, (a, b) in enumerate(itertools.pairwise(cuts))]
        text = " ".join(word for _, _, word in words) or draw(st.sampled_from([None, f"text{number}"]))
        segments.append(Spoken(begin, end, text, words))
    return sorted(segments, key=lambda segment: segment.begin_ms), utterances


@settings(max_examples=300, deadline=None)
@given(channels())
def test_nothing_is_lost_and_nothing_is_there_twice(given_channel: tuple[list[Spoken], np.ndarray]) -> None:
    spoken, utterances = given_channel
    linked = link(spoken, utterances)
    assert len(linked.utterances) == len(utterances)
    texts = [word for utterance in linked.utterances for part in utterance.parts for word in part.split()]
    assert len(texts) == len(set(texts))
    for segment, where in zip(spoken, linked.segments, strict=True):
        told = (segment.text or "").split()
        assert all((word in texts) is bool(where) for word in told)
        assert where == sorted(set(where))
    for at, utterance in enumerate(linked.utterances):
        assert utterance.segments == [n for n, where in enumerate(linked.segments) if at in where]
        assert (utterance.status is None) == (not utterance.segments)
        assert utterance.word_count == sum(len(part.split()) for part in utterance.parts)


def test_a_segment_without_words_gives_its_text_to_the_largest_overlap_and_neighbours_say_so() -> None:
    utterances = np.array([[0, 1_000], [1_600, 5_000], [9_000, 9_500]])
    linked = link([Spoken(200, 4_900, "all of it")], utterances)
    assert [(text.parts, text.status) for text in linked.utterances] == [
        ([], "in_neighbour"), (["all of it"], "segment"), ([], None)
    ]  # fmt: skip
    assert linked.segments == [[0, 1]]


def test_words_beside_speech_go_to_what_is_near_or_to_the_word_before() -> None:
    utterances = np.array([[1_000, 2_000], [10_000, 11_000]])
    words = [(700, 900, "a"), (1_200, 1_400, "b"), (5_000, 5_200, "c"), (10_100, 10_300, "d")]
    linked = link([Spoken(700, 10_300, "a b c d", words)], utterances)
    assert [text.parts for text in linked.utterances] == [["a b c"], ["d"]]
    assert linked.words == [[0, 0, -1, 1]]


def test_what_lies_nowhere_near_speech_is_in_no_utterance() -> None:
    linked = link([Spoken(50_000, 51_000, "far", [(50_000, 51_000, "far")])], np.array([[0, 1_000]]))
    assert linked.segments == [[]]
    assert linked.utterances[0].status is None


def test_withheld_text_is_told_as_such() -> None:
    (utterance,) = link([Spoken(0, 900, None)], np.array([[0, 1_000]])).utterances
    assert (utterance.parts, utterance.status, utterance.word_count) == ([], "withheld", 0)
