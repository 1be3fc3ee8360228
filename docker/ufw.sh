#!/usr/bin/env bash
# The firewall of docker/nftables.conf for a host that keeps to ufw: docker/ufw.sh NETWORK… (those that may use SSH, e.g. 192.0.2.0/24).
# One thing is weaker: ufw knows no sets that follow names, so what goes out is let out by its port and not by its address. May be run again.
# `npm run check:firewall -- --ufw` tries it between network namespaces.
set -euo pipefail

if [[ $# == 0 ]]; then
  echo "Say which networks may use SSH, or you lock yourself out: $0 192.0.2.0/24 …" >&2
  exit 64
fi

ufw default deny incoming
ufw default reject outgoing
ufw default deny routed
ufw allow proto tcp to any port 80,443
for network in "$@"; do ufw allow proto tcp from "$network" to any port 22; done
ufw allow out to any port 53
ufw allow out proto tcp to any port 443,465,587
ufw allow out proto udp to any port 123

# Docker opens what a container publishes past every rule for input. DOCKER-USER is the one place that it asks first, and leaves alone.
begin='# BEGIN tickgate'
end='# END tickgate'
for file in /etc/ufw/after.rules /etc/ufw/after6.rules; do
  sed -i "/^$begin\$/,/^$end\$/d" "$file"
  family=ufw
  [[ $file == *6.rules ]] && family=ufw6
  cat >>"$file" <<END
$begin
*filter
:DOCKER-USER - [0:0]
-A DOCKER-USER -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
-A DOCKER-USER -p tcp -m conntrack --ctstate DNAT --ctorigdstport 80 -j RETURN
-A DOCKER-USER -p tcp -m conntrack --ctstate DNAT --ctorigdstport 443 -j RETURN
-A DOCKER-USER -i br-+ -o br-+ -j RETURN
-A DOCKER-USER -i br-+ -p tcp -m multiport --dports 53,443,465,587 -j RETURN
-A DOCKER-USER -i br-+ -p udp -m multiport --dports 53,123 -j RETURN
-A DOCKER-USER -i docker0 -p tcp -m multiport --dports 53,443 -j RETURN
-A DOCKER-USER -i docker0 -p udp --dport 53 -j RETURN
-A DOCKER-USER -m limit --limit 6/min --limit-burst 12 -j LOG --log-prefix "tickgate through: "
-A DOCKER-USER -j DROP
:$family-after-output - [0:0]
-A $family-after-output -o br-+ -j ACCEPT
-A $family-after-output -o docker0 -j ACCEPT
COMMIT
$end
END
done

ufw logging low
ufw --force enable
ufw reload
