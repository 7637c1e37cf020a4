"""Views that join what others say to the tables of calls: ``python -m callbeam.catalog.views docs``.

It writes ``views.sql`` for DuckDB and ``athena-views.sql``: the two differ in how lists and structs are spelt.
"""

from __future__ import annotations

import argparse
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from callbeam.catalog.page_files import place_asked_for, write_files
from callbeam.schemas import CONNECT_TOTALS, TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an engine spells what views need.

    Attributes
    ----------
    name : str
    join_texts : str
        Texts of a group, in order, as one; ``{text}`` and ``{order}`` stand for columns.
    contains : str
        Whether a list holds a value.
    turns : str
        Column ``context`` of a table, taken apart, its structs' fields after ``turn.``.
    struct : str
        The type of a struct of ``{fields}``.
    """

    name: str
    join_texts: str
    contains: str
    turns: str
    struct: str


_TURN: Final = {field.name: field.type for field in TABLES["sentiment_inputs"].schema.field("context").type.value_type}

DUCKDB: Final = Dialect(
    name="DuckDB",
    join_texts="string_agg({text}, ' ' ORDER BY {order})",
    contains="list_contains({values}, {value})",
    turns="UNNEST(context) AS held(turn)",
    struct="STRUCT({fields})",
)
ATHENA: Final = Dialect(
    name="Athena",
    join_texts="array_join(array_agg({text} ORDER BY {order}), ' ')",
    contains="contains({values}, {value})",
    turns=f"UNNEST(context) AS turn({', '.join(_TURN)})",
    struct="ROW({fields})",
)

WRITTEN = """\
-- Views for {dialect}, written by `python -m callbeam.catalog.views docs`. They join what other systems say of calls,
-- which `callbeam enrich` writes, to the tables of calls.
"""

READ = """\
CREATE OR REPLACE VIEW {name} AS
SELECT *, strptime(left(job_id, 8), '%Y%m%d')::DATE AS dt
FROM read_parquet('out/{name}/**/*.parquet', union_by_name = true, hive_partitioning = false);"""

USED: Final = ("calls", "utterances", "sentiment_inputs", "segments", "utterance_texts", "labels", "messages")


def views(dialect: Dialect) -> dict[str, str]:
    """Return the views' queries by name, in the order in which they rest on each other.

    Parameters
    ----------
    dialect : Dialect
    """
    cases = "\n".join(f"    WHEN '{column.name}' THEN c.{column.name}" for column in CONNECT_TOTALS)
    return {
        "utterances_said": _UTTERANCES_SAID,
        "units_said": _UNITS_SAID.format(
            columns=_columns_of_units(),
            join_texts=dialect.join_texts.format(text="u.text", order="u.begin_offset_ms"),
            turns=dialect.turns,
            taken=", ".join(f"turn.{name}" for name in _TURN if name != "text"),
            told=", ".join("u.text" if name == "text" else f"turns.{name}" for name in _TURN),
            struct=dialect.struct.format(fields=", ".join(f"{name} {_sql(kind)}" for name, kind in _TURN.items())),
        ),
        "unit_labels": _UNIT_LABELS.format(
            holds=dialect.contains.format(values="s.utterance_ids", value="l.unit_id"),
            begin="date_diff('millisecond', clock.zero_ts, s.begin_ts)",
        ),
        "comparison": _COMPARISON.format(cases=cases),
    }


def _columns_of_units() -> str:
    """Name the columns of units, with text in their context where there is some."""
    names = TABLES["sentiment_inputs"].schema.names
    columns = [
        "coalesce(earlier.context, s.context) AS context" if name == "context" else f"s.{name}" for name in names
    ]
    columns.append("s.dt")
    return textwrap.fill(", ".join(columns), 118, subsequent_indent="       ", break_long_words=False)


def _sql(kind: pa.DataType) -> str:
    return {"string": "VARCHAR", "int32": "INTEGER"}[str(kind)]


_UTTERANCES_SAID = """\
-- Utterances, each with the best text that any source has for it: of words before segments, and one source of equals.
SELECT u.*, t.source AS text_source, t.text, t.text_status, t.word_count, t.words_per_minute
FROM utterances u
LEFT JOIN (
  SELECT *, row_number() OVER (
    PARTITION BY call_id, utterance_id
    ORDER BY CASE WHEN text IS NULL THEN 2 WHEN text_status = 'words' THEN 0 ELSE 1 END, source, job_id
  ) AS choice
  FROM utterance_texts
) t ON t.call_id = u.call_id AND t.utterance_id = u.utterance_id AND t.choice = 1"""

_UNITS_SAID = """\
-- Units that a sentiment model may score, with the text of the utterances that they hold or cut, and of their context.
SELECT {columns},
       said.text
FROM sentiment_inputs s
LEFT JOIN (
  SELECT held.call_id, held.job_id, held.unit_id, {join_texts} AS text
  FROM (
    SELECT call_id, job_id, unit_id, utterance_id
    FROM sentiment_inputs
    CROSS JOIN UNNEST(utterance_ids) AS held(utterance_id)
  ) held
  JOIN utterances_said u
    ON u.call_id = held.call_id AND u.job_id = held.job_id AND u.utterance_id = held.utterance_id
  WHERE u.text IS NOT NULL
  GROUP BY held.call_id, held.job_id, held.unit_id
) said ON said.call_id = s.call_id AND said.job_id = s.job_id AND said.unit_id = s.unit_id
LEFT JOIN (
  SELECT turns.call_id, turns.job_id, turns.unit_id, array_agg(
    CAST(
      ROW({told})
      AS {struct}
    )
    ORDER BY turns.begin_offset_ms, turns.end_offset_ms DESC, turns.utterance_id
  ) AS context
  FROM (
    SELECT call_id, job_id, unit_id, {taken}
    FROM sentiment_inputs
    CROSS JOIN {turns}
  ) turns
  LEFT JOIN utterances_said u
    ON u.call_id = turns.call_id AND u.job_id = turns.job_id AND u.utterance_id = turns.utterance_id
  GROUP BY turns.call_id, turns.job_id, turns.unit_id
) earlier ON earlier.call_id = s.call_id AND earlier.job_id = s.job_id AND earlier.unit_id = s.unit_id"""

_UNIT_LABELS = """\
-- Labels of units: those that name the unit or an utterance of it, and those of its role that lie over most of it.
-- Offsets of labels are on the clock of the first job of their date; others may hold a part of the call on their own.
SELECT s.call_id, s.job_id AS unit_job_id, s.unit_id, s.participant_role, s.split, s.split_group,
       l.source, l.annotator, l.name, l.value, l.score, l.scale, l.label_id
FROM sentiment_inputs s
JOIN labels l ON l.call_id = s.call_id
LEFT JOIN (
  SELECT call_id, dt, min_by(call_start_ts, job_id) AS zero_ts
  FROM calls
  GROUP BY call_id, dt
) clock ON clock.call_id = l.call_id AND clock.dt = l.dt
WHERE l.unit_id = s.unit_id
   OR {holds}
   OR (
     l.unit_id IS NULL
     AND l.begin_offset_ms IS NOT NULL
     AND clock.zero_ts IS NOT NULL
     AND l.participant_role = s.participant_role
     AND 2 * (
       least(l.end_offset_ms, {begin} + s.duration_ms)
       - greatest(l.begin_offset_ms, {begin})
     ) > s.duration_ms
   )"""


_COMPARISON = """\
-- A source's totals of a call beside ours. They are defined otherwise: talk time by a transcript's turns, not voices,
-- interruptions as long as a turn, not as both speak. docs/definitions.md, "Their figures beside ours", has all of it.
SELECT call_id, job_id, source, name, theirs, ours, theirs - ours AS difference
FROM (
  SELECT c.call_id, c.job_id, l.source, l.name, l.score AS theirs, CASE l.name
{cases}
  END AS ours
  FROM labels l
  JOIN calls c ON c.call_id = l.call_id
)
WHERE ours IS NOT NULL"""


def views_sql(dialect: Dialect) -> str:
    """Return the statements that make the views; for DuckDB also those that name the tables, below ``out``."""
    named = ["SET TimeZone = 'UTC';", *(READ.format(name=name) for name in USED)] if dialect is DUCKDB else []
    made = [f"CREATE OR REPLACE VIEW {name} AS\n{query};" for name, query in views(dialect).items()]
    return "\n\n".join([WRITTEN.format(dialect=dialect.name) + "\n".join(named), *made]) + "\n"


FILES: Final = {"views.sql": DUCKDB, "athena-views.sql": ATHENA}


def main(argv: Sequence[str] | None = None) -> None:
    """Write the views' files."""
    parser = argparse.ArgumentParser(prog="python -m callbeam.catalog.views", description="Views as SQL.")
    options = place_asked_for(parser, f"the folder to write {' and '.join(FILES)} into", argv)
    write_files(parser, {options.path / file: views_sql(dialect) for file, dialect in FILES.items()})


if __name__ == "__main__":
    main()
