/**
 * What a run can be found by. The server's search attributes where it has them, else the memo: to set an attribute that
 * is not registered would stop the run. A few a run, never one an epoch: each is an event of the history.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import { isCancellation, log, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import { searchAttributes } from '../contracts/search-attributes.ts';
import { housekeepingActivities } from './activity-options.ts';

type Known = typeof searchAttributes;
type Values = {
  readonly [K in keyof Known]?: Known[K]['type'] extends 'Double' ? number : string;
};

export class RunSearch {
  #known: readonly string[] = [];
  readonly #values = new Map<string, string | number>();

  /** Asks which attributes the server has; none where nobody can tell. */
  async open(): Promise<void> {
    const { listSearchAttributes } = housekeepingActivities();
    try {
      const summary = 'what the server can search runs by';
      this.#known = await listSearchAttributes.executeWithOptions({ summary }, []);
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('Nobody can tell which search attributes there are', { error });
    }
  }

  /** Sets what has changed. */
  set(values: Values): void {
    const { dataset, model, stage, score } = searchAttributes;
    this.#change([
      [dataset.name, values.dataset],
      [model.name, values.model],
      [stage.name, values.stage],
      [score.name, values.score],
    ]);
  }

  #change(values: readonly (readonly [string, string | number | undefined])[]): void {
    const changed = values.flatMap(([name, value]) =>
      value === undefined || this.#values.get(name) === value ? [] : [{ name, value }],
    );
    for (const { name, value } of changed) this.#values.set(name, value);
    const [searchable, others] = [true, false].map((isKnown) =>
      changed.filter(({ name }) => this.#known.includes(name) === isKnown),
    );
    if (searchable !== undefined && searchable.length > 0) {
      upsertSearchAttributes(
        searchable.map(({ name, value }) =>
          typeof value === 'number'
            ? { key: defineSearchAttributeKey(name, 'DOUBLE'), value }
            : { key: defineSearchAttributeKey(name, 'KEYWORD'), value },
        ),
      );
    }
    if (others !== undefined && others.length > 0) {
      upsertMemo(Object.fromEntries(others.map(({ name, value }) => [name, value])));
    }
  }
}
