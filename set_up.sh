# Sourced by run_local.sh and run_tests.sh: makes .venv once, and again only when what it installs has changed.
#   set_up EXTRAS     ("" or "[dev]")
set_up() {
  local extras="$1" python="" candidate want
  for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.10; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      python="$candidate"
      break
    fi
  done
  if [ -z "$python" ]; then
    echo "callbeam needs Python 3.10 or newer; set PYTHON to one" >&2
    return 2
  fi
  want="$(cat setup.py)$extras"
  if [ ! -x .venv/bin/callbeam ] || [ "$(cat ".venv/set_up$extras" 2>/dev/null)" != "$want" ]; then
    echo "setting up .venv (once, a few minutes) ..." >&2
    "$python" -m venv .venv || return 1
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".$extras" || return 1
    printf '%s' "$want" > ".venv/set_up$extras"
  fi
}
