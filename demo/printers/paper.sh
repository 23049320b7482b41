#!/bin/sh
# A CUPS backend that is a printer with a memory: paper:/FOLDER keeps the bytes of each job in FOLDER and writes a line
# to FOLDER/log when a job starts and when it ends: what the log says is what came out of the device. Files in FOLDER
# make it misbehave:
#   delay   seconds that each job takes between its start and its end
#   hold    jobs stay between start and end until the file is gone
#   fail    jobs end without paper, and CUPS is told so

if [ $# -eq 0 ]; then
    echo 'direct paper:/ "Unknown" "A printer with a memory"'
    exit 0
fi

folder="${DEVICE_URI#paper:}"
folder="${folder%%\?*}"
title=$(printf '%s' "$3" | tr '\t\r\n' '   ')
kept="$folder/$1-$$.bytes"

note() { printf '%s\t%s\t%s\t%s\n' "$1" "$job" "$kept" "$title" >>"$folder/log"; }

job="$1"
if [ -e "$folder/fail" ]; then
    note FAIL
    exit 1
fi
note START
cat -- "${6:--}" >"$kept"
[ -e "$folder/delay" ] && read -r delay <"$folder/delay" && sleep "$delay"
read -r owner <"$folder/owner"
while [ -e "$folder/hold" ] && [ -d "/proc/$owner" ]; do sleep 0.05; done
note END
