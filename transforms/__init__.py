"""The steps of a job, in order; each takes and gives a PCollection.

``ReadFromKinesisVideo`` works on its own in any Beam pipeline; the others make up ``callbeam backfill``.
"""

from callbeam.transforms.analyse_channels import AnalyseChannels as AnalyseChannels
from callbeam.transforms.assemble_calls import AssembleCalls as AssembleCalls
from callbeam.transforms.decode_tracks import DecodeTracks as DecodeTracks
from callbeam.transforms.plan_reads import PlanReads as PlanReads
from callbeam.transforms.publish_tables import PublishTables as PublishTables
from callbeam.transforms.read_fragments import ReadFragments as ReadFragments
from callbeam.transforms.read_from_kinesis_video import ReadFromKinesisVideo as ReadFromKinesisVideo
from callbeam.transforms.window_features import WindowConfig as WindowConfig
from callbeam.transforms.window_features import WindowFeatures as WindowFeatures
from callbeam.transforms.write_tables import WriteTables as WriteTables
