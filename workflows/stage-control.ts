/** A stage under the orders of its pipeline: when to hold, when to end, how many epochs there are. */
import { CancellationScope, CancelledFailure, condition, setHandler } from '@temporalio/workflow';
import type { EpochStart } from '../contracts/activities.ts';
import { ordersSignal, type StageOrders } from './messages.ts';
import { stageReports } from './stage-reports.ts';

export class StageControl {
  #orders: StageOrders;
  #underWay: CancellationScope | undefined;

  constructor(orders: StageOrders) {
    this.#orders = orders;
    setHandler(ordersSignal, (newer) => this.#obey(newer), {
      description: 'From the pipeline: pause, go on, end early, more epochs',
    });
  }

  get orders(): StageOrders {
    return this.#orders;
  }

  /**
   * Does `work` in a scope of its own, which is cancelled when the stage is to hold. What was cancelled may
   * still come to its normal end, and then that is what is returned.
   */
  async unlessHeld<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope();
    this.#underWay = scope;
    if (this.#stopsWork()) scope.cancel();
    try {
      return await scope.run(work);
    } finally {
      this.#underWay = undefined;
    }
  }

  /**
   * Waits while the stage is paused; a stop at once ends the wait too. Throws when the run is cancelled.
   * Either way the pipeline hears first what the stage would go on from.
   */
  async holdAt(start: EpochStart): Promise<void> {
    const checkpoint = start.kind === 'checkpoint' ? start.checkpoint : null;
    const rest = () => stageReports.rests({ serial: this.#orders.serial, checkpoint });
    if (CancellationScope.current().consideredCancelled) {
      await rest();
      throw new CancelledFailure('The run was cancelled; the epoch under way has stopped.');
    }
    while (this.#waits()) {
      await rest();
      await condition(() => !this.#waits());
    }
  }

  #obey(newer: StageOrders): void {
    if (newer.serial <= this.#orders.serial) return;
    this.#orders = newer;
    if (this.#stopsWork()) this.#underWay?.cancel();
  }

  #stopsWork(): boolean {
    return this.#orders.isPaused || this.#orders.stop === 'now';
  }

  #waits(): boolean {
    return this.#orders.isPaused && this.#orders.stop !== 'now';
  }
}
