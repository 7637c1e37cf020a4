#!/usr/bin/env bash
# Gets what tests run callbeam on, from package registries, into ~/.cache/callbeam/engines or $CALLBEAM_ENGINES:
# Beam's Prism, a Beam job server for Flink, Flink itself, versitygw, an S3 server, Iceberg's reference of a REST catalog,
# and DuckDB with its extension for Iceberg. What is there is kept. Names (get_engines.sh versitygw-1.8.0) get only these.
# Needs Go for Prism and versitygw; a JDK 11 or newer and Maven for Flink and the catalog; pip. About 5 minutes the first time.
set -uo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
engines="${CALLBEAM_ENGINES:-$HOME/.cache/callbeam/engines}"
python="$(realpath -s "$(command -v "${PYTHON:-python3}")")"
mkdir -p "$engines"
cd "$engines"
wanted=" $* "
failed=0

get() { # NAME FUNCTION: runs a function in a folder of its own, which counts only when all of it is there
  local name="$1"
  if [ "$wanted" != "  " ] && [[ "$wanted" != *" $name "* ]]; then return; fi
  if [ -e "$name" ]; then return; fi
  rm -rf "$name.part" && mkdir "$name.part"
  if (set -e; cd "$name.part"; "$2") >"$name.log" 2>&1; then
    mv "$name.part" "$name"
    echo "engines: $name is in $engines"
  else
    rm -rf "$name.part"
    echo "engines: $name could not be had; $engines/$name.log says why" >&2
    failed=1
  fi
}

prism() { GOBIN="$PWD" go install -p 2 "github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0"; }

versitygw() { GOBIN="$PWD" go install -p 2 "github.com/versity/versitygw/cmd/versitygw@v1.8.0"; }

# The released job servers are not in every registry; the library they are made of is.
job_server() {
  cp "$here/job-server.pom.xml" pom.xml
  mvn -q -B package
  mv target/job-server.jar . && rm -rf target
}

# The libraries of Flink as its Python package brings them: all that a cluster needs but scripts to start it.
flink() {
  "$python" -m pip download -q --no-deps --no-binary :all: -d . apache-flink-libraries==1.19.3
  tar -xzf apache*flink*1.19.3.tar.gz --strip-components=1
  mv deps/lib lib && rm -rf apache*flink*.tar.gz deps pyflink
}

# The server that Iceberg's own clients are tested with is in no registry; the library of tests that it is made of is.
rest_catalog() {
  cp "$here/rest_catalog/"* .
  mvn -q -B package
  mv target/rest-catalog.jar lib/ && rm -rf target
}

# Extensions fit one version of DuckDB, and are packaged later than that is; they are no part of the set-up.
duckdb_iceberg() {
  "$python" -m pip install -q --target . duckdb==1.5.5 duckdb-extension-{iceberg,avro,httpfs}==1.5.5 pytz
}

# Go compiles for as long as all the others take together.
(
  get prism-2.77.0 prism
  get versitygw-1.8.0 versitygw
  exit "$failed"
) &
compiling=$!
get job-server-1.19-2.62.0 job_server
get flink-1.19.3 flink
get rest-catalog-1.10.1 rest_catalog
get "duckdb-iceberg-1.5.5-$("$python" -c 'import sys; print(sys.implementation.cache_tag)')" duckdb_iceberg
wait "$compiling" || failed=1
exit "$failed"
