'use strict';

// A part of jest, and of no use without the jest that it comes with.
const Sequencer = require('@jest/test-sequencer').default;

/** Test files that take longest, in that order: half a minute to two. Where one of them is begun last, it runs alone at the end. */
const longest = [
  'trading/faults/kill',
  'trading/simulation/simulation',
  'trading/faults/twoNodes',
  'trading/faults/reconciliation',
  'main/recordedMarket',
  'trading/outsideMoney',
  'simulator/replay',
  'exchanges/paper/paperDays',
  'feeds/staleness',
  'storage/killedProcess',
  'operations/auditTampering',
  'trading/faults/lostReplies',
  'trading/faults/clockSkew',
  'trading/faults/halt',
  'cli/commands',
  'feeds/orderBookFaults',
  'server/streamAuthority',
  'trading/swapStrangers',
  'main/transit',
  'docs/securityCommands',
  'scripts/start',
  'security/hostileInputs',
];

const place = (test) => longest.findIndex((name) => test.path.endsWith(`/test/${name}.test.ts`));

/** jest's own order, by what is known of the last run, else by size, behind the files that are known to be long. */
class LongestFirst extends Sequencer {
  sort(tests) {
    const rest = super.sort(tests).filter((test) => place(test) < 0);
    const first = tests.filter((test) => place(test) >= 0).sort((one, other) => place(one) - place(other));
    return [...first, ...rest];
  }
}

module.exports = LongestFirst;
