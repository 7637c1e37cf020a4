from .audio_export import Exported as Exported
from .audio_export import export_fragment as export_fragment
from .audio_export import export_job as export_job
from .call_audio import AUDIO_FORMATS as AUDIO_FORMATS
from .call_audio import ExportedCall as ExportedCall
from .destination import Destination as Destination
from .label_export import LABELS as LABELS
from .label_export import MANIFESTS as MANIFESTS
from .label_export import Labelled as Labelled
from .label_export import export_labels as export_labels

__all__ = [
    "AUDIO_FORMATS",
    "LABELS",
    "MANIFESTS",
    "Destination",
    "Exported",
    "ExportedCall",
    "Labelled",
    "export_fragment",
    "export_job",
    "export_labels",
]
