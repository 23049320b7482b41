#!/bin/sh
# A CUPS backend that lets each job reach its device once. cupsd prints a job that was at its device from the beginning
# again when it was stopped or killed meanwhile; behind this guard such a job is held instead, for somebody to decide.
#
#   once:/FOLDER|DEVICE-URI    as a queue's device-uri; FOLDER keeps a file for each job that reached the device
#
# Install it as `once` in cupsd's backend folder, owned by root, mode 0700. See docs/runbooks/cups.md.

HOLD=3 # CUPS_BACKEND_HOLD
FAILED=1

if [ $# -eq 0 ]; then
    echo 'direct once "Unknown" "A guard against printing twice"'
    exit 0
fi

rest="${DEVICE_URI#once:}"
folder="${rest%%|*}"
device="${rest#*|}"
case "$folder|$device" in
/*"|"*:*) ;;
*)
    echo "ERROR: write the device-uri of this queue as once:/folder|scheme:address" >&2
    exit $FAILED
    ;;
esac
scheme="${device%%:*}"
backend="${CUPS_SERVERBIN:-/usr/lib/cups}/backend/$scheme"
case "$scheme" in */* | once | "") backend="" ;; esac
if [ ! -x "$backend" ]; then
    echo "ERROR: there is no backend for $scheme:" >&2
    exit $FAILED
fi

mkdir -p "$folder" || exit $FAILED
find "$folder" -name '*.start' -mtime +30 -delete 2>/dev/null
# The job's number alone could be given again after cupsd lost its state: its name belongs to the key.
key="$folder/$1-$(printf '%s' "$3" | sha256sum | cut -c1-16).start"
if ! (set -C && echo "$$" >"$key") 2>/dev/null; then
    echo "ERROR: job $1 has been at its device before: it may be on paper, so it is held" >&2
    echo "STATE: +paused-report" >&2
    exit $HOLD
fi
sync "$key" "$folder"

# The device's own signals must not end the guard before the backend: its exit status decides what may be tried again.
stopped=""
trap 'stopped=yes; kill -TERM "$child" 2>/dev/null' TERM
export DEVICE_URI="$device"
exec 9<&0
"$backend" "$@" <&9 9<&- &
child=$!
exec 9<&-
wait "$child"
status=$?
while kill -0 "$child" 2>/dev/null; do # a signal ended the waiting, not the backend
    wait "$child"
    status=$?
done

# A backend that failed by itself has not printed, or says so: it may try again. One that was stopped may have.
if [ "$status" -ne 0 ] && [ -z "$stopped" ] && [ "$status" -lt 128 ]; then
    rm -f "$key"
fi
exit "$status"
