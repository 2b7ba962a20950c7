// A real SMTP server on a free port of this machine: node server.mjs [--tls [--certificate FILE --key FILE]] [--sign-in NAME:PASSWORD]
// Says "listening PORT", then each message that it took as a line of JSON. What it answers depends on the recipient's name:
// nobody@ does not exist, later@ is busy, slow@ is never answered.
import { readFileSync } from 'node:fs';
import { SMTPServer } from 'smtp-server';

const signIn = process.argv.includes('--sign-in') ? process.argv[process.argv.indexOf('--sign-in') + 1] : null;

const after = (name) => (process.argv.includes(name) ? readFileSync(process.argv[process.argv.indexOf(name) + 1]) : undefined);
const own = after('--certificate') ? { cert: after('--certificate'), key: after('--key') } : {};

const refusal = (code, words) => Object.assign(new Error(words), { responseCode: code });

const server = new SMTPServer({
  ...own,
  disabledCommands: [...(process.argv.includes('--tls') ? [] : ['STARTTLS']), ...(signIn ? [] : ['AUTH'])],
  allowInsecureAuth: true,
  authOptional: !signIn,
  logger: false,
  onAuth: (auth, _session, done) => (`${auth.username}:${auth.password}` === signIn ? done(null, { user: auth.username }) : done(refusal(535, 'wrong'))),
  onRcptTo: ({ address }, _session, done) => {
    const name = address.split('@')[0];
    if (name === 'nobody') done(refusal(550, 'no such user'));
    else if (name === 'later') done(refusal(451, 'try again later'));
    else if (name !== 'slow') done();
  },
  onData: (stream, session, done) => {
    const parts = [];
    stream.on('data', (part) => parts.push(part));
    stream.on('end', () => {
      console.log(JSON.stringify({ from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map((r) => r.address), secure: session.secure, user: session.user ?? null, mail: Buffer.concat(parts).toString('utf8') }));
      done();
    });
  },
});
server.on('error', (e) => console.error(e.message));
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.server.address().port}`));
process.stdin.on('end', () => process.exit(0)).resume();
