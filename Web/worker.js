// Keeps the crews' pages on the telephone, so that they open where there is no line: the page itself and the files of its first view, which
// are the same for everybody. What the API says is never touched here, and never kept here: that is the pages' own, under the person's name.
const name = 'crew-' + '__VERSION__';
const files = ['__FILES__'];
const beside = ['/icon.svg', '/icon-192.png', '/manifest.webmanifest'];
const page = '/index.html';
const patience = 4000;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(name)
      .then((cache) => cache.addAll([page, ...files, ...beside].map((f) => new Request(f, { cache: f.startsWith('/assets/') ? 'default' : 'reload', credentials: 'omit' }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((all) => Promise.all(all.filter((n) => n.startsWith('crew-') && n !== name).map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  );
});

const isCrews = (path) => path === '/' || path === '/crew' || path.startsWith('/crew/') || path.startsWith('/work-orders/');

async function ofPage(request, path) {
  const cache = await caches.open(name);
  const kept = await cache.match(page);
  if (!kept) return fetch(request);
  // The crews' own address is answered at once: page and files are of one version. The others may be the desk's.
  if (path === '/crew' || path.startsWith('/crew/')) return kept;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patience);
  try {
    const reply = await fetch(request, { signal: stop.signal });
    return reply.status >= 500 ? kept : reply;
  } catch {
    return kept;
  } finally {
    clearTimeout(timer);
  }
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || url.pathname.startsWith('/api/')) return;
  if (request.mode === 'navigate') {
    if (isCrews(url.pathname)) event.respondWith(ofPage(request, url.pathname));
  } else if (files.includes(url.pathname) || beside.includes(url.pathname)) {
    event.respondWith(caches.open(name).then((cache) => cache.match(url.pathname)).then((kept) => kept ?? fetch(request)));
  }
});
