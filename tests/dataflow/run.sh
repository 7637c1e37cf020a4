#!/usr/bin/env bash
# Passes the tests of Dataflow, in an environment of their own: what apache-beam[gcp] brings (68 packages, 300 MB) is
# nothing that the other tests should import. It lies over .venv, which ./run_tests.sh has set up. Options go to pytest.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -x .venv/bin/python ] || { echo "run ./run_tests.sh first: it sets .venv up" >&2; exit 2; }
layer=.venv/dataflow
if [ "$(cat "$layer/set_up" 2>/dev/null)" != "$(cat setup.py)" ]; then
  .venv/bin/python -m venv "$layer"
  site="$("$layer/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
  .venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$site/below.pth"
  if ! "$layer/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[dataflow]'; then
    echo "apache-beam[gcp] cannot be had: nothing of Dataflow is tested" >&2
    exit 0
  fi
  cp setup.py "$layer/set_up"
fi
exec "$layer/bin/python" -m pytest -n 0 tests/dataflow "$@"
