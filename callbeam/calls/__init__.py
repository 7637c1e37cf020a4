"""Whose call is it: identity, legs, ownership, the clock, and following calls through fragments."""
