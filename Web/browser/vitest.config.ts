import { readdirSync } from 'node:fs';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';
import { defineConfig } from 'vitest/config';

/** One town for all, so one script after the other, always in this order: first who counts what is there. */
const order = ['desk', 'manager', 'officer', 'axe', 'axe-crew', 'loop', 'crew', 'crew-away', 'live', 'typed', 'moves', 'zone', 'live-stream', 'masters', 'accounts', 'settings', 'day', 'day-away', 'owner', 'ringing'];

const there = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.test.ts')).map((file) => file.slice(0, -'.test.ts'.length));
const wanted = process.env.DESK_BROWSER?.split(',') ?? order;
const unknown = [...there.filter((name) => !order.includes(name)), ...wanted.filter((name) => !there.includes(name))];
if (unknown.length > 0) throw new Error(`Say when they run, and have them: ${unknown.join(', ')}`);

class InOrder extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const at = (file: TestSpecification) => order.findIndex((name) => file.moduleId.endsWith(`/${name}.test.ts`));
    return Promise.resolve(files.toSorted((a, b) => at(a) - at(b)));
  }
}

/** Against a desk that runs: DESK_URL, DESK_PEOPLE (a JSON object: who → [name, password]); see Tests/Browser. DESK_BROWSER names some of the scripts. Who has a session keeps it from one script to the next. */
export default defineConfig({
  test: { include: wanted.map((name) => `browser/${name}.test.ts`), sequence: { sequencer: InOrder }, fileParallelism: false, maxWorkers: 1, isolate: false, testTimeout: 240_000, hookTimeout: 120_000, expect: { poll: { timeout: 60_000, interval: 50 } }, reporters: ['verbose'] },
});
