"""Kinesis Video Streams: finding streams, listing and reading fragments, planning what a job reads."""
