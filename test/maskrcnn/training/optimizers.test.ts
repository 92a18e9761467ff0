/** AdamW against Keras', and the moving average of the weights, on two small weights over five steps. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { describeWithPython, pythonTensorFlow, runPython } from '../../support/python.ts';
import { runSmall, smallExample, smallSpecs } from './small-source.ts';

const python = await pythonTensorFlow();

/** The optimizer of Keras over the example; gamma is left out of the decay. Prints the weights after each step. */
const KERAS = `
import json, sys
import numpy as np, tensorflow as tf
example, options = json.loads(sys.argv[1])
shapes = [(2, 2), (3,)]
tensor = lambda values: [np.float32(v).reshape(s) for v, s in zip(values, shapes)]
variables = [tf.Variable(v, name=n) for v, n in zip(tensor(example['weights']), ['kernel', 'gamma'])]
adam = tf.keras.optimizers.AdamW(**options)
adam.exclude_from_weight_decay(var_list=[variables[1]])
after = []
for rate, gradients in zip(example['rates'], example['gradients']):
    adam.learning_rate = rate
    adam.apply_gradients(zip([tf.constant(g) for g in tensor(gradients)], variables))
    after.append([x for v in variables for x in v.numpy().reshape(-1).tolist()])
print(json.dumps(after))
`;

describeWithPython(python, 'AdamW in Keras', (interpreter) => {
  it.each([
    ['no clipping', { gradientClipNorm: 0 }, {}],
    ['the global norm clipped', { gradientClipNorm: 1.5 }, { global_clipnorm: 1.5 }],
    [
      'each norm clipped',
      { gradientClipNorm: 1.5, gradientClipMode: 'variable' as const },
      { clipnorm: 1.5 },
    ],
  ])(
    'takes the same steps, %s',
    async (_, clipping, kerasClipping) => {
      const { weights } = runSmall({
        optimizer: 'adamw',
        weightDecay: 0.05,
        adamBeta1: 0.8,
        adamBeta2: 0.95,
        // So small that it does not matter that Keras adds it before the correction of the second moment.
        adamEpsilon: 1e-12,
        ...clipping,
      });
      const options = {
        weight_decay: 0.05,
        beta_1: 0.8,
        beta_2: 0.95,
        epsilon: 1e-12,
        ...kerasClipping,
      };
      const expected = (await runPython(interpreter, KERAS, [
        JSON.stringify([smallExample, options]),
      ])) as number[][];
      expect(expected).toHaveLength(weights.length);
      expected.forEach((values, step) =>
        values.forEach((value, i) => expect(weights[step]?.[i]).toBeCloseTo(value, 6)),
      );
    },
    120_000,
  );
});

describe('AdamW', () => {
  it('moves by the rate against the sign of the first gradient, whatever its size', () => {
    const { weights } = runSmall({ optimizer: 'adamw', weightDecay: 0, gradientClipNorm: 0 });
    const before = smallExample.weights.flat();
    const gradients = smallExample.gradients[0]?.flat() ?? [];
    weights[0]?.forEach((value, i) =>
      expect(value).toBeCloseTo((before[i] ?? 0) - 0.001 * Math.sign(gradients[i] ?? 0), 6),
    );
  });

  it('adds epsilon to the corrected moment: with epsilon 1 the first move is g / (|g| + 1)', () => {
    const { weights } = runSmall({
      optimizer: 'adamw',
      weightDecay: 0,
      gradientClipNorm: 0,
      adamEpsilon: 1,
    });
    const gradients = smallExample.gradients[0]?.flat() ?? [];
    smallExample.weights.flat().forEach((before, i) => {
      const gradient = gradients[i] ?? 0;
      const expected = before - (0.001 * gradient) / (Math.abs(gradient) + 1);
      expect(weights[0]?.[i]).toBeCloseTo(expected, 7);
    });
  });

  it('keeps two moments a weight and the count of steps by name', () => {
    const { slots } = runSmall({ optimizer: 'adamw' });
    expect([...slots.keys()]).toEqual([
      ...smallSpecs.flatMap(({ name }) => [`${name}/m`, `${name}/v`]),
      'optimizer/step',
    ]);
    expect(slots.get('optimizer/step')).toEqual([5]);
  });
});

describe('SGD', () => {
  it('keeps its velocities under the names of the weights alone, as files of older versions have them', () => {
    expect([...runSmall({}).slots.keys()]).toEqual(smallSpecs.map(({ name }) => name));
  });
});

describe('averages of the weights', () => {
  it('follow the weights after each step, at first faster than the decay says', () => {
    const { weights, averages } = runSmall({ emaDecay: 0.3 });
    let expected: number[] = smallExample.weights.flat();
    weights.forEach((values, step) => {
      const decay = Math.min(0.3, (1 + step) / (10 + step));
      expected = expected.map((average, i) => decay * average + (1 - decay) * (values[i] ?? NaN));
      averages[step]?.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 6));
    });
  });

  it('do not change what is trained', () => {
    const slots = ({ slots: all }: ReturnType<typeof runSmall>) => all.get('layer/kernel');
    const [plain, averaged] = [runSmall({}), runSmall({ emaDecay: 0.9 })];
    expect(averaged.weights).toEqual(plain.weights);
    expect(slots(averaged)).toEqual(slots(plain));
  });

  it('of the small example leave no tensor behind', () => {
    const before = tf.memory().numTensors;
    runSmall({ optimizer: 'adamw', emaDecay: 0.9 });
    expect(tf.memory().numTensors).toBe(before);
  });
});
