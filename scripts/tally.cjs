'use strict';
/** Counts vitest's JSON report for the closing line. What stopped tests from running at all counts as failed: silence is not success. */
const fs = require('node:fs');

function readReport(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    return { trouble: error.message };
  }
}

/** @returns {{passed: number, failed: number, skipped: number, notes: string[]}} */
function countTests(file, exitCode) {
  const report = readReport(file);
  const tally = { passed: 0, failed: 0, skipped: 0, notes: [] };
  const fail = (note) => {
    tally.failed += 1;
    tally.notes.push(note);
  };
  if (report.trouble !== undefined) {
    fail(`vitest left no report (exit code ${exitCode}): ${report.trouble}`);
    return tally;
  }
  for (const suite of report.testResults) {
    const before = tally.failed;
    for (const { status } of suite.assertionResults) {
      if (status === 'passed') tally.passed += 1;
      else if (status === 'failed') tally.failed += 1;
      else tally.skipped += 1;
    }
    if (suite.status === 'failed' && tally.failed === before) fail(`${suite.name} failed outside its tests.`);
  }
  if (tally.passed + tally.failed === 0) fail('No test ran.');
  if (exitCode !== 0 && tally.failed === 0) fail(`vitest ended with ${exitCode} although no test failed: see its errors above.`);
  return tally;
}

function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

module.exports = { countTests, closingLine };
