#!/bin/sh
# What is of no use in an image: lists and packages of apt, its logs, manuals.
set -eu
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log /var/log/alternatives.log
rm -rf /usr/share/man/* /usr/share/info/* /usr/share/lintian /root/.cache
find /usr/share/doc -type f ! -name copyright -delete
