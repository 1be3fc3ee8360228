#!/usr/bin/env bash
# Fills the sets of docker/nftables.conf with the addresses that the names of a list have now: docker/fillEgress.sh [egress.txt].
# Run it after the rules are loaded and every few minutes from then on (docs/DEPLOYMENT.md has the timer). An address that is seen again lives on,
# one that is not is let go by the set itself a day later; so a name that does not resolve for an hour closes nothing.
set -euo pipefail
# cron's is /usr/bin:/bin, and nft is in neither.
PATH="$PATH:/usr/sbin:/sbin"

list=${1:-$(dirname "$0")/egress.txt}
failed=0
lines=()

while read -r purpose name rest; do
  [[ -z $purpose || $purpose == \#* ]] && continue
  if [[ ! $purpose =~ ^(dns|https|mail|time)$ || ! $name =~ ^[A-Za-z0-9.:-]+$ || -n $rest ]]; then
    echo "fillEgress.sh: not a purpose and a name: $purpose $name $rest" >&2
    exit 65
  fi
  lines+=("$purpose $name")
done <"$list"

# Adds what the lines of the purposes that a pattern names lead to.
fill() {
  local batch='' line purpose name addresses address set
  for line in "${lines[@]}"; do
    read -r purpose name <<<"$line"
    [[ $purpose =~ ^($1)$ ]] || continue
    addresses=$(getent ahosts "$name" | cut -d' ' -f1 | sort -u) || true
    if [[ -z $addresses ]]; then
      echo "fillEgress.sh: $name has no address now; those known from before stay" >&2
      failed=1
      continue
    fi
    for address in $addresses; do
      set=${purpose}4
      [[ $address == *:* ]] && set=${purpose}6
      # Adding again what is there would leave it its old end: it is taken out and put in, in one transaction.
      batch+="add element inet tickgate $set { $address }"$'\n'
      batch+="delete element inet tickgate $set { $address }"$'\n'
      batch+="add element inet tickgate $set { $address }"$'\n'
    done
  done
  nft -f - <<<"$batch"
}

# The resolvers first: until they are let out, no name has an address.
fill dns
fill 'https|mail|time'
exit $failed
