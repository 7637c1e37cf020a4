"""What a person runs: each file composes transforms and owns its command line."""
