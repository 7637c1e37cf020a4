from .cli import main as main
from .command_line import instant as instant

__all__ = [
    "instant",
    "main",
]
