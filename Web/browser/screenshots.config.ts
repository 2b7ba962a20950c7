import { defineConfig } from 'vitest/config';

/**
 * `npm run screenshots` beside a running `./run`: takes the pictures of the README anew from the demo's people (docs/images).
 * DESK_URL, DESK_PEOPLE and DESK_CHROMIUM as for the browser tests; by default the demo at http://127.0.0.1:5080.
 */
export default defineConfig({ test: { include: ['browser/screenshots.ts'], testTimeout: 120_000, hookTimeout: 60_000 } });
