import { defineConfig } from 'vitest/config';

/** Against a desk that runs: DESK_URL, DESK_PEOPLE (a JSON object: who → [name, password]); see Tests/Browser. DESK_BROWSER names some of the files. One browser at a time. */
export default defineConfig({
  test: { include: process.env.DESK_BROWSER ? process.env.DESK_BROWSER.split(',').map((name) => `browser/${name}.test.ts`) : ['browser/*.test.ts'], fileParallelism: false, testTimeout: 120_000, hookTimeout: 60_000, reporters: ['default'] },
});
