#!/usr/bin/env bash
# The firewall of docker/nftables.conf for a host that keeps to ufw: docker/ufw.sh NETWORK… (those that may use SSH, e.g. 192.0.2.0/24).
# With --cloudflare nginx/clients/cloudflare.conf before them, 80 and 443 are open to Cloudflare's ranges alone.
# One thing is weaker: ufw knows no sets that follow names, so what goes out is let out by its port and not by its address. May be run again.
# `npm run check:firewall -- --ufw` tries it between network namespaces.
set -euo pipefail

clients=any
if [[ ${1:-} == --cloudflare ]]; then
  clients=$("$(dirname "$0")/admitCloudflare.sh" --ranges "${2:-}")
  shift 2
fi
if [[ $# == 0 ]]; then
  echo "Say which networks may use SSH, or you lock yourself out: $0 192.0.2.0/24 …" >&2
  exit 64
fi
# Connections of one address that may be open at once; docker/nftables.conf says why so many. Cloudflare's are those of many clients.
at_once=256

ufw default deny incoming
ufw default reject outgoing
ufw default deny routed
# Those that an earlier run let in may be others.
ufw show added | sed -n -e 's/^ufw \(.*80,443.*\)/\1/p' -e 's/^ufw \(allow from .* to any port 22 proto tcp\)$/\1/p' | while read -ra rule; do ufw delete "${rule[@]}" </dev/null; done
for client in $clients; do ufw allow proto tcp from "$client" to any port 80,443; done
for network in "$@"; do ufw allow proto tcp from "$network" to any port 22; done
ufw allow out to any port 53
ufw allow out proto tcp to any port 443,465,587
ufw allow out proto udp to any port 123

# What ufw has no words for goes into its files, between these lines.
begin='# BEGIN tickgate'
end='# END tickgate'
put() { # into a file: what is on standard input
  sed -i "/^$begin\$/,/^$end\$/d" "$1"
  { echo "$begin"; echo '*filter'; cat; echo COMMIT; echo "$end"; } >>"$1"
}
for version in '' 6; do
  mask=32
  [[ $version == 6 ]] && mask=64
  many="-m connlimit --connlimit-above $at_once --connlimit-mask $mask --connlimit-saddr -j REJECT --reject-with tcp-reset"
  [[ $clients == any ]] || many=''
  # Without a line that declares the chain: that would empty it.
  echo "${many:+-A ufw$version-before-input -p tcp -m multiport --dports 80,443 -m conntrack --ctstate NEW $many}" |
    put "/etc/ufw/before$version.rules"
  # Docker opens what a container publishes past every rule for input. DOCKER-USER is the one place that it asks first, and leaves alone.
  {
    echo ':DOCKER-USER - [0:0]'
    echo '-A DOCKER-USER -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN'
    for port in 80 443; do
      published="-A DOCKER-USER -p tcp -m conntrack --ctstate DNAT --ctorigdstport $port"
      [[ -z $many ]] || echo "$published $many"
      for client in $clients; do
        if [[ $client == any ]]; then echo "$published -j RETURN"; continue; fi
        if [[ $client == *:* ]]; then of=6; else of=''; fi
        [[ $of != "$version" ]] || echo "$published -s $client -j RETURN"
      done
    done
    cat <<END
-A DOCKER-USER -i br-+ -o br-+ -j RETURN
-A DOCKER-USER -i br-+ -p tcp -m multiport --dports 53,443,465,587 -j RETURN
-A DOCKER-USER -i br-+ -p udp -m multiport --dports 53,123 -j RETURN
-A DOCKER-USER -i docker0 -p tcp -m multiport --dports 53,443 -j RETURN
-A DOCKER-USER -i docker0 -p udp --dport 53 -j RETURN
-A DOCKER-USER -m limit --limit 6/min --limit-burst 12 -j LOG --log-prefix "tickgate through: "
-A DOCKER-USER -j DROP
:ufw$version-after-output - [0:0]
-A ufw$version-after-output -o br-+ -j ACCEPT
-A ufw$version-after-output -o docker0 -j ACCEPT
END
  } | put "/etc/ufw/after$version.rules"
done

ufw logging low
ufw --force enable
ufw reload
echo 'In force now, with what was here before (ufw delete … what is not meant, an "allow OpenSSH" above all):'
ufw show added
