import { defineConfig } from 'vitest/config';

/** Against a desk that runs: DESK_URL, DESK_PEOPLE (a JSON object: who → [name, password]); see Tests/Browser. One browser at a time. */
export default defineConfig({
  test: { include: ['browser/*.test.ts'], fileParallelism: false, testTimeout: 120_000, hookTimeout: 60_000, reporters: ['default'] },
});
