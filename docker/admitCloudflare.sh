#!/usr/bin/env bash
# Prints what docker/nftables.conf includes where clients come through Cloudflare: its ranges, and that nobody else may come to 80 and 443.
# docker/admitCloudflare.sh [--ranges] nginx/clients/cloudflare.conf. With --ranges: the ranges alone, one a line, as docker/ufw.sh wants them.
set -euo pipefail

form=nft
if [[ ${1:-} == --ranges ]]; then
  form=ranges
  shift
fi
if [[ $# != 1 || ! -r $1 ]]; then
  echo "usage: $0 [--ranges] nginx/clients/cloudflare.conf" >&2
  exit 64
fi
# Somebody else's addresses would be let in, and Cloudflare kept out.
if ! grep -q '^# Made by .*; fetched on ' "$1"; then
  echo "The ranges in $1 have not been fetched from Cloudflare: npm run cloudflare:ranges, then again." >&2
  exit 65
fi

ranges=$(sed -n 's/^set_real_ip_from \([0-9a-f.:]*\/[0-9]*\);$/\1/p' "$1")
if [[ $form == ranges ]]; then
  echo "$ranges"
  exit
fi
grep '^# Made by ' "$1"
for range in $ranges; do
  set=cloudflare4
  [[ $range == *:* ]] && set=cloudflare6
  echo "add element inet tickgate $set { $range }"
done
echo 'add rule inet tickgate clients drop'
