"""What others say, joined to utterances and units: as ``docs/views.sql`` joins it, without a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS = ("text_source", "text", "text_status", "word_count", "words_per_minute")


def utterances_said(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return the utterances, each with the best text that any source has for it.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        ``utterances`` and ``utterance_texts``, as ``open_tables`` gives them.

    Returns
    -------
    pyarrow.Table
        Table ``utterances`` and the columns ``text_source``, ``text``, ``text_status``, ``word_count`` and
        ``words_per_minute``, NULL where there is none. Text of words counts before that of segments; of equals the
        first source.
    """
    utterances, best = tables["utterances"], _best(tables)
    keys = zip(*(utterances[name].to_pylist() for name in ("call_id", "utterance_id")), strict=True)
    rows = [best.get(key, {}) for key in keys]
    schema = tables["utterance_texts"].schema
    for name in _TEXTS:
        of_source = "source" if name == "text_source" else name
        values = pa.array([row.get(of_source) for row in rows], schema.field(of_source).type)
        utterances = utterances.append_column(name, values)
    return utterances


def units_said(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return the units that a sentiment model may score, with the text of the utterances that they hold or cut.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        ``sentiment_inputs`` and ``utterance_texts``.

    Returns
    -------
    pyarrow.Table
        Table ``sentiment_inputs`` and the column ``text``, NULL where there is none.
    """
    units, best = tables["sentiment_inputs"], _best(tables)
    texts = []
    for call_id, names in zip(units["call_id"].to_pylist(), units["utterance_ids"].to_pylist(), strict=True):
        parts = [best[call_id, name]["text"] for name in names if (call_id, name) in best]
        texts.append(" ".join(part for part in parts if part is not None) or None)
    return units.append_column("text", pa.array(texts, pa.string()))


def _best(tables: Mapping[str, pa.Table]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the best text of each utterance, by call and utterance."""
    columns = ("call_id", "utterance_id", "source", "job_id", "text", "text_status", "word_count", "words_per_minute")
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(tables["utterance_texts"].select(columns).to_pylist(), key=_rank):
        best.setdefault((row["call_id"], row["utterance_id"]), row)
    return best


def _rank(row: Mapping[str, Any]) -> tuple[int, str, str]:
    how = 2 if row["text"] is None else 0 if row["text_status"] == "words" else 1
    return how, row["source"], row["job_id"]
