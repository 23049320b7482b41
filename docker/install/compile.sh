#!/bin/sh
# Our own code, compiled where nothing can be written later; readable by all, changed by nobody.
set -eu
find /opt/printbus -name __pycache__ -prune -exec rm -rf {} +
python3 -m compileall -q /opt/printbus/libs /opt/printbus/services
chmod -R a+rX,go-w /opt/printbus
