// What bash cannot ask the network itself: is a port free, which one is, does a database's address answer.
import net from 'node:net';
import fs from 'node:fs';

const [question, argument] = process.argv.slice(2);

const isFree = port => new Promise(answer => {
  const server = net.createServer();
  server.once('error', () => answer(false));
  server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => answer(true)));
});

// Below the range that the kernel hands to outgoing connections, so that nobody takes the port before its server binds it.
async function freePort() {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = 20000 + Math.floor(Math.random() * 10000);
    if (await isFree(port)) { return port; }
  }
  throw new Error('no free port between 20000 and 29999');
}

// key=value;key="va;lue" as ADO.NET writes it; keys without case and spaces.
function parsed(connection) {
  const settings = {};
  const pair = /\s*([^=;]+?)\s*=\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'|([^;]*?))\s*(?:;|$)/gy;
  const text = connection.trim();
  while (pair.lastIndex < text.length) {
    const found = pair.exec(text);
    if (!found) { return null; }
    settings[found[1].toLowerCase().replace(/\s/g, '')] = found[2] ?? found[3] ?? found[4];
  }
  return settings;
}

const answers = (host, port) => new Promise(answer => {
  if (host.startsWith('/')) { return answer(fs.existsSync(`${host}/.s.PGSQL.${port}`)); }
  const socket = net.connect({ host, port, timeout: 5000 });
  const end = result => { socket.destroy(); answer(result); };
  socket.once('connect', () => end(true)).once('timeout', () => end(false)).once('error', () => end(false));
});

// One sentence without an end when the address cannot be reached; it may be shown, so it never holds the password.
async function whatIsWrongWith(connection) {
  const settings = parsed(connection);
  const hosts = settings?.host ?? settings?.server;
  if (!hosts) { return 'is not a connection string with a Host (such as Host=db;Database=servicedesk;Username=desk;Password=…)'; }
  const tried = [];
  for (const entry of hosts.split(',')) {
    const split = /^(.*):(\d+)$/.exec(entry.trim());
    const host = split ? split[1] : entry.trim();
    const port = Number(split ? split[2] : settings.port ?? 5432);
    if (!(port > 0 && port < 65536)) { return `names a port that is none (${settings.port})`; }
    if (await answers(host, port)) { return ''; }
    tried.push(`${host}:${port}`);
  }
  return `names ${tried.join(', ')}, where no server answers`;
}

switch (question) {
  case 'free-port': console.log(await freePort()); break;
  case 'is-free': process.exit(await isFree(Number(argument)) ? 0 : 1); break;
  case 'reach': { const wrong = await whatIsWrongWith(argument); if (wrong) { console.log(wrong); process.exit(1); } break; }
  default: console.error('usage: net.mjs free-port | is-free PORT | reach CONNECTION'); process.exit(2);
}
