#!/bin/sh
# Makes this checkout ready to run: Debian packages, a virtual environment in .venv, a look at the result.
# A second run finds the stamp of the first and ends at once. Its own log files lie in .setup/.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "setup: $*" >&2
    exit 1
}

# Runs a command with its output in a log; every few seconds says how many lines match the pattern, and the last one.
with_progress() { # label pattern log command...
    label=$1 pattern=$2 log=$3
    shift 3
    echo "setup: $label"
    "$@" >"$log" 2>&1 9>&- &
    child=$!
    trap 'kill $child 2>/dev/null; exit 130' INT TERM
    ticks=0
    while kill -0 $child 2>/dev/null; do
        sleep 0.5
        ticks=$((ticks + 1))
        [ $((ticks % 10)) -ne 0 ] ||
            echo "       $(grep -c "$pattern" "$log" || true) done; $(grep -v ^WARNING "$log" | tail -n 1 | cut -c 1-70)"
    done
    trap - INT TERM
    wait $child || {
        tail -n 15 "$log" >&2
        fail "that failed; the whole log is in $log"
    }
}

# The packages of the list that dpkg does not know as installed.
missing_packages() {
    wanted=$(sed 's/#.*//' setup/apt-packages.txt)
    # shellcheck disable=SC2086  # one word per package
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' $wanted 2>/dev/null |
        sed -n 's/ installed$//p' | sort -u >.setup/installed.txt || true
    echo "$wanted" | tr -s ' ' '\n' | sed '/^$/d' | sort -u | comm -23 - .setup/installed.txt | tr '\n' ' '
}

running() { # process name
    cat /proc/[0-9]*/comm 2>/dev/null | grep -qx "$1"
}

install_packages() { # packages...
    if [ "$(id -u)" -eq 0 ]; then
        sudo=
    elif command -v sudo >/dev/null; then
        sudo=sudo
    else
        fail "these Debian packages are missing, and neither root nor sudo is at hand: $*
       Ask an administrator for: apt-get install --no-install-recommends $*"
    fi
    idle=
    running cupsd || idle="$idle cups"
    running postgres || idle="$idle postgresql"
    running prometheus || idle="$idle prometheus"
    with_progress "asking Debian for its list of packages" '^Get:' .setup/apt.log $sudo apt-get update
    with_progress "installing $# Debian packages and what they need" '^Setting up' .setup/apt.log \
        $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@"
    # Debian starts the servers that it installs. Printbus starts private ones, so those that did not run before stop.
    for service in $idle; do
        $sudo service "$service" stop >>.setup/apt.log 2>&1 || true
    done
}

new_enough() { # python
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    fail "no Python of version 3.11 or newer was found; install one, or name it: make setup PYTHON=/path/to/python3"
}

make_environment() { # python
    # An environment that was moved here with its folder still runs the programs of the old place.
    if ! new_enough .venv/bin/python || ! grep -qF "$(pwd)/.venv" .venv/bin/activate 2>/dev/null; then
        echo "setup: making .venv with $1 ($("$1" -V))"
        "$1" -m venv --clear .venv 2>.setup/venv.log >&2 || {
            cat .setup/venv.log >&2
            fail "$1 could not make a virtual environment; its venv or ensurepip is missing (see above)"
        }
    fi
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >.setup/venv.log 2>&1 ||
        fail ".venv has no pip and could not get one; remove .venv and try again (log: .setup/venv.log)"
    total=$(grep -c '^[a-z0-9].*==' requirements.lock)
    with_progress "installing up to $total Python packages (a few minutes the first time)" \
        '^Collecting\|^Processing\|already satisfied' .setup/pip.log \
        .venv/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off --no-deps --no-compile \
        --require-hashes -r requirements.lock
    # Engines run as users who may not write there. The Graph SDK is left out: ten thousand modules, of which few are imported.
    .venv/bin/python -m compileall -qq -j 0 -x '/(msgraph|mypy|mypyc|pip|setuptools)/' .venv/lib || :
}

# What the result depends on: the lists, these scripts, and the interpreter of the environment.
fingerprint() {
    cat setup/* requirements.lock | sha256sum
    .venv/bin/python -VV 2>&1 || true
}

mkdir -p .setup
exec 9>.setup/lock
! command -v flock >/dev/null || flock 9 # two at once would install over each other
packages=
! command -v dpkg-query >/dev/null || packages=$(missing_packages)
if [ -z "$packages" ] && [ "$(fingerprint)" = "$(cat .venv/setup-stamp 2>/dev/null)" ]; then
    exit 0
fi
rm -f .venv/setup-stamp
# shellcheck disable=SC2086  # one word per package
[ -z "$packages" ] || install_packages $packages
python=$(find_python)
make_environment "$python"
.venv/bin/python setup/verify.py || fail "something is missing (see above)"
fingerprint >.venv/setup-stamp
echo "setup: ready"
