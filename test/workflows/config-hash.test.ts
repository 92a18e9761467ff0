/** The name of a recipe must not depend on how it was written down, and must change with each option. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { canonicalJson } from '../../contracts/canonical-json.ts';
import { pipelineInputSchema } from '../../contracts/pipeline-input.ts';
import { configHash } from '../../workflows/config-hash.ts';
import { request } from './support/fake-activities.ts';

const hashOf = (input: unknown) => configHash(pipelineInputSchema.parse(input));

describe('configHash', () => {
  it('is the SHA-256 that node computes', () => {
    const { model, training } = pipelineInputSchema.parse(request);
    expect(hashOf(request)).toBe(
      createHash('sha256').update(canonicalJson({ training, model })).digest('hex'),
    );
  });

  it('is one for a recipe, defaults written out or not, whatever the data', () => {
    expect(hashOf({ ...request, model: { imageMaxDim: 1024, backbone: 'resnet101' } })).toBe(
      hashOf(request),
    );
    expect(hashOf({ ...request, dataset: { ...request.dataset, name: 'other' } })).toBe(
      hashOf(request),
    );
  });

  it('changes with the model and with the training', () => {
    expect(hashOf({ ...request, model: { backbone: 'resnet50' } })).not.toBe(hashOf(request));
    expect(hashOf({ ...request, training: { ...request.training, seed: 1 } })).not.toBe(
      hashOf(request),
    );
  });
});
