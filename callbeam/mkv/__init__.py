"""Matroska as KVS delivers it: a reader that copies no payload, and a writer for each producer's dialect."""
