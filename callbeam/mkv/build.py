"""Building blocks of EBML: sizes, ids, elements."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from callbeam.errors import CallbeamError
from callbeam.mkv import ids

if TYPE_CHECKING:
    from collections.abc import Sequence

AWS_SIZE_LENGTH = 4
"""KVS writes the sizes of its tags' elements with 4 bytes."""


class MkvWriteError(CallbeamError):
    """What was asked for cannot be written in this dialect."""


def size_vint(size: int, length: int | None = None) -> bytes:
    """Encode an element's size with ``length`` bytes, or with the fewest.

    Raises
    ------
    MkvWriteError
        The size needs more bytes.
    """
    if length is None:
        length = next(n for n in range(1, 10) if size < (1 << 7 * n) - 1)
    if not 1 <= length <= 8 or size >= (1 << 7 * length) - 1:
        raise MkvWriteError(f"a size of {size} does not fit a length of {length} bytes; use a longer one")
    return (size | 1 << 7 * length).to_bytes(length, "big")


def unknown_size(length: int) -> bytes:
    """Encode an unknown size with ``length`` bytes: all ones."""
    return ((1 << 7 * length + 1) - 1).to_bytes(length, "big")


def element_id_bytes(element_id: int) -> bytes:
    """Encode an element id, which carries its own length."""
    return element_id.to_bytes((element_id.bit_length() + 7) // 8, "big")


def element(element_id: int, payload: bytes, size_length: int | None = None) -> bytes:
    """Write an element of known size, its size with ``size_length`` bytes or with the fewest."""
    return element_id_bytes(element_id) + size_vint(len(payload), size_length) + payload


def master(element_id: int, payload: bytes, *, size_length: int | None, known_size: bool) -> bytes:
    """Write a master element of known size, or of unknown size where ``known_size`` is False."""
    if known_size:
        return element(element_id, payload, size_length)
    return element_id_bytes(element_id) + unknown_size(size_length or 8) + payload


def uint_element(element_id: int, value: int, length: int | None = None) -> bytes:
    """Write an unsigned integer with ``length`` bytes or with the fewest, at least one."""
    return element(element_id, value.to_bytes(length or max(1, (value.bit_length() + 7) // 8), "big"))


def string_element(element_id: int, text: str, *, pad_to: int = 0, size_length: int | None = None) -> bytes:
    """Write UTF-8 text, padded with NUL to ``pad_to`` bytes."""
    return element(element_id, text.encode().ljust(pad_to, b"\0"), size_length)


def simple_tag(name: str, value: str, size_length: int | None, string_size_length: int | None) -> bytes:
    """Write a SimpleTag."""
    payload = string_element(ids.TAG_NAME, name, size_length=string_size_length)
    payload += string_element(ids.TAG_STRING, value, size_length=string_size_length)
    return element(ids.SIMPLE_TAG, payload, size_length)


def with_crc(payload: bytes) -> bytes:
    """Put a CRC-32 element, of all that follows it, before a master's payload."""
    return element(ids.CRC_32, struct.pack("<I", zlib.crc32(payload))) + payload


def aws_tags_element(tags: Sequence[tuple[str, str]]) -> bytes:
    """Write a Tags element as KVS writes its own: one Tag, every size on 4 bytes, no Targets."""
    simple = b"".join(simple_tag(name, value, AWS_SIZE_LENGTH, AWS_SIZE_LENGTH) for name, value in tags)
    return element(ids.TAGS, element(ids.TAG, simple, AWS_SIZE_LENGTH), AWS_SIZE_LENGTH)
