'use strict';

const needs = require('./needs.json');

const mark = /\[needs ([a-z-]+)\]$/;

/** Closes a run with the tests that were skipped for want of something, what it is, and how to get it. */
class NeedsReporter {
  onRunComplete(_contexts, results) {
    const missing = skippedByNeed(results.testResults);
    if (missing.size === 0) return;
    const lines = [...missing].flatMap(([need, suites]) => [
      `  ${need}: ${needs[need].install}`,
      ...[...suites].map(([suite, count]) => `    ${suite} (${count} ${count === 1 ? 'test' : 'tests'})`),
    ]);
    process.stderr.write(`\nSkipped, because something is missing here:\n${lines.join('\n')}\n`);
  }
}

/** need → suite → number of tests skipped. */
function skippedByNeed(testResults) {
  const missing = new Map();
  for (const test of testResults.flatMap((file) => file.testResults)) {
    const marked = test.ancestorTitles.find((title) => mark.test(title));
    const need = marked && mark.exec(marked)[1];
    if (!need || test.status !== 'pending') continue;
    const suites = missing.get(need) ?? new Map();
    const suite = marked.replace(mark, '').trim();
    suites.set(suite, (suites.get(suite) ?? 0) + 1);
    missing.set(need, suites);
  }
  return missing;
}

module.exports = NeedsReporter;
