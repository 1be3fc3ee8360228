#!/usr/bin/env bash
# Says for each certificate file how much of its lifetime is left. Fails where it is less than a third, which tells that renewal does not
# work, whether it was made for 90 days or for 6; where it has not begun; and where it cannot be read.
set -euo pipefail

if [[ $# == 0 ]]; then
  echo "usage: $0 CERTIFICATE.pem…" >&2
  exit 64
fi

status=0
now=$(date +%s)
for file in "$@"; do
  if ! dates=$(openssl x509 -in "$file" -noout -startdate -enddate 2>/dev/null); then
    echo "UNREADABLE $file: this is no certificate"
    status=1
    continue
  fi
  begin=$(date -d "$(sed -n 's/^notBefore=//p' <<<"$dates")" +%s)
  end=$(date -d "$(sed -n 's/^notAfter=//p' <<<"$dates")" +%s)
  told="$(((end - now) / 86400)) of $(((end - begin) / 86400)) days left"
  if ((now < begin)); then
    echo "NOT YET VALID $file"
    status=1
  elif ((now >= end)); then
    echo "EXPIRED $file: since $(date -u -d "@$end" +%F)"
    status=1
  elif (((end - now) * 3 < end - begin)); then
    echo "RENEW $file: $told, less than a third: look at certbot's log"
    status=1
  else
    echo "ok $file: $told"
  fi
done
exit "$status"
