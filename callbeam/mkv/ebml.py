"""The walk: one EBML element after another over a buffer, within limits, without copying payloads.

Sizes and ids as in RFC 8794. Ids have 1 to 4 bytes, sizes 1 to 8; a size of all ones is unknown.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from callbeam.errors import CallbeamError

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN = -1
"""Stands for the end of an element of unknown size."""

MAX_VALUE_BYTES = 1 << 20
"""Longest string or binary value that is copied out of a document; longer ones are an error."""

_ID_LENGTHS = bytes(length if length <= 4 else 0 for length in (9 - byte.bit_length() for byte in range(256)))
_SIZE_LENGTHS = bytes(length if length <= 8 else 0 for length in (9 - byte.bit_length() for byte in range(256)))
_SIZE_MASKS = tuple((1 << (7 * length)) - 1 for length in range(9))
_RESERVED_IDS = frozenset(bits for n in range(1, 5) for bits in ((1 << 7 * n + 1) - 1, 1 << 7 * n))
_UNPACK = tuple(
    struct.Struct(f">{code}").unpack_from if code else None for code in ["", "", "H", "", "I", "", "", "", "Q"]
)
_FLOAT = struct.Struct(">f")
_DOUBLE = struct.Struct(">d")


class MkvError(CallbeamError):
    """Bytes that are not what the format asks for.

    Attributes
    ----------
    offset : int
        Where, in bytes from the start of what was read.
    """

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message, offset)
        self.message = message
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.message} at byte {self.offset}"

    def moved(self, by: int) -> MkvError:
        """Return the same error, its offset counted from ``by`` bytes before."""
        return type(self)(self.message, self.offset + by)


class StructureError(MkvError):
    """No element where one must be: what follows cannot be told any more."""


class TruncatedError(StructureError):
    """Bytes are missing: an element reaches beyond its parent or the input."""


def read_element(data: bytes | memoryview, position: int, end: int) -> tuple[int, int, int]:
    """Read the id and the size of the element at ``position``.

    Parameters
    ----------
    data : bytes or memoryview
        A view of format ``B``.
    position, end : int
        Where the element begins, and where its parent (or the input) ends. Only the element's header is held to
        lie before ``end``; whether its payload does is the caller's to judge.

    Returns
    -------
    tuple of (int, int, int)
        Id, start of the payload, end of the payload (``UNKNOWN`` for an unknown size).

    Raises
    ------
    TruncatedError
        The header reaches beyond ``end``.
    StructureError
        There is no element here.
    """
    if position >= end:
        raise TruncatedError("an element is missing", position)
    element_id: int = data[position]
    id_length = _ID_LENGTHS[element_id]
    if not id_length:
        raise StructureError(f"no element begins with 0x{element_id:02X}", position)
    size_at = position + id_length
    if size_at >= end:
        raise TruncatedError("an element's header is cut", position)
    if id_length > 1:
        unpack = _UNPACK[id_length]
        element_id = unpack(data, position)[0] if unpack else int.from_bytes(data[position:size_at], "big")
    if element_id in _RESERVED_IDS:
        raise StructureError(f"0x{element_id:X} is no element id", position)
    size: int = data[size_at]
    size_length = _SIZE_LENGTHS[size]
    if not size_length:
        raise StructureError(f"element 0x{element_id:X} has no valid size", position)
    start = size_at + size_length
    if start > end:
        raise TruncatedError(f"the header of element 0x{element_id:X} is cut", position)
    if size_length > 1:
        unpack = _UNPACK[size_length]
        size = unpack(data, size_at)[0] if unpack else int.from_bytes(data[size_at:start], "big")
    mask = _SIZE_MASKS[size_length]
    size &= mask
    return element_id, start, UNKNOWN if size == mask else start + size


def read_vint(data: bytes | memoryview, start: int, end: int) -> tuple[int, int]:
    """Read a number of variable length, as blocks give their track; return it and where it ends."""
    if start >= end:
        raise TruncatedError("a number is missing", start)
    length = _SIZE_LENGTHS[data[start]]
    if not length:
        raise StructureError("a number has no valid length", start)
    if start + length > end:
        raise TruncatedError("a number is cut", start)
    return int.from_bytes(data[start : start + length], "big") & _SIZE_MASKS[length], start + length


def children(data: bytes | memoryview, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int]]:
    """Walk the elements in ``data[start:end]``, each of a known size that fits.

    Yields
    ------
    tuple of (int, int, int)
        Id, start and end of the payload.

    Raises
    ------
    TruncatedError
        An element reaches beyond ``end``.
    StructureError
        There is no element, or one of unknown size.
    """
    position = start
    end = len(data) if end is None else end
    while position < end:
        element_id, payload, stop = read_element(data, position, end)
        if stop == UNKNOWN:
            raise StructureError(f"element 0x{element_id:X} must not be of unknown size", position)
        if stop > end:
            raise TruncatedError(
                f"element 0x{element_id:X} asks for {stop - payload} bytes where {end - payload} are left", position
            )
        yield element_id, payload, stop
        position = stop


def read_uint(data: bytes | memoryview, start: int, end: int) -> int:
    """Read an unsigned integer of 0 to 8 bytes."""
    if end - start > 8:
        raise MkvError(f"an unsigned integer has {end - start} bytes", start)
    return int.from_bytes(data[start:end], "big")


def read_float(data: bytes | memoryview, start: int, end: int) -> float:
    """Read a float of 0, 4 or 8 bytes."""
    if start == end:
        return 0.0
    if end - start == 4:
        return float(_FLOAT.unpack_from(data, start)[0])
    if end - start == 8:
        return float(_DOUBLE.unpack_from(data, start)[0])
    raise MkvError(f"a float has {end - start} bytes", start)


def read_bytes(data: bytes | memoryview, start: int, end: int) -> bytes:
    """Copy a binary value of at most ``MAX_VALUE_BYTES`` bytes."""
    if end - start > MAX_VALUE_BYTES:
        raise MkvError(f"a value has {end - start} bytes, more than {MAX_VALUE_BYTES}", start)
    return bytes(data[start:end])


def read_string(data: bytes | memoryview, start: int, end: int) -> str:
    """Read text, ended by its first NUL if it has one; bytes that are not UTF-8 become U+FFFD."""
    text = read_bytes(data, start, end)
    if 0 in text:
        text = text.partition(b"\0")[0]
    return text.decode("utf-8", "replace")
