#!/usr/bin/env bash
# Makes every secret that a deployment of Tickgate needs, a file each: docs/SECRETS.md. Needs openssl, and nothing that is running.
set -euo pipefail
umask 077

usage='Makes the secrets of a deployment, a file each, readable by their owner alone, in a folder for each service: app, postgres, redis.

  scripts/generate-secrets.sh [FOLDER]                  FOLDER: docker/secrets where nothing is said; it must not be there yet, or be empty and yours alone
  scripts/generate-secrets.sh --rotate [FOLDER]         other passwords, and further keys: what is sealed with the old ones still opens, and the
                                                        key of the audit log stays as it is. Owners, groups and modes stay as well
  scripts/generate-secrets.sh --certificates [FOLDER]   other certificates and another authority of TLS inside: every service has to start anew

  --group GID   files are readable by this group as well (what containers need: docs/DEPLOYMENT.md); to be run as root

Where neither is said nothing that is there is changed: the command refuses, exit status 73.'

# sysexits.h
readonly usage_status=64 exists_status=73 unavailable_status=69

# new, rotate or certificates
task=new
group=''
folder=''
wrong() {
  printf '%s\n\n%s\n' "$1" "$usage" >&2
  exit "$usage_status"
}
while [[ $# -gt 0 ]]; do
  case $1 in
    --rotate | --certificates)
      [[ $task == new ]] || wrong 'Say one of --rotate and --certificates.'
      task=${1#--}
      ;;
    --group)
      group=${2:-}
      [[ $group =~ ^[0-9]+$ ]] || { echo "Say which group, by its number: --group 10001" >&2; exit "$usage_status"; }
      shift
      ;;
    --help) echo "$usage"; exit 0 ;;
    -*) wrong "$1 is unknown." ;;
    *)
      [[ -z $folder ]] || wrong 'Name one folder.'
      folder=$1
      ;;
  esac
  shift
done
[[ $task == new || -z $group ]] || wrong 'Files that are replaced keep their group.'
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${folder:-$project/docker/secrets}

command -v openssl >/dev/null || { echo "openssl is missing: apt-get install openssl" >&2; exit "$unavailable_status"; }

# By the service that reads them, which is given its folder and no other. The first is nobody's but the operator's.
readonly rotated=(
  access_token_private_key
  app/credential_keys app/password_peppers app/audit_key app/database_url app/migration_database_url app/redis_url
  postgres/postgres_superuser_password postgres/postgres_owner_password postgres/postgres_server_password
  redis/redis_users
)
readonly certificates=(
  app/internal_ca postgres/postgres_cert postgres/postgres_key redis/internal_ca redis/redis_cert redis/redis_key
)
case $task in
  new) files=("${rotated[@]}" "${certificates[@]}") ;;
  rotate) files=("${rotated[@]}") ;;
  certificates) files=("${certificates[@]}") ;;
esac
readonly files

if [[ $task == new ]]; then
  # A folder that is there is somebody's, and its mode is left alone: so it has to be an empty one that nobody else can enter.
  if [[ -e $folder && ! (-d $folder && -O $folder && $(stat -c %a "$folder") == 700) ]]; then
    echo "$folder is there already, and not a folder of yours that others are kept out of: name one that is not there yet. Nothing was changed." >&2
    exit "$exists_status"
  fi
  present=$(ls -A "$folder" 2>/dev/null || true)
  if [[ -n $present ]]; then
    echo "$folder holds ${present//$'\n'/ } already. --rotate and --certificates make new ones; nothing was changed." >&2
    exit "$exists_status"
  fi
else
  for file in "${files[@]}"; do
    [[ -s $folder/$file ]] && continue
    echo "$folder/$file is missing: there is nothing to replace, and nothing was changed." >&2
    exit "$exists_status"
  done
fi

mkdir -p "$folder"
# Everything is made there first: a run that is cut off has changed nothing.
draft=$(mktemp -d "$folder/.draft.XXXXXX")
trap 'rm -rf "$draft"' EXIT
mkdir "$draft/app" "$draft/postgres" "$draft/redis"

key() { openssl rand -base64 32; }
# 256 bits in letters that need no escaping in a URL.
password() { openssl rand -hex 32; }
put() { printf '%s\n' "$2" >"$draft/$1"; }

# Lists of id:key, newest first: the new one is put before those that are there.
keys() {
  local old=''
  [[ $task == new ]] || old=$(<"$folder/$1")
  # Where Vault's key seals, another one of ours would take that back: it is rotated there.
  if [[ $old =~ ^[^:,[:space:]]+:transit:// ]]; then
    put "$1" "$old"
    return
  fi
  put "$1" "$2-$(openssl rand -hex 4):$(key)${old:+,$'\n'$old}"
}

make_keys_and_passwords() {
  keys app/credential_keys k
  keys app/password_peppers p
  # The log is one chain under one key: another key would leave it unproven (docs/AUDIT.md).
  if [[ $task == rotate ]]; then cp "$folder/app/audit_key" "$draft/app/audit_key"; else put app/audit_key "$(key)"; fi
  # A ring of keys begins with it. One that is there goes on by itself: npm run keys:rotate.
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$draft/access_token_private_key" 2>/dev/null

  local server owner redis hash
  server=$(password)
  owner=$(password)
  redis=$(password)
  put postgres/postgres_superuser_password "$(password)"
  put postgres/postgres_owner_password "$owner"
  put postgres/postgres_server_password "$server"
  put app/database_url "postgres://tickgate_server:$server@postgres:5432/tickgate?sslmode=verify-full"
  put app/migration_database_url "postgres://tickgate_owner:$owner@postgres:5432/tickgate?sslmode=verify-full"
  put app/redis_url "rediss://tickgate:$redis@redis:6379"
  # Redis is given what the password hashes to.
  hash=$(printf '%s' "$redis" | openssl dgst -sha256 -r)
  sed "s/^\(user tickgate on resetpass\)/\1 #${hash%% *}/" "$project/docker/redis/users.acl" >"$draft/redis/redis_users"
}

# TLS inside: an authority that signs these two certificates and is thrown away, so that nobody can have it sign another.
make_certificates() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 397 -subj '/CN=Tickgate internal' \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign' \
    -addext 'nameConstraints=critical,permitted;DNS:postgres,permitted;DNS:redis' \
    -keyout "$draft/authority.key" -out "$draft/app/internal_ca" 2>/dev/null
  cp "$draft/app/internal_ca" "$draft/redis/internal_ca"
  local name
  for name in postgres redis; do
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "/CN=$name" \
      -keyout "$draft/$name/${name}_key" -out "$draft/$name.csr" 2>/dev/null
    openssl x509 -req -in "$draft/$name.csr" -CA "$draft/app/internal_ca" -CAkey "$draft/authority.key" -days 397 \
      -set_serial "0x$(openssl rand -hex 16)" -out "$draft/$name/${name}_cert" 2>/dev/null \
      -extfile <(printf '%s\n' "subjectAltName=DNS:$name" 'basicConstraints=critical,CA:FALSE' 'extendedKeyUsage=serverAuth')
  done
}

[[ $task == certificates ]] || make_keys_and_passwords
[[ $task == rotate ]] || make_certificates

for file in "${files[@]}"; do
  if [[ $task == new ]]; then
    chmod 600 "$draft/$file"
    if [[ -n $group ]]; then
      chgrp "$group" "$draft/$file"
      chmod 640 "$draft/$file"
    fi
  else
    # Whoever read the old one reads the new one. Before anything is replaced: who may not give a file away learns it here.
    chown --reference="$folder/$file" "$draft/$file"
    chmod --reference="$folder/$file" "$draft/$file"
  fi
done
if [[ $task == new ]]; then
  for service in app postgres redis; do
    mkdir "$folder/$service"
    [[ -z $group ]] || { chgrp "$group" "$folder/$service" && chmod 750 "$folder/$service"; }
  done
fi
# Each file at once: whoever reads meanwhile has the old one or the new one.
for file in "${files[@]}"; do mv -f "$draft/$file" "$folder/$file"; done

echo "${#files[@]} secrets are in $folder."
case $task in
  new) echo 'Keep a copy of app/credential_keys and app/audit_key apart from the database: nothing replaces them.' ;;
  rotate)
    echo 'Keep a copy of app/credential_keys apart from the database: nothing replaces it. A server takes new keys within a minute by itself.'
    echo 'Now tell PostgreSQL and Redis their new passwords: docs/DEPLOYMENT.md, "Other secrets".'
    ;;
  certificates) echo 'Who runs still has the old ones: start every service anew now, or the next one that starts alone is not believed.' ;;
esac
