"""Puts made-up calls into streams, once: the same demo in the same folder is not put in again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from callbeam.emulator.loading import loaded_stream_info
from callbeam.emulator.store import examine, make_number
from callbeam.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from callbeam.callmaker import CallTruth
    from callbeam.emulator.config import EmulatorConfig
    from callbeam.emulator.store import StreamStore


def put_demo(store: StreamStore, config: EmulatorConfig, calls: int, seed: int) -> Path:
    """Put made-up calls into the store; return the folder with the truth about them.

    Beside it are ``records``; ``lca``, the events and recordings of Live Call Analytics, also of contacts that no
    stream holds any more; and ``truth-recorded`` about these.

    ``demo.json`` is written first as unfinished and last as whole, so that a demo that was broken off is made anew.

    Raises
    ------
    UsageError
        The folder holds another demo, or streams of other origin under the demo's names.
    """
    truth = store.folder / "truth"
    marker = store.folder / "demo.json"
    wanted = {"calls": calls, "seed": seed, "region": config.region}
    found = json.loads(marker.read_text()) if marker.exists() else None
    if found is not None and found["demo"] != wanted:
        raise UsageError(
            f"{store.folder} holds another demo ({found['demo']}); choose another --data folder, or delete this one"
        )
    if found is not None and found["whole"]:
        return truth
    _write(store, marker, wanted, whole=False, streams=[])
    for name in found["streams"] if found is not None else []:
        stream = store.find(name, config.region)
        if stream is not None:
            store.delete(stream)
    _make(store, config, wanted, marker)
    return truth


def _make(store: StreamStore, config: EmulatorConfig, wanted: dict[str, object], marker: Path) -> None:
    from callbeam.callmaker import load_truth, make_demo, write_records  # noqa: PLC0415 - only a demo needs voices

    made: list[str] = []
    first: dict[tuple[str, int], int] = {}
    truth = store.folder / "truth"
    for source in make_demo(int(str(wanted["calls"])), seed=int(str(wanted["seed"])), truth_dir=truth):
        stream = store.find(source.stream, config.region)
        if stream is not None and source.stream not in made:
            raise UsageError(f"the folder has a stream {source.stream} that is no demo's; choose another --data folder")
        for fragment in source.fragments:
            if stream is None:
                made.append(source.stream)
                _write(store, marker, wanted, whole=False, streams=made)
                stream = store.create(loaded_stream_info(source.stream, config, fragment.server_ms))
            media = examine(fragment.data)
            number = stream.add(media, server_ms=fragment.server_ms, producer_ms=fragment.producer_ms)
            first.setdefault((source.stream, fragment.producer_ms), number)
    arns = {stream.info.name: stream.info.arn for stream in store.all()}
    truths = [load_truth(path) for path in sorted(truth.glob("*.json"))]
    write_records(truths, arns.__getitem__, store.folder / "records")
    _write_lca(store, wanted, truths, first, arns)
    _write(store, marker, wanted, whole=True, streams=made)


def _write_lca(
    store: StreamStore,
    wanted: Mapping[str, object],
    truths: Sequence[CallTruth],
    first: Mapping[tuple[str, int], int],
    arns: Mapping[str, str],
) -> None:
    """Write what Live Call Analytics leaves: an event of each contact, and recordings of those that streams lost."""
    from callbeam.callmaker import make_recorded, start_lca_event, write_lines  # noqa: PLC0415 - as above

    events = []
    for call in (call for call in truths if call.source == "connect"):
        stream = next(iter(call.channels.values())).stream
        events.append(start_lca_event(call, arns[stream], str(first[stream, call.call_start_ms])))
    for recorded in make_recorded(int(str(wanted["calls"])), seed=int(str(wanted["seed"]))):
        recorded.save(store.folder / "lca")
        recorded.truth.save(store.folder / "truth-recorded")
        number = make_number(recorded.stream, 1, recorded.truth.call_start_ms)
        events.append(start_lca_event(recorded.truth, arns[recorded.stream], str(number)))
    write_lines(store.folder / "lca" / "events" / "start-lca-events.jsonl", events)


def _write(store: StreamStore, marker: Path, wanted: dict[str, object], *, whole: bool, streams: list[str]) -> None:
    temporary = store.folder / "demo.json.new"
    temporary.write_text(json.dumps({"demo": wanted, "whole": whole, "streams": streams}, indent=1))
    temporary.replace(marker)
