#!/bin/sh
# What the virtual printer does with one document ($1, attributes in IPP_*): ippeveprinter runs this as its print
# command and reads reasons and attributes from its standard error. Files in $PRINTER_CONTROL make it misbehave:
#   reasons/KEYWORD    the printer stops for this reason until the file is gone
#   hold               the job is held up, without a reason, until the file is gone
#   impressions        how many impressions to report before that
#   delay              seconds that each document takes
#   abort, abort-once  the job fails
# Only builtins run in the quick case: it costs the start of a shell, about 2 ms.

# A job that was held up may have been canceled meanwhile, which ippeveprinter tells only to who asks.
stop_if_over() {
    [ -d "/proc/$PPID" ] || exit 1 # the power was cut
    ipptool -q -d "job=$IPP_JOB_ID" "$IPP_JOB_PRINTER_URI" "${0%/*}/canceled.test" && exit 0
}

said=""
while :; do
    now=""
    for file in "$PRINTER_CONTROL"/reasons/*; do
        [ -e "$file" ] && now="$now ${file##*/} "
    done
    for reason in $now; do
        case "$said" in *" $reason "*) ;; *) echo "STATE: +$reason" >&2 ;; esac
    done
    for reason in $said; do
        case "$now" in *" $reason "*) ;; *) echo "STATE: -$reason" >&2 ;; esac
    done
    said="$now"
    if [ -e "$PRINTER_CONTROL/impressions" ]; then
        read -r impressions <"$PRINTER_CONTROL/impressions" && echo "ATTR: job-impressions-completed=$impressions" >&2
    fi
    [ -z "$now" ] && [ ! -e "$PRINTER_CONTROL/hold" ] && break
    sleep 0.05
    stop_if_over
done

if [ -e "$PRINTER_CONTROL/delay" ]; then
    read -r delay <"$PRINTER_CONTROL/delay" && sleep "$delay"
    stop_if_over
fi
if [ -e "$PRINTER_CONTROL/abort-once" ]; then
    rm "$PRINTER_CONTROL/abort-once"
    exit 1
fi
[ -e "$PRINTER_CONTROL/abort" ] && exit 1

export -p >"$1.attributes"
echo "$1" >>"$PRINTER_PAPER" # the ground truth: one line for each document that is on paper
