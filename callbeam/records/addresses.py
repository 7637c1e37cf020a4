"""Customers' addresses: telephone numbers and SIP URIs, read only to be keyed or dropped."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

from callbeam.errors import UsageError

SHORTEST_KEY = 16
"""Bytes that a secret of ``subject_key`` must have at least."""

_URI = re.compile(r"<?\s*(?:sips?|tel):([^@;>\s]+)", re.IGNORECASE)
_BETWEEN_DIGITS = dict.fromkeys(map(ord, " \t\r\n\u00a0\u202f().-/\u2010\u2011\u2012\u2013\u2014\u2015"))
_NUMBER = re.compile(r"\+?\d{3,15}", re.ASCII)
_TELLS_A_PERSON = re.compile(r"\+\s?\d[\d\s().\-]{5,}|\b(?:sips?|tel|mailto):|\S@\S", re.IGNORECASE)
_SIGNS = ("+", "@", "sip:", "sips:", "tel:", "mailto:")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_PROCESS_KEY = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a caller wants kept of what readers drop by themselves.

    Attributes
    ----------
    attributes : frozenset of str
        Names of contact attributes; all others are dropped. Of a named one, a value with a telephone number that
        begins with ``+``, an e-mail address or a SIP URI is dropped as well, and so is the customer's own number.
    subject_secret : bytes or None
        The key of ``subject_key``, at least 16 bytes; without one there are no subject keys.

    Raises
    ------
    UsageError
        If the secret is shorter.
    """

    attributes: frozenset[str] = frozenset()
    subject_secret: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.subject_secret is not None and len(self.subject_secret) < SHORTEST_KEY:
            raise UsageError(f"the key for subject keys is shorter than {SHORTEST_KEY} bytes")


def normalised_address(address: object) -> str | None:
    """Bring an address into the one form that its publishers' forms have in common.

    Parameters
    ----------
    address : object
        A telephone number, a SIP or tel URI, a header with one in angle brackets, or what else identifies a customer.

    Returns
    -------
    str or None
        Digits alone for a number, without ``+``, a leading ``00`` and what is between them; else the address in lower
        case without its scheme, host and parameters. None for null and empty ones.

    Examples
    --------
    >>> {normalised_address(each) for each in ("+1 206-555-0100", '"A" <sip:+12065550100@10.0.0.1>', "12065550100")}
    {'12065550100'}
    """
    if not isinstance(address, str) or not address.strip():
        return None
    found = _URI.search(address)
    user = found.group(1) if found else address.strip()
    number = user.translate(_BETWEEN_DIGITS)
    if _NUMBER.fullmatch(number):
        digits = number.lstrip("+")
        return digits[2:] if digits.startswith("00") and len(digits) > 8 else digits
    return user.lower()


def subject_key(address: object, secret: bytes | None) -> str | None:
    """Return a pseudonym of a customer that is the same in all records, and tells nothing without the secret.

    Parameters
    ----------
    address : object
        The customer's, in any form that ``normalised_address`` reads.
    secret : bytes or None
        The caller's key.

    Returns
    -------
    str or None
        HMAC-SHA256 (RFC 2104) of the normalised address in UTF-8, 64 hexadecimal digits; None without an address or a
        secret.

    Examples
    --------
    >>> subject_key("+12065550100", b"k" * 16) == subject_key("tel:+1-206-555-0100", b"k" * 16)
    True
    >>> subject_key("+12065550100", None) is None
    True
    """
    normalised = None if secret is None else normalised_address(address)
    if normalised is None or secret is None:
        return None
    return hmac.new(secret, normalised.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def opaque_key(address: object) -> str | None:
    """Return a key that tells only within this process whether two addresses are the same: its secret is random."""
    return subject_key(address, _PROCESS_KEY)


def harmless_text(value: object, own: str | None = None) -> str | None:
    """Return a text that tells no person, or None.

    Parameters
    ----------
    value : object
        Anything; numbers and truth values become text.
    own : str, optional
        A normalised address that must not be in it either, however it is written.

    Returns
    -------
    str or None
        None where it holds a telephone number that begins with ``+``, an e-mail address, a SIP or tel URI, or half a
        character.
    """
    if isinstance(value, (bool, int, float)):
        value = str(value)
    if not isinstance(value, str) or (not value.isascii() and _HALF_CHARACTER.search(value)):
        return None
    lowered = value.lower()
    if any(sign in lowered for sign in _SIGNS) and _TELLS_A_PERSON.search(value):
        return None
    return None if own and own in lowered.translate(_BETWEEN_DIGITS) else value


def kept_attributes(attributes: object, keeping: Keeping, address: object = None) -> tuple[tuple[str, str], ...]:
    """Return the contact attributes that the caller named, sorted; see ``Keeping``.

    Parameters
    ----------
    attributes : object
        The record's object of attributes, or null.
    keeping : Keeping
        Which to keep.
    address : object
        The customer's own: an attribute that holds it is dropped.
    """
    if not keeping.attributes or not isinstance(attributes, dict):
        return ()
    own = normalised_address(address)
    found = ((name, harmless_text(attributes[name], own)) for name in sorted(keeping.attributes & attributes.keys()))
    return tuple((name, value) for name, value in found if value is not None)
