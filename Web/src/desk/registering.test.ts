import { expect, test } from 'vitest';
import { Problem } from '../api/problems';
import { registerOnce } from './registering';
import type { Body, Made, Progress } from './registering';

/** A desk that registers what it is told, and whose answers may be lost or refusals. */
class Desk {
  readonly requests: Body[] = [];
  readonly texts: string[] = [];
  answers: ('ok' | 'lost' | 'refused')[] = [];
  progress: Progress = {};

  private readonly saved = new Map<string, Made>();

  readonly keep = (change: Partial<Progress>) => void (this.progress = { ...this.progress, ...change });

  readonly post = async (body: Body): Promise<Made> => {
    const answer = this.answers.shift() ?? 'ok';
    if (answer === 'refused') throw new Problem('field.invalid', 422, '');
    const known = this.saved.get('k');
    if (known && JSON.stringify(this.requests[0]) !== JSON.stringify(body)) throw new Problem('idempotency_key.other_body', 422, '');
    const made = known ?? { requestId: `r${this.requests.length + 1}`, version: 1, number: 1024 };
    if (!known) this.requests.push(body);
    this.saved.set('k', made);
    if (answer === 'lost') throw Problem.unreachable();
    return made;
  };

  readonly amend = async (made: Made, description: string): Promise<Made> => {
    this.texts.push(description);
    return { ...made, version: made.version + 1 };
  };

  register = (body: Body) => registerOnce(body, this.progress, this.keep, this);
}

const call = { categoryId: 'water', description: 'It drips' };

test('A call is registered once though its answer was lost and the page loaded anew', async () => {
  const desk = new Desk();
  desk.answers = ['lost'];
  await expect(desk.register(call)).rejects.toThrow('network.unreachable');
  desk.progress = JSON.parse(JSON.stringify(desk.progress)) as Progress;

  const made = await desk.register(call);

  expect(made.requestId).toBe('r1');
  expect(desk.requests).toEqual([call]);
});

test('What was corrected after a lost answer becomes an amendment, not a second request', async () => {
  const desk = new Desk();
  desk.answers = ['lost'];
  await expect(desk.register(call)).rejects.toThrow('network.unreachable');

  await desk.register({ ...call, description: 'It drips into the hall' });

  expect(desk.requests).toEqual([call]);
  expect(desk.texts).toEqual(['It drips into the hall']);
  expect(desk.progress.made!.version).toBe(2);
});

test('What stands in the desk already is not registered again when only the step after it was refused', async () => {
  const desk = new Desk();
  await desk.register(call);

  await desk.register(call);
  await desk.register({ ...call, description: 'It pours' });

  expect(desk.requests).toEqual([call]);
  expect(desk.texts).toEqual(['It pours']);
});

test('Another category after it was registered is for the request itself', async () => {
  const desk = new Desk();
  await desk.register(call);

  await expect(desk.register({ ...call, categoryId: 'lift' })).rejects.toThrow('register.already');
  expect(desk.requests).toEqual([call]);
});

test('What was refused is forgotten: corrected, it is registered as it is now', async () => {
  const desk = new Desk();
  desk.answers = ['refused'];
  await expect(desk.register({ ...call, description: '' })).rejects.toThrow('field.invalid');

  await desk.register(call);

  expect(desk.requests).toEqual([call]);
  expect(desk.texts).toEqual([]);
});

test('What never arrived and would be refused does not keep the corrected one away', async () => {
  const desk = new Desk();
  desk.progress = { key: 'k', sent: { ...call, description: '' } };
  desk.answers = ['refused', 'ok'];

  await desk.register(call);

  expect(desk.requests).toEqual([call]);
});
