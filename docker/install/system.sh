#!/bin/sh
# What all images stand on: Python, authorities, zones, and a user who owns nothing but his data.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get upgrade -y --no-install-recommends
apt-get install -y --no-install-recommends python3 ca-certificates tzdata
groupadd --gid 10001 printbus
useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin printbus
install -d -m 0755 /opt/printbus /etc/printbus
install -d -m 0750 -o printbus -g printbus /var/lib/printbus
# Nobody becomes more than he is.
find / -xdev -type f -perm /6000 -exec chmod a-s {} +
sh /install/clean.sh
