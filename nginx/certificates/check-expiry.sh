#!/bin/sh
# Says for each certificate file how much of its lifetime is left. Fails where it is less than a third, which tells that renewal does not
# work, whether it was made for 90 days or for 6; where it has not begun; and where it cannot be read. For any sh: containers have no bash.
set -eu

if [ $# = 0 ]; then
  echo "usage: $0 CERTIFICATE.pem…" >&2
  exit 64
fi

# When, in seconds: notBefore or notAfter.
at() {
  date -u -d "$(echo "$dates" | sed -n "s/^$1=\(.*\)Z$/\1/p")" +%s
}

status=0
now=$(date +%s)
for file in "$@"; do
  if ! dates=$(openssl x509 -in "$file" -noout -startdate -enddate -dateopt iso_8601 2>/dev/null); then
    echo "UNREADABLE $file: this is no certificate"
    status=1
    continue
  fi
  begin=$(at notBefore)
  end=$(at notAfter)
  told="$(((end - now) / 86400)) of $(((end - begin) / 86400)) days left"
  if [ "$now" -lt "$begin" ]; then
    echo "NOT YET VALID $file"
    status=1
  elif [ "$now" -ge "$end" ]; then
    echo "EXPIRED $file: since $(date -u -d "@$end" +%F)"
    status=1
  elif [ $(((end - now) * 3)) -lt $((end - begin)) ]; then
    echo "RENEW $file: $told, less than a third: look at certbot's log"
    status=1
  else
    echo "ok $file: $told"
  fi
done
exit "$status"
