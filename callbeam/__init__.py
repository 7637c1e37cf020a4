"""Phone-call audio in Amazon Kinesis Video Streams, turned into Parquet tables with Apache Beam."""

__version__ = "0.1.0"
