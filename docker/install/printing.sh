#!/bin/sh
# What the agent speaks to CUPS with: the library of CUPS clients, and no server.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends libcups2
sh /install/clean.sh
