#!/usr/bin/env bash
# Asks an image what a check of its Dockerfile cannot: who it runs as, what it can write to, how large it is.
set -euo pipefail
image="$1"
max_bytes=$((400 * 1024 * 1024))
node=(docker run --rm --read-only --cap-drop ALL --security-opt no-new-privileges --network none --entrypoint node "$image" --eval)

user="$("${node[@]}" 'console.log(process.getuid())')"
[[ "$user" == 10001 ]] || { echo "It runs as the user $user, not as 10001." >&2; exit 1; }
if "${node[@]}" 'require("node:fs").writeFileSync("/written", "")' 2>/dev/null; then
  echo 'Its root file system can be written to.' >&2
  exit 1
fi
bytes="$(docker image inspect --format '{{.Size}}' "$image")"
[[ "$bytes" -le "$max_bytes" ]] || { echo "It has $bytes bytes, more than $max_bytes." >&2; exit 1; }
echo "user $user, read-only, $((bytes / 1024 / 1024)) MB"
