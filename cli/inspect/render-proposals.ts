/** What the data speaks for, in lines for a person. */
import type { Proposal } from '../../datasets/fingerprint/proposal.ts';
import { wrapped } from './wrapped.ts';

const NAMES: Readonly<Record<string, string>> = {
  'model.imageMinDim': 'shorter side',
  'model.imageMaxDim': 'side',
  'model.rpnAnchorScales': 'scales',
  'model.rpnAnchorRatios': 'ratios',
  'model.imagesPerGpu': 'images',
  'model.gradientAccumulationSteps': 'batches a step',
  'model.stepsPerEpoch': 'steps an epoch',
  'model.validationSteps': 'validation steps',
};

/** In characters: an augmentation written out would hide the rest. */
const LONGEST = 60;

/** Each proposal's values, what they were where they differ, and below it the reason. */
export function renderProposals(proposals: readonly Proposal[]): string[] {
  return proposals.flatMap(({ what, options, before, reason }) => {
    const values = Object.entries(options).map(([option, value]) => {
      const [now, was] = [value, before[option] ?? null].map((it) => JSON.stringify(it));
      const name = NAMES[option] ?? option.split('.').at(-1) ?? option;
      const isSaid = now !== was && (was ?? '').length <= LONGEST;
      return `${name} ${now ?? ''}${isSaid ? ` (was ${was ?? ''})` : ''}`;
    });
    return [
      ...wrapped(`${what}: ${values.join(', ')}`, { indent: '  ' }),
      ...wrapped(reason, { indent: '      ' }),
    ];
  });
}
