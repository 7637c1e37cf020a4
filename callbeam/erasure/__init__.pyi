from .output_erasure import Erasure as Erasure
from .output_erasure import forget as forget

__all__ = ["Erasure", "forget"]
