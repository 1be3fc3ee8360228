#!/usr/bin/env bash
# Makes every secret that a deployment of Tickgate needs, a file each: docs/SECRETS.md. Needs openssl, and nothing that is running.
set -euo pipefail
umask 077

usage='Makes the secrets of a deployment, a file each, readable by their owner alone.

  scripts/generate-secrets.sh [FOLDER]            FOLDER: docker/secrets where nothing is said
  scripts/generate-secrets.sh --rotate [FOLDER]   other passwords and certificates, and further keys: what is sealed with the old
                                                  ones still opens, and the key of the audit log stays as it is

  --group GID   files are readable by this group as well (what containers need: docs/DEPLOYMENT.md); to be run as root

Without --rotate nothing that is there is changed: the command refuses, exit status 73.'

# sysexits.h
readonly usage_status=64 exists_status=73 unavailable_status=69

rotate=false
group=''
folder=''
while [[ $# -gt 0 ]]; do
  case $1 in
    --rotate) rotate=true ;;
    --group)
      group=${2:-}
      [[ $group =~ ^[0-9]+$ ]] || { echo "Say which group, by its number: --group 10001" >&2; exit "$usage_status"; }
      shift
      ;;
    --help) echo "$usage"; exit 0 ;;
    -*) printf '%s\n\n%s\n' "$1 is unknown." "$usage" >&2; exit "$usage_status" ;;
    *)
      [[ -z $folder ]] || { printf '%s\n\n%s\n' "Name one folder." "$usage" >&2; exit "$usage_status"; }
      folder=$1
      ;;
  esac
  shift
done
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${folder:-$project/docker/secrets}

command -v openssl >/dev/null || { echo "openssl is missing: apt-get install openssl" >&2; exit "$unavailable_status"; }

readonly files=(
  access_token_private_key audit_key credential_keys password_peppers
  database_url migration_database_url redis_url
  postgres_superuser_password postgres_owner_password postgres_server_password redis_users.acl
  internal_ca.crt postgres.crt postgres.key redis.crt redis.key
)
present=()
for file in "${files[@]}"; do
  [[ ! -e $folder/$file ]] || present+=("$file")
done
if [[ $rotate == false && ${#present[@]} -gt 0 ]]; then
  echo "$folder holds ${present[*]} already. --rotate makes new ones; nothing was changed." >&2
  exit "$exists_status"
fi
if [[ $rotate == true ]]; then
  for file in credential_keys password_peppers audit_key; do
    [[ -s $folder/$file ]] || { echo "$folder/$file is missing: there is nothing to rotate." >&2; exit "$exists_status"; }
  done
fi

mkdir -p "$folder"
chmod 700 "$folder"
# Everything is made there first: a run that is cut off has changed nothing.
draft=$(mktemp -d "$folder/.draft.XXXXXX")
trap 'rm -rf "$draft"' EXIT

key() { openssl rand -base64 32; }
# 256 bits in letters that need no escaping in a URL.
password() { openssl rand -hex 32; }
put() { printf '%s\n' "$2" >"$draft/$1"; }

# Lists of id:key, newest first: the new one is put before those that are there.
keys() {
  local old=''
  [[ $rotate == false ]] || old=$(<"$folder/$1")
  # Where Vault's key seals, another one of ours would take that back: it is rotated there.
  if [[ $old =~ ^[^:,[:space:]]+:transit:// ]]; then
    put "$1" "$old"
    return
  fi
  put "$1" "$2-$(openssl rand -hex 4):$(key)${old:+,$'\n'$old}"
}
keys credential_keys k
keys password_peppers p

# The log is one chain under one key: another key would leave it unproven (docs/AUDIT.md).
if [[ $rotate == true ]]; then cp "$folder/audit_key" "$draft/audit_key"; else put audit_key "$(key)"; fi

# A ring of keys begins with it. One that is there goes on by itself: npm run keys:rotate.
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$draft/access_token_private_key" 2>/dev/null

server=$(password)
owner=$(password)
redis=$(password)
put postgres_superuser_password "$(password)"
put postgres_owner_password "$owner"
put postgres_server_password "$server"
put database_url "postgres://tickgate_server:$server@postgres:5432/tickgate?sslmode=verify-full"
put migration_database_url "postgres://tickgate_owner:$owner@postgres:5432/tickgate?sslmode=verify-full"
put redis_url "rediss://tickgate:$redis@redis:6379"
# Redis is given what the password hashes to.
hash=$(printf '%s' "$redis" | openssl dgst -sha256 -r)
sed "s/^\(user tickgate on resetpass\)/\1 #${hash%% *}/" "$project/docker/redis/users.acl" >"$draft/redis_users.acl"

# TLS inside: an authority that signs these two certificates and is thrown away, so that nobody can have it sign another.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 397 -subj '/CN=Tickgate internal' \
  -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign' \
  -addext 'nameConstraints=critical,permitted;DNS:postgres,permitted;DNS:redis' \
  -keyout "$draft/authority.key" -out "$draft/internal_ca.crt" 2>/dev/null
for name in postgres redis; do
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "/CN=$name" \
    -keyout "$draft/$name.key" -out "$draft/$name.csr" 2>/dev/null
  openssl x509 -req -in "$draft/$name.csr" -CA "$draft/internal_ca.crt" -CAkey "$draft/authority.key" -days 397 \
    -set_serial "0x$(openssl rand -hex 16)" -out "$draft/$name.crt" 2>/dev/null \
    -extfile <(printf '%s\n' "subjectAltName=DNS:$name" 'basicConstraints=critical,CA:FALSE' 'extendedKeyUsage=serverAuth')
  rm "$draft/$name.csr"
done
rm "$draft/authority.key"

chmod 600 "$draft"/*
if [[ -n $group ]]; then
  chgrp "$group" "$folder" "$draft"/*
  chmod 750 "$folder"
  chmod 640 "$draft"/*
fi
# Each file at once: whoever reads meanwhile has the old one or the new one.
for file in "${files[@]}"; do mv -f "$draft/$file" "$folder/$file"; done

echo "${#files[@]} secrets are in $folder. Keep a copy of credential_keys and audit_key apart from the database: nothing replaces them."
if [[ $rotate == true ]]; then
  echo 'Now tell PostgreSQL and Redis their new passwords; servers take them within a minute. docs/SECRETS.md says how.'
fi
