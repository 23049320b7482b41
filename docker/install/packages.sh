#!/bin/sh
# packages.sh NAMES LOCK: these packages in the versions of the lock file, and no other, in /opt/printbus/venv; compiled here, as
# nothing can be written there later.
set -eu
awk 'FNR == NR { wanted[$1]; next } /^[a-z0-9]/ { split($1, name, "=="); kept = name[1] in wanted } kept' "$1" "$2" >/tmp/wanted.lock
python3 -m venv --without-pip /opt/printbus/venv
python3 -m venv /tmp/pip
/tmp/pip/bin/pip --python /opt/printbus/venv/bin/python install --disable-pip-version-check --no-input --progress-bar off \
    --no-deps --no-compile --require-hashes -r /tmp/wanted.lock
/opt/printbus/venv/bin/python -m compileall -q /opt/printbus/venv/lib || :
rm -rf /tmp/pip /tmp/wanted.lock
