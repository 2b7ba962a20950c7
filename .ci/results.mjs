// Sums the results of all suites under a folder (or of one file): trx of dotnet test, JSON of vitest, and "broken", a line per suite that broke off.
// Prints "passed failed skipped"; with --tell the fixtures that took longest, the failures by name and then the last line of ./test, and exits 1 unless
// something ran and nothing failed.
import fs from 'node:fs';
import path from 'node:path';

const tell = process.argv[2] === '--tell';
const root = process.argv[tell ? 3 : 2];
const counts = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const seconds = new Map();

const text = xml => xml.replace(/&#x([0-9A-Fa-f]+);/g, (_, code) => String.fromCodePoint(parseInt(code, 16)))
  .replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&amp;/g, '&');
const indented = words => words.trimEnd().split('\n').slice(0, 25).map(line => `      ${line}`).join('\n');

function add(outcome, suite, name, message) {
  counts[outcome]++;
  if (outcome === 'failed') { failures.push(`${suite}: ${name}\n${indented(message)}`); }
}

function readTrx(file) {
  const suite = path.basename(file, '.trx');
  const xml = fs.readFileSync(file, 'utf8');
  const classes = new Map([...xml.matchAll(/<UnitTest\b[^>]*\bid="([^"]*)"[\s\S]*?\bclassName="([^",]*)/g)].map(([, id, name]) => [id, text(name)]));
  const results = xml.matchAll(/<UnitTestResult\b([^>]*?)(?:\/>|>([\s\S]*?)<\/UnitTestResult>)/g);
  for (const [, attributes, body = ''] of results) {
    const outcome = /\boutcome="([^"]*)"/.exec(attributes)?.[1];
    const fixture = classes.get(/\btestId="([^"]*)"/.exec(attributes)?.[1])?.replace(/^PropertyServiceDesk\.Tests\./, '') ?? '';
    const [, h = 0, m = 0, s = 0] = /\bduration="(\d+):(\d+):([\d.]+)"/.exec(attributes) ?? [];
    seconds.set(`${suite} ${fixture}`, (seconds.get(`${suite} ${fixture}`) ?? 0) + h * 3600 + m * 60 + Number(s));
    const name = `${fixture} ` + text(/\btestName="([^"]*)"/.exec(attributes)?.[1] ?? '?');
    const message = text(/<Message>([\s\S]*?)<\/Message>/.exec(body)?.[1] ?? '') + '\n' + text(/<StackTrace>([\s\S]*?)<\/StackTrace>/.exec(body)?.[1] ?? '');
    add(outcome === 'Passed' ? 'passed' : outcome === 'NotExecuted' ? 'skipped' : 'failed', `PostgreSQL ${suite}`, name, message);
  }
}

function readVitest(file) {
  for (const suite of JSON.parse(fs.readFileSync(file, 'utf8')).testResults) {
    if (suite.status === 'failed' && suite.assertionResults.length === 0) { add('failed', 'web', suite.name, suite.message ?? ''); }
    for (const test of suite.assertionResults) {
      add(test.status === 'passed' || test.status === 'failed' ? test.status : 'skipped', 'web', test.fullName, (test.failureMessages ?? []).join('\n'));
    }
  }
}

function read(entry) {
  if (!fs.existsSync(entry)) { return; }
  if (fs.statSync(entry).isDirectory()) { fs.readdirSync(entry).sort().forEach(name => read(path.join(entry, name))); }
  else if (entry.endsWith('.trx')) { readTrx(entry); }
  else if (entry.endsWith('.json')) { readVitest(entry); }
  else if (path.basename(entry) === 'broken') {
    fs.readFileSync(entry, 'utf8').trim().split('\n').forEach(line => add('failed', 'broken off', line, ''));
  }
}

read(root);
if (!tell) {
  console.log(`${counts.passed} ${counts.failed} ${counts.skipped}`);
} else {
  const longest = [...seconds].sort((a, b) => b[1] - a[1]).slice(0, 12).filter(([, took]) => took > 20);
  if (longest.length > 0) { console.log(`\nLongest: ${longest.map(([fixture, took]) => `${fixture} ${Math.round(took)} s`).join(', ')}`); }
  if (failures.length > 0) { console.log(`\nFailed:\n${failures.map(failure => `  ${failure}`).join('\n')}`); }
  if (counts.passed + counts.failed === 0) { console.log('\nNo test ran.'); }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
}
