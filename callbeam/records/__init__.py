"""Calls as their systems know them: records of Amazon Connect, Amazon Chime Voice Connectors and Live Call Analytics.

``read_records`` takes files of any of them, mixed and in any order, and gives contacts: where their audio is, who was
on the line when, and what to join them on. Telephone numbers, SIP URIs and names are read only to be dropped.
``docs/sources/`` says which records are read, and in which forms.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
