#!/usr/bin/env bash
# certbot's deploy hook (--deploy-hook, or a link in /etc/letsencrypt/renewal-hooks/deploy): nginx takes up the new certificate, and
# connections that are open stay open. A configuration that does not hold is left alone, and certbot told so.
# NGINX_OPTIONS: for an nginx that does not run with Debian's files, e.g. "-p /srv/edge -c /srv/edge/nginx.conf".
set -euo pipefail

read -ra options <<<"${NGINX_OPTIONS:-}"
PATH="$PATH:/usr/sbin:/usr/local/sbin"
nginx -q "${options[@]}" -t
nginx -q "${options[@]}" -s reload
