#!/usr/bin/env bash
# Installs the object stores that others wrote, for the system tests: Versity's S3 gateway and gofakes3 (need Go), moto (needs Python 3).
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$PWD/node_modules/.cache/system-tools
mkdir -p "$tools/bin"
if [ ! -x "$tools/bin/versitygw" ]; then
  GOBIN=$tools/bin go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
fi
if [ ! -x "$tools/bin/gofakes3" ]; then
  GOBIN=$tools/bin go install github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0
fi
if [ ! -x "$tools/moto/bin/flask" ]; then
  python3 -m venv "$tools/moto"
  "$tools/moto/bin/pip" install --quiet 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.5
fi
