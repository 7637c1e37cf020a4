#!/usr/bin/env bash
# Gets the schema of the Flink Kubernetes Operator's FlinkDeployment, as an npm package (MIT, 9 MB) that was generated
# from the operator's own definitions; test_kubernetes.py holds the files in deploy/ to it.
set -euo pipefail
home="${CALLBEAM_ENGINES:-$HOME/.cache/callbeam/engines}/flink-schema-1.0.1"
[ -d "$home/node_modules/@kubernetes-models/flink" ] && exit 0
command -v npm >/dev/null || { echo "npm is not installed: FlinkDeployment is not held to its schema" >&2; exit 1; }
mkdir -p "$home"
cd "$home"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$home" @kubernetes-models/flink@1.0.1
