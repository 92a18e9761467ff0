/** The schedule is a function of the seed, reaches everything, and can be replayed one fault at a time. */
import { describe, expect, it } from '@jest/globals';
import { faultNames, faults } from '../../chaos/faults/catalogue.ts';
import { placeNames, places } from '../../chaos/places.ts';
import {
  allCards,
  plannedFault,
  plannedRuns,
  SHORT_PLAN,
  type PlannedFault,
} from '../../chaos/schedule.ts';

function firstRuns(seed: number, count: number): (readonly PlannedFault[])[] {
  const first: (readonly PlannedFault[])[] = [];
  for (const run of plannedRuns(seed)) {
    first.push(run);
    if (first.length === count) break;
  }
  return first;
}

describe('the schedule', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(firstRuns(7, 20)).toEqual(firstRuns(7, 20));
    expect(firstRuns(7, 20)).not.toEqual(firstRuns(8, 20));
  });

  it('replays any fault of it alone, as it was', () => {
    const all = firstRuns(5, 12).flat();
    expect(all.map(({ index }) => index)).toEqual(all.map((_, at) => at));
    for (const fault of all) expect(plannedFault(5, fault.index)).toEqual(fault);
  });

  it('deals every fault in every place of its before any comes twice', () => {
    const cards = allCards();
    const dealt = firstRuns(3, cards.length)
      .flat()
      .slice(0, cards.length)
      .map(({ fault, place }) => `${fault} / ${place}`);
    expect(new Set(dealt).size).toBe(cards.length);
  });

  it('never puts two faults of one run into the same place of its order', () => {
    for (const run of [...firstRuns(1, 60), SHORT_PLAN]) {
      const orders = run.map(({ place }) => places[place].order);
      expect(orders).toEqual([...new Set(orders)].sort((a, b) => a - b));
    }
  });

  it('knows what each fault may cost, and has a fault for every place', () => {
    for (const name of faultNames) expect(faults[name].places).not.toHaveLength(0);
    const reached = new Set(allCards().map(({ place }) => place));
    expect([...reached].sort()).toEqual([...placeNames].sort());
  });
});
