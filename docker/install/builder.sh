#!/bin/sh
# What packages of Python are installed and compiled with; no image of ours is made from it.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends python3-venv python3-dev gcc libc6-dev libcups2-dev
