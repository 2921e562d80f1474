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

const kindOf = (status) => (status === 'passed' || status === 'failed' ? status : 'skipped');

/** @returns {{passed: number, failed: number, skipped: number, notes: string[]}} */
function countTests(file, exitCode) {
  const tally = { passed: 0, failed: 0, skipped: 0, notes: [] };
  const fail = (note) => {
    tally.failed += 1;
    tally.notes.push(note);
  };
  const report = readReport(file);
  if (report.trouble !== undefined) {
    fail(`vitest left no report (exit code ${exitCode}): ${report.trouble}`);
    return tally;
  }
  for (const suite of report.testResults) {
    const kinds = suite.assertionResults.map(({ status }) => kindOf(status));
    for (const kind of kinds) tally[kind] += 1;
    if (suite.status === 'failed' && !kinds.includes('failed')) fail(`${suite.name} failed outside its tests.`);
  }
  if (tally.passed + tally.failed === 0) fail('No test ran.');
  if (exitCode !== 0 && tally.failed === 0) fail(`vitest ended with ${exitCode} although no test failed: see its errors above.`);
  return tally;
}

function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

module.exports = { countTests, closingLine };
