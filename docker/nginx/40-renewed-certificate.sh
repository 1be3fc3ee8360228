#!/bin/sh
# Run by nginx's image before nginx: has it read a renewed certificate, without a signal from the container that renews it, which so needs
# no way into this one. A reload keeps every open connection.
set -eu

fingerprint() {
  cksum "$TLS_CERTIFICATE" "$TLS_CERTIFICATE_KEY" 2>/dev/null || true
}

watch() {
  served=$1
  while sleep "${CERTIFICATE_CHECK_S:-30}"; do
    found=$(fingerprint)
    # A pair that does not belong together yet, because one of the two is being written, is looked at again.
    if [ "$found" != "$served" ] && nginx -t -q && nginx -s reload; then
      served=$found
      echo "40-renewed-certificate.sh: nginx has read the certificate anew"
    fi
  done
}

watch "$(fingerprint)" &
