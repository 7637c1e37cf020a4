#!/bin/sh
# Runners start the image with options of Beam's boot (--id=..., --worker_pool); all else is a command to run.
set -eu
case "${1:---help}" in
--help) exec callbeam --help ;;
-*) exec /opt/apache/beam/boot "$@" ;;
*) exec "$@" ;;
esac
