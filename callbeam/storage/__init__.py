"""Objects in a folder or on S3, Parquet files, manifests, publishing."""
