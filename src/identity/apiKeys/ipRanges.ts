import { BlockList, isIP } from 'node:net';

const bits = { ipv4: 32, ipv6: 128 } as const;

/** Addresses and CIDR ranges of IPv4 and IPv6. */
export class IpRanges {
  readonly #ranges = new BlockList();

  /** Text that is none is left out: see `parseIpRange`. */
  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const range = parseIpRange(text);
      if (range !== null) this.#ranges.addSubnet(range.address, range.prefix, range.family);
    }
  }

  /** ip: as `plainAddress` gives it. False for text that is no address. */
  has(ip: string): boolean {
    const family = familyOf(ip);
    return family !== null && this.#ranges.check(ip, family);
  }
}

export interface IpRange {
  readonly address: string;
  /** How many bits count. */
  readonly prefix: number;
  readonly family: keyof typeof bits;
}

/** `1.2.3.4`, `1.2.3.0/24`, `2001:db8::/32`. Null where it is none, also with a zone, a sign or blanks. */
export function parseIpRange(text: string): IpRange | null {
  const [, address = '', prefix] = /^([\da-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  if (family === null) return null;
  const counted = prefix === undefined ? bits[family] : Number(prefix);
  return counted <= bits[family] ? { address, prefix: counted, family } : null;
}

function familyOf(address: string): keyof typeof bits | null {
  switch (isIP(address)) {
    case 4:
      return 'ipv4';
    case 6:
      return 'ipv6';
    default:
      return null;
  }
}
