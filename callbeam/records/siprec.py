"""SIPREC metadata (RFC 7865): which participant sends which stream of a recording session.

Participants are told apart by opaque keys of their addresses; their names and addresses go no further than this file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from callbeam.records.addresses import opaque_key
from callbeam.records.record_values import identifier, word
from callbeam.records.refusals import RecordError

LONGEST = 262_144
"""Characters of metadata that are read: real ones have a few thousand."""

DEEPEST = 32
"""Levels of elements; RFC 7865 has 3, and extensions a few more."""

_IDS = ("participant_id", "stream_id", "participant-id", "stream-id", "id")


@dataclass(frozen=True, slots=True)
class SiprecMetadata:
    """Who sends what in a SIPREC session.

    Attributes
    ----------
    senders : tuple of (str, str)
        Labels of streams in order, each with the opaque key of its sender's address, "" where none is told.
    complete : bool
        False if the metadata tells only what has changed.
    agent_last : bool
        Whether labels are told to be in descending order of role (``AmznConnectParticipantOrder`` is ``desc``).
    """

    senders: tuple[tuple[str, str], ...] = field(repr=False)
    complete: bool = True
    agent_last: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the streams, in order."""
        return tuple(label for label, _ in self.senders)


def read_siprec(text: str) -> SiprecMetadata:
    """Read the metadata of a SIPREC session.

    Parameters
    ----------
    text : str
        XML, ``siprecMetadata`` of an event. Namespaces are passed over. Both the elements of RFC 7865
        (``participantstreamassoc``, attributes ``participant_id`` and ``stream_id``) and those of its drafts, which
        recorders still send (``send`` within ``participant``, attributes ``id``), are read.

    Returns
    -------
    SiprecMetadata
        Empty of streams where it names none.

    Raises
    ------
    RecordError
        If it is longer than 262,144 characters, no well-formed XML, deeper than 32 levels, or declares a document type
        or entities.

    Examples
    --------
    >>> read_siprec("<recording><stream stream_id='s'><label>1</label></stream></recording>").labels
    ('1',)
    """
    if len(text) > LONGEST:
        raise RecordError(f"siprecMetadata is longer than {LONGEST:,} characters")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(text.strip().encode("utf-8", "replace"), True)
    except expat.ExpatError:
        raise RecordError("siprecMetadata is no well-formed XML") from None
    return reader.metadata()


class _Reader:
    """Follows the elements, and keeps labels, who sends what, and keys of addresses."""

    def __init__(self) -> None:
        self.path: list[tuple[str, str]] = []  # local name and identifier of each open element
        self.content = ""
        self.labels: dict[str, str] = {}  # stream id to label
        self.sends: dict[str, str] = {}  # stream id to participant id
        self.keys: dict[str, str] = {}  # participant id to opaque key
        self.mode = self.order = ""

    def refuse(self, *_: object) -> None:
        raise RecordError("siprecMetadata declares a document type or an entity")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.path) >= DEEPEST:
            raise RecordError(f"siprecMetadata is deeper than {DEEPEST} levels")
        self.path.append((name.rpartition(" ")[2], next((attributes[each] for each in _IDS if each in attributes), "")))
        self.content = ""
        if "aor" in attributes:
            self._key(attributes["aor"])

    def text(self, characters: str) -> None:
        self.content += characters

    def end(self, _: str) -> None:
        name, _own = self.path.pop()
        content, self.content = self.content.strip(), ""
        if name == "label":
            self.labels[self._owner("stream")] = content
        elif name == "send":
            self.sends[content] = self._owner("participant", "participantstreamassoc")
        elif name == "aor":
            self._key(content)
        elif name.lower() == "datamode":
            self.mode = content.lower()
        elif name == "AmznConnectParticipantOrder":
            self.order = (word(content) or "").lower()

    def metadata(self) -> SiprecMetadata:
        found = {}
        for stream, label in self.labels.items():
            if identifier(label) is not None:
                found[label] = self.keys.get(self.sends.get(stream, ""), "")
        return SiprecMetadata(tuple(sorted(found.items())), self.mode != "partial", self.order == "desc")

    def _owner(self, *names: str) -> str:
        return next((own for name, own in reversed(self.path) if name in names), "")

    def _key(self, address: str) -> None:
        key = opaque_key(address)
        if key is not None:
            self.keys.setdefault(self._owner("participant"), key)
