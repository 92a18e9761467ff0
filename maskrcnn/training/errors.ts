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

/** A trained parameter has no velocity: the optimizer's state belongs to another layer set. */
export class MissingVelocityError extends MaskRcnnError {
  constructor(name: string) {
    super(
      `there is no momentum for "${name}"; make the momentum for the same parameters that are trained`,
      { code: 'missing-velocity', values: { name } },
    );
  }
}
