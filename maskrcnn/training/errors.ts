/** Typed errors of training. */
import { MaskRcnnError } from '../errors.ts';
import type { Losses } from './loss-values.ts';

/** A loss became NaN or infinite; the weights are those before the step. */
export class NonFiniteLossError extends MaskRcnnError {
  readonly losses: Losses;
  readonly step: number;

  constructor(losses: Losses, step: number) {
    const offending = Object.entries(losses).filter(([, value]) => !Number.isFinite(value));
    const list = offending.map(([name, value]) => `${name} = ${String(value)}`).join(', ');
    super(
      `the loss of step ${String(step)} is not finite (${list}); the weights were left as they were ` +
        'before it. Lower the learning rate, warm it up, or start from pretrained weights',
      { code: 'non-finite-loss', values: { losses, step } },
    );
    this.losses = losses;
    this.step = step;
  }
}

/** The optimizer's state lacks a slot: it belongs to another layer set or another optimizer. */
export class MissingSlotError extends MaskRcnnError {
  constructor(name: string) {
    super(
      `the optimizer has no slot "${name}"; make its slots for the same config and parameters that are trained`,
      { code: 'missing-slot', values: { name } },
    );
  }
}

/** Gradients are to be summed over batches, but the config says one batch a step. */
export class AccumulationError extends MaskRcnnError {
  constructor() {
    super(
      'gradientAccumulationSteps is 1, so that each batch makes a step of its own; set it to the number ' +
        'of batches a step before you call accumulate',
      { code: 'no-accumulation', values: {} },
    );
  }
}

/** `useRpnRois` is off and the batch brings no RoIs in place of the RPN's. */
export class MissingInputRoisError extends MaskRcnnError {
  constructor() {
    super(
      'useRpnRois is false, but the batch has no inputRois; build it with RoIs (buildBatch makes random ' +
        'ones), or set useRpnRois to true',
      { code: 'missing-input-rois', values: {} },
    );
  }
}
