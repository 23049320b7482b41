#!/bin/sh
# What the converter works with: LibreOffice without windows, a browser without windows (and what its driver links with), XPS, fonts.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends \
    libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui libreoffice-draw-nogui python3-uno \
    chromium-headless-shell libatomic1 \
    libgxps-utils \
    fontconfig fonts-noto-cjk fonts-wqy-zenhei fonts-crosextra-carlito fonts-crosextra-caladea fonts-liberation2 fonts-dejavu-core
fc-cache -s # a root that cannot be written to keeps no cache of fonts
find / -xdev -type f -perm /6000 -exec chmod a-s {} + # a browser that finds namespaces needs no helper with a root's rights
sh /install/clean.sh
