/** Which ops give the same for the same inputs and do nothing else, so that once is as good as often. */
import type { OpNode } from '../graph.ts';

/** Ops whose results are new in each run, or that decide what runs. */
const NOT_PURE: ReadonlySet<string> = new Set(
  (
    'RandomUniform RandomUniformInt RandomStandardNormal ParameterizedTruncatedNormal TruncatedNormal ' +
    'RandomShuffle RandomGamma RandomPoissonV2 Multinomial ' +
    'Switch Merge Enter Exit NextIteration LoopCond If While PartitionedCall ' +
    'StatefulPartitionedCall Assert Print PrintV2 PyFunc'
  ).split(' '),
);

export function isPure({ op, attributes }: OpNode): boolean {
  return !NOT_PURE.has(op) && !('seed' in attributes) && !('seed2' in attributes);
}
