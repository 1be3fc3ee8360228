'use strict';

const needs = require('./needs.json');

const mark = /\[needs ([a-z-]+)\]$/;

/** Closes a run: first the tests that were skipped for want of something and how to get it, then the numbers on a line of their own. */
class ClosingReporter {
  onRunComplete(_contexts, results) {
    // jest puts its own summary behind every reporter: these lines come after it, when the process ends.
    process.once('exit', () => {
      const missing = describeMissing(results.testResults);
      if (missing !== '') process.stderr.write(missing);
      process.stdout.write(`${countsOf(results)}\n`);
    });
  }
}

function describeMissing(testResults) {
  const missing = skippedByNeed(testResults);
  if (missing.size === 0) return '';
  const lines = [...missing].flatMap(([need, suites]) => [
    `  ${need}: ${needs[need].install}`,
    ...[...suites].map(([suite, count]) => `    ${suite} (${count} ${count === 1 ? 'test' : 'tests'})`),
  ]);
  return `\nSkipped, because something is missing here:\n${lines.join('\n')}\n\n`;
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

/** A file that could not be run at all counts as a failure. */
function countsOf(results) {
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests === 0 ? '' : `, ${results.numPendingTests} skipped`;
  return `${results.numPassedTests} passed, ${failed} failed${skipped}`;
}

module.exports = ClosingReporter;
