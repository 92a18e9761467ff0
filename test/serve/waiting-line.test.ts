/** The line in front of the model: bounded, in order, and never blocked by somebody who has left. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { BusyError } from '../../serve/errors.ts';
import { WaitingLine } from '../../serve/waiting-line.ts';

const never = new AbortController().signal;

describe('the waiting line', () => {
  test('has as many places as it says, and gets them back once each', () => {
    const line = new WaitingLine(2);
    const place = line.enter();
    line.enter();
    expect(() => line.enter()).toThrow(BusyError);
    place[Symbol.dispose]();
    place[Symbol.dispose]();
    expect(line.taken).toBe(1);
    line.enter();
    expect(() => line.enter()).toThrow(BusyError);
  });

  test('gives turns one at a time, in the order in which they are asked for', async () => {
    const line = new WaitingLine(3);
    const [slow, first, second] = [line.enter(), line.enter(), line.enter()];
    const order: string[] = [];
    const turns = [
      first.turn(never).then(() => order.push('first')),
      second.turn(never).then(() => order.push('second')),
      slow.turn(never).then(() => order.push('slow')),
    ];
    for (const [done, place] of [first, second, slow].entries()) {
      await turns[done];
      await setImmediate();
      expect(order).toEqual(['first', 'second', 'slow'].slice(0, done + 1));
      place[Symbol.dispose]();
    }
    expect(line.taken).toBe(0);
  });

  test('passes over those who leave while they wait', async () => {
    const line = new WaitingLine(3);
    const [first, leaving, last] = [line.enter(), line.enter(), line.enter()];
    await first.turn(never);
    const abort = new AbortController();
    const left = leaving.turn(abort.signal);
    const turn = last.turn(never);
    abort.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(line.taken).toBe(2);
    first[Symbol.dispose]();
    await turn;
    await expect(line.enter().turn(AbortSignal.abort(new Error('gone already')))).rejects.toThrow(
      'gone already',
    );
    expect(line.taken).toBe(1);
  });
});
