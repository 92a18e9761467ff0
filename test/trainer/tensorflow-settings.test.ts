import { describe, expect, test } from '@jest/globals';
import { tensorflowSettings } from '../../trainer/tensorflow-settings.ts';

describe('tensorflowSettings', () => {
  test('asks a CPU for ordered sums, and a GPU for nothing that it would refuse', () => {
    expect(tensorflowSettings({ hasGpu: false })).toHaveProperty('TF_DETERMINISTIC_OPS', '1');
    expect(tensorflowSettings({ hasGpu: true, environment: {} })).toEqual({
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    });
  });

  test('compiles clusters by XLA on a GPU when it is told to', () => {
    const environment = { LESIONFLOW_XLA: '1' };
    expect(tensorflowSettings({ hasGpu: true, environment })).toHaveProperty('TF_XLA_FLAGS');
    expect(tensorflowSettings({ hasGpu: false, environment })).not.toHaveProperty('TF_XLA_FLAGS');
  });
});
