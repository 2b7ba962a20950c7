import { describe, expect, test } from 'vitest';
import { en } from '../words/en';
import { fieldPath, Problem, saidOf, sentence } from './problems';

describe('problems', () => {
  test('A problem document keeps its code and its faults', () => {
    const problem = Problem.of({ code: 'request.invalid_fields', title: 'Some fields', errors: [{ field: 'orders[0].whatToDo', code: 'text.empty', message: '' }], traceId: 'abc' }, 422);

    expect([problem.code, problem.faults[0]?.code, problem.traceId]).toEqual(['request.invalid_fields', 'text.empty', 'abc']);
  });

  test('A proxy that answers for an absent desk is as good as no answer', () => expect(Problem.of('<html>Bad Gateway', 502).code).toBe('network.unreachable'));

  test('An answer that nobody foresaw is said to be one', () => expect(Problem.of(undefined, 418).code).toBe('unexpected'));

  test('A known code is said in words', () => expect(sentence(en.problems, 'work_order.already_taken', '')).toBe(en.problems['work_order.already_taken']));

  test('A code without words is said with the desk’s own sentence', () => expect(sentence(en.problems, 'moon.full', 'The moon is full.')).toBe('That did not work: The moon is full.'));

  test('A fault that no field shows is said in words, each once; what a form marked is said to be marked', () => {
    const at = (field: string, code: string) => ({ field, code, message: 'Too long.' });
    const problem = new Problem('request.invalid_fields', 422, 'Some fields', [at('customerId', 'request.nobody_and_nowhere'), at('placeId', 'request.nobody_and_nowhere'), at('payer', 'moon.full')]);

    expect(saidOf(en.problems, problem)).toEqual([en.problems['request.nobody_and_nowhere'], 'That did not work: Too long.']);
    expect([problem.marked, problem.left(problem.faults).marked, problem.left([]).marked, saidOf(en.problems, problem.left([]))]).toEqual([false, false, true, []]);
    expect(saidOf(en.problems, new Problem('request.nobody_and_nowhere', 422, '', [at('customerId', 'request.nobody_and_nowhere')]))).toEqual([]);
  });

  test('The path of a field is that of the form', () => {
    expect(fieldPath('orders[0].whatToDo')).toEqual(['orders', 0, 'whatToDo']);
    expect(fieldPath('description')).toEqual(['description']);
  });
});
