#!/bin/sh
# What the agent speaks to CUPS with: the library of CUPS clients, and no server.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -o APT::Update::Error-Mode=any -o Acquire::Retries=3
apt-get install -y --no-install-recommends libcups2
sh /install/clean.sh
