'use strict';

const { execFileSync } = require('node:child_process');
const { writeSync } = require('node:fs');

/** The longest file takes two minutes; a machine may be several times slower. */
const longestFileMs = 15 * 60_000;
const longestEndMs = 60_000;
const lookEveryMs = 5_000;

/**
 * Ends a run that hangs and says where, with the numbers by then: a file that does not end, whose worker blocks even jest's own timeouts; a
 * run that is ended from outside; and jest itself, where something that a test began keeps it from ending when everything has been run.
 */
class HangReporter {
  #running = new Map();
  #passed = 0;
  #failed = 0;

  onRunStart() {
    // It comes more than once: to the group, and from npm, which passes it on.
    process.on('SIGTERM', () => this.#end('The run was ended from outside.'));
    setInterval(() => {
      const stuck = [...this.#running].find(([, startedAt]) => Date.now() - startedAt > longestFileMs);
      if (stuck !== undefined) this.#end(`${stuck[0]} does not end.`);
    }, lookEveryMs).unref();
  }

  onTestFileStart({ path: file }) {
    this.#running.set(file, Date.now());
  }

  onTestFileResult({ path: file }, { numPassingTests, numFailingTests, testExecError }) {
    this.#running.delete(file);
    this.#passed += numPassingTests;
    this.#failed += numFailingTests + (testExecError === undefined ? 0 : 1);
  }

  onRunComplete() {
    setTimeout(() => {
      say('Every file has been run, but something keeps jest from ending:');
      for (const { line } of descendants()) say(`  ${line}`);
      say(`  ${process.getActiveResourcesInfo().join(', ')}`);
      killDescendants();
      process.exit();
    }, longestEndMs).unref();
  }

  #end(why) {
    for (const { line } of descendants()) say(`  ${line}`);
    for (const [file, startedAt] of this.#running)
      say(`FAIL ${file}: running for ${Math.round((Date.now() - startedAt) / 1000)} s`);
    say(why);
    killDescendants();
    writeSync(1, `${this.#passed} passed, ${this.#failed + this.#running.size} failed\n`);
    process.exit(1);
  }
}

/** jest keeps back what is written to its streams. */
function say(line) {
  writeSync(2, `${line}\n`);
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

function killDescendants() {
  for (const { pid } of descendants()) signal(pid, 'SIGKILL');
}

/** The processes that this one began, and those that they began; none where there is no `ps`. */
function descendants() {
  let table;
  try {
    table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,etime=,time=,args='], { encoding: 'utf8' });
  } catch {
    return [];
  }
  const rows = table
    .split('\n')
    .map((line) => ({ line: line.slice(0, 200), ids: /^\s*(\d+)\s+(\d+)/.exec(line) }))
    .filter(({ ids, line }) => ids !== null && !line.includes(' ps -A '))
    .map(({ line, ids }) => ({ line, pid: Number(ids[1]), parent: Number(ids[2]) }));
  const childrenOf = (parent) => rows.filter((row) => row.parent === parent);
  const found = childrenOf(process.pid);
  for (const row of found) found.push(...childrenOf(row.pid));
  return found;
}

module.exports = HangReporter;
