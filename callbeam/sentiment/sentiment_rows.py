"""Rows of ``sentiment_inputs``: candidate units, decided upon with the whole call in view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from callbeam.audio import from_nan
from callbeam.conversation import in_order, offsets_of, speaker_kinds, speakers_of
from callbeam.schemas import TABLES, UNIT_MEASURES
from callbeam.sentiment.context import Turn, previous_turns
from callbeam.sentiment.eligibility import UnitFacts, ineligible_reason
from callbeam.sentiment.prosody_text import prosody_text
from callbeam.sentiment.split import split, split_group
from callbeam.sentiment.units import WINDOW
from callbeam.spans import as_spans, covered, intersect, union

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from callbeam.conversation import Baseline, CallClock, ChannelTalk, Conversation
    from callbeam.records import Contact
    from callbeam.spans import SpanArray

_HOLD = "hold"


@dataclass(frozen=True, kw_only=True, slots=True)
class SentimentConfig:
    """What becomes of a call's sentiment inputs.

    Attributes
    ----------
    agent_sentiment : bool
        The agent's units are eligible, too.
    prosody_text : bool
        Describe eligible units in words.
    split_salt : str
        Deals the calls to other splits.
    model_sha256 : str or None
        Of the model whose scores are among the call's parts.
    """

    agent_sentiment: bool = False
    prosody_text: bool = False
    split_salt: str = ""
    model_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class CallSpeech:
    """What units are judged by.

    Attributes
    ----------
    talk : sequence of ChannelTalk
    conversation : Conversation
    turns : mapping of str to sequence of Turn
        By channel: what may be its units' context, sorted by begin. That is the turns of the whole call, or of the
        channel alone where channels cannot be compared.
    layout : str or None
        The call's ``channel_layout``.
    leak_levels : mapping of str to float
        By channel: the level at which another is heard on it, in dBFS; no entry where none is.
    contact : Contact or None
        What records say of the call: whose it is, and when no person speaks.
    echoes : mapping of str to SpanArray
        By channel: what was taken out of its speech, as it is another leg's echo; no entry for channels that were not
        compared with one on another stream.
    """

    talk: Sequence[ChannelTalk]
    conversation: Conversation
    turns: Mapping[str, Sequence[Turn]]
    layout: str | None
    leak_levels: Mapping[str, float]
    contact: Contact | None = None
    echoes: Mapping[str, SpanArray] = field(default_factory=dict)


def unit_table(
    units: pa.Table,
    call: CallSpeech,
    baseline: Baseline,
    scores: Mapping[str, Sequence[Mapping[str, Any]]],
    clock: CallClock,
    config: SentimentConfig,
) -> pa.Table:
    """Complete the rows of table ``sentiment_inputs``.

    Parameters
    ----------
    units : pyarrow.Table
        ``UNIT_ROWS`` of the call.
    call : CallSpeech
    baseline : Baseline
        Of the call's utterances.
    scores : mapping of str to sequence of mapping
        By unit: what the model says; those of units that are not eligible are left out.
    clock : CallClock
    config : SentimentConfig
    """
    begins, ends = offsets_of(units, clock.start_ms)
    spans = np.stack((begins, ends), axis=1)
    measures = {column.name: units[column.name].to_numpy() for column in UNIT_MEASURES}
    z_scores = baseline.score(measures, speakers_of(units))
    overlaps = _overlap_ratios(units, spans, call.talk, comparable=clock.comparable)
    echoes_ms = _echoes_ms(units, spans, call.echoes)
    phases, kinds = speaker_kinds(begins.tolist(), units["participant_role"].to_pylist(), call.conversation.phases)
    reasons = [
        ineligible_reason(facts, agent_sentiment=config.agent_sentiment)
        for facts in _facts(units, spans, call, overlaps, echoes_ms, kinds)
    ]
    eligible = [reason is None for reason in reasons]
    described = _descriptions({**measures, **z_scores}, eligible) if config.prosody_text else [None] * len(reasons)
    ids = units["unit_id"].to_pylist()
    held = _utterance_ids(units, spans, call.talk)
    model = config.model_sha256
    subject = call.contact.subject_key if call.contact is not None else None
    group = split_group(subject, call.contact.initial_contact_id if call.contact is not None else None, clock.call_id)
    added = {
        "job_id": [clock.job_id] * len(ids),
        "begin_offset_ms": begins.astype(np.int32),
        "end_offset_ms": ends.astype(np.int32),
        "phase": phases,
        "speaker_kind": kinds,
        "eligible": eligible,
        "ineligible_reason": reasons,
        "overlap_ratio": overlaps,
        "echo_ratio": _echo_ratios(units, echoes_ms),
        "utterance_ids": held,
        "context": _contexts(units, begins, held, call.turns),
        **{name: from_nan(values) for name, values in z_scores.items()},
        "prosody_text": described,
        "scores": [scores.get(name) if may else None for name, may in zip(ids, eligible, strict=True)],
        "model_sha256": [model if may and name in scores else None for name, may in zip(ids, eligible, strict=True)],
        "subject_key": [subject] * len(ids),
        "split_group": [group] * len(ids),
        "split": [split(group, config.split_salt)] * len(ids),
    }
    return in_order(TABLES["sentiment_inputs"].schema, units, added)


def _overlap_ratios(
    units: pa.Table, spans: np.ndarray, talk: Sequence[ChannelTalk], *, comparable: bool
) -> list[float | None]:
    """Return over which share of each unit's speech another participant speaks, too."""
    speakers = {one.channel_id: one.participant_role or one.channel_id for one in talk}
    ratios: list[float | None] = [None] * len(spans)
    channels = np.array(units["channel_id"].to_pylist(), dtype=object)
    for one in talk:
        others = [other for other in talk if speakers[other.channel_id] != speakers[one.channel_id]]
        if not others or not comparable:
            continue
        both = intersect(one.speech, union(*(other.speech for other in others)))
        mine = np.flatnonzero(channels == one.channel_id)
        own, shared = covered(one.speech, spans[mine]), covered(both, spans[mine])
        for row, speech, overlap in zip(mine.tolist(), own.tolist(), shared.tolist(), strict=True):
            ratios[row] = overlap / speech if speech else 0.0
    return ratios


def _echoes_ms(units: pa.Table, spans: np.ndarray, echoes: Mapping[str, SpanArray]) -> list[int | None]:
    """Return how much of each unit sounded like speech and is another leg's; None where legs were not compared."""
    owners = units["channel_id"].to_pylist()
    return [
        int(covered(echoes[owner], span[None])[0]) if owner in echoes else None
        for owner, span in zip(owners, spans, strict=True)
    ]


def _echo_ratios(units: pa.Table, echoes_ms: Sequence[int | None]) -> list[float | None]:
    spoken = units["speech_ms"].to_pylist()
    return [
        None if echo is None else echo / (own + echo) if own + echo else 0.0
        for own, echo in zip(spoken, echoes_ms, strict=True)
    ]


def _facts(
    units: pa.Table,
    spans: np.ndarray,
    call: CallSpeech,
    overlaps: Sequence[float | None],
    echoes_ms: Sequence[int | None],
    kinds: Sequence[str],
) -> list[UnitFacts]:
    """Gather what eligibility rests on."""
    hold = as_spans(
        (phase.begin_offset_ms, phase.end_offset_ms) for phase in call.conversation.phases if phase.phase == _HOLD
    )
    on_hold = covered(hold, spans) > 0
    masks = {one.channel_id: one.masked for one in call.talk}
    columns = ("channel_id", "participant_role", "duration_ms", "speech_ms", "level_mean_dbfs", "snr_db")
    rows = zip(*(units[name].to_pylist() for name in columns), strict=True)
    return [
        UnitFacts(
            participant_role=role,
            duration_ms=duration,
            speech_ms=speech,
            masked_ms=int(covered(masks[channel_id], span[None])[0]),
            echo_ms=echo or 0,
            on_hold=bool(held),
            channel_layout=call.layout,
            is_system_voice=call.contact is not None and kind == "system",
            overlap_ratio=overlap,
            level_mean_dbfs=level,
            leak_level_dbfs=call.leak_levels.get(channel_id),
            snr_db=snr,
        )
        for (channel_id, role, duration, speech, level, snr), span, held, overlap, echo, kind in zip(
            rows, spans, on_hold, overlaps, echoes_ms, kinds, strict=True
        )
    ]


def _utterance_ids(units: pa.Table, spans: np.ndarray, talk: Sequence[ChannelTalk]) -> list[list[str]]:
    """Name what each unit holds or cuts; what runs into a piece's first window, only the piece before could name."""
    said = {one.channel_id: one.utterances for one in talk}
    columns = (units[name].to_pylist() for name in ("channel_id", "unit_type", "utterance_ids"))
    return [
        [one.utterance_id for one in said[owner] if one.begin_ms < end and one.end_ms > begin]
        if unit_type == WINDOW
        else ids
        for owner, unit_type, ids, (begin, end) in zip(*columns, spans.tolist(), strict=True)
    ]


def _contexts(
    units: pa.Table, begins: np.ndarray, held: Sequence[Sequence[str]], turns: Mapping[str, Sequence[Turn]]
) -> list[list[dict[str, Any]]]:
    return [
        [turn._asdict() for turn in previous_turns(begin, ids, turns[owner])]
        for owner, begin, ids in zip(units["channel_id"].to_pylist(), begins.tolist(), held, strict=True)
    ]


def _descriptions(measures: Mapping[str, np.ndarray], eligible: Sequence[bool]) -> list[str | None]:
    """Describe the eligible units in words."""
    columns = {name: [None if np.isnan(x) else float(x) for x in values] for name, values in measures.items()}
    return [
        prosody_text({name: values[row] for name, values in columns.items()}) if may else None
        for row, may in enumerate(eligible)
    ]
