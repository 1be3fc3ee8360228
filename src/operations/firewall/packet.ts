/** Where a packet comes from or goes to, by its interface: the world, or one of Docker's bridges. */
export type Side = 'outside' | 'containers';

export const protocols = ['tcp', 'udp', 'other'] as const;

/** The first packet of a connection, as far as a rule can ask for it. What is not said here a rule may find to be either way. */
export interface Packet {
  readonly family: 4 | 6;
  /** "other": one that no rule names. */
  readonly protocol: (typeof protocols)[number];
  /** Where it was sent to, before anything was rewritten. */
  readonly port: number;
  /** Whether its destination was rewritten (DNAT), as Docker does for ports that containers publish. */
  readonly isRewritten: boolean;
  /** Null: this host itself. */
  readonly from: Side | null;
  readonly to: Side | null;
  /** Which of its two addresses is the other's, and whether rules may name that one: "anybody" has one that none names. */
  readonly other: { readonly end: 'source' | 'destination'; readonly address: 'anybody' | 'named' };
}

/** Whether a packet is meant; null where it depends on what nobody knows of it. */
export type Match = (packet: Packet) => boolean | null;

export type Verdict =
  /** "perhaps": what cannot be judged, which may accept it. */
  | { readonly kind: 'accept' | 'drop' | 'return' | 'perhaps' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string };

export interface Rule {
  readonly matches: readonly Match[];
  /** Null: it counts, logs or marks, and goes on. */
  readonly verdict: Verdict | null;
}

/** What is asked first at a hook. */
export interface BaseChain {
  readonly hook: 'input' | 'forward' | 'output';
  readonly families: readonly Packet['family'][];
  readonly policy: 'accept' | 'drop';
  readonly rules: readonly Rule[];
  /** The others of its table, by name. */
  readonly chains: ReadonlyMap<string, readonly Rule[]>;
}

/** The rules of a host. */
export interface Ruleset {
  readonly chains: readonly BaseChain[];
  /** Ports at which something may begin to differ. */
  readonly borders: readonly number[];
  /** What was not understood, and may accept everything. */
  readonly unclear: readonly string[];
}

/**
 * Whether such a packet may get through. True where that cannot be told, so that false is sure: each chain of a hook is asked, and one that
 * drops it is enough, whatever the others say.
 */
export function mayPass(packet: Packet, hook: BaseChain['hook'], { chains }: Ruleset): boolean {
  return chains
    .filter((chain) => chain.hook === hook && chain.families.includes(packet.family))
    .every((chain) => {
      const { accepts, goesOn } = walk(packet, chain.rules, chain.chains);
      return accepts || (goesOn && chain.policy === 'accept');
    });
}

/** What may become of a packet in a chain: that it is accepted, and that the chain is left without a verdict. */
function walk(
  packet: Packet,
  rules: readonly Rule[],
  chains: BaseChain['chains'],
): { readonly accepts: boolean; readonly goesOn: boolean } {
  let accepts = false;
  let returns = false;
  for (const { matches, verdict } of rules) {
    const isMeant = all(matches, packet);
    if (isMeant === false || verdict === null) continue;
    let ends = true;
    if ('chain' in verdict) {
      const target = chains.get(verdict.chain);
      const found = target === undefined ? { accepts: true, goesOn: true } : walk(packet, target, chains);
      accepts ||= found.accepts;
      if (verdict.kind === 'goto') returns ||= found.goesOn;
      else ends = !found.goesOn;
    } else {
      accepts ||= verdict.kind === 'accept' || verdict.kind === 'perhaps';
      returns ||= verdict.kind === 'return';
    }
    if (isMeant === true && ends) return { accepts, goesOn: returns };
  }
  return { accepts, goesOn: true };
}

function all(matches: readonly Match[], packet: Packet): boolean | null {
  let isSure = true;
  for (const match of matches) {
    const found = match(packet);
    if (found === false) return false;
    isSure &&= found === true;
  }
  return isSure ? true : null;
}
