import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { describeAugmentation } from '../../augmentation/describe.ts';
import { augmentationSchema } from '../../augmentation/schema.ts';
import { pipelineInputSchema } from '../../contracts/pipeline-input.ts';
import { describeIssues } from '../../wording/describe-issues.ts';

const parse = (input: unknown) => augmentationSchema.parse(input);

describe('an augmentation', () => {
  test.each(['recipe', 'dermoscopy', 'nucleus'])(
    'of the preset %s is written out, and the same after a way through JSON',
    (name) => {
      const spec = parse(name);
      expect(spec).toHaveProperty('children');
      expect(parse(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
    },
  );

  test('gets its defaults, and a number where a range may be stands for itself', () => {
    expect(
      parse([
        { op: 'affine', rotate: 7 },
        { op: 'fliplr', p: 0.5 },
      ]),
    ).toEqual({
      op: 'sequence',
      p: 1,
      children: [
        {
          op: 'affine',
          p: 1,
          scale: [1, 1],
          shear: [0, 0],
          rotate: [7, 7],
          translatePercent: [0, 0],
        },
        { op: 'fliplr', p: 0.5 },
      ],
    });
  });

  test('of a pipeline is the recipe, unless it is asked for another or for none', () => {
    const dataset = { name: 'x', images: 'https://a/b', masks: 'https://a/c' };
    const chosen = (training: object) =>
      pipelineInputSchema.parse({ dataset, training }).training.augmentation;
    expect(chosen({})).toEqual(parse('recipe'));
    expect(chosen({ augmentation: 'dermoscopy' })).toEqual(parse('dermoscopy'));
    expect(chosen({ augmentation: null })).toBeNull();
  });

  test('has a JSON schema for editors', () => {
    expect(JSON.stringify(z.toJSONSchema(augmentationSchema, { io: 'input' }))).toContain(
      '"gaussianBlur"',
    );
  });
});

describe('a wrong augmentation', () => {
  const schema = z.strictObject({ augmentation: augmentationSchema });
  const problems = (augmentation: unknown): readonly string[] => {
    const input = { augmentation };
    const { error } = schema.safeParse(input);
    return error === undefined ? [] : describeIssues(error, { schema, input });
  };

  test.each<[string, unknown, RegExp]>([
    ['a preset', 'recepie', /^augmentation: .*did you mean "recipe"/],
    ['an operation', { op: 'afine' }, /^augmentation\.op: .*did you mean "affine"/],
    ['an option', [{ op: 'gaussianBlur', sigme: 3 }], /^augmentation\[0\]\.sigme: .*"sigma"/],
    ['a chance', { op: 'fliplr', p: 1.5 }, /^augmentation\.p: must be at most 1, got 1\.5/],
    [
      'a range turned round',
      { op: 'affine', rotate: [10, -10] },
      /^augmentation\.rotate: must be a range \[least, most\].*got \[10,-10\]/,
    ],
    [
      'a bound, deep inside',
      [{ op: 'sometimes', children: [{ op: 'oneOf', children: [{ op: 'crop', percent: 0.5 }] }] }],
      /^augmentation\[0\]\.children\[0\]\.children\[0\]\.percent: must be at most 0\.45, got 0\.5/,
    ],
    [
      'more children than there are',
      { op: 'someOf', count: [0, 3], children: [{ op: 'flipud' }] },
      /^augmentation\.count: must be a range \[least, most\] within the 1 children, got \[0,3\]/,
    ],
    ['no children', { op: 'oneOf', children: [] }, /^augmentation\.children: must have at least 1/],
    ['the shape of old', { flipLeftRight: 0.5 }, /^augmentation\.op: is required/],
    ['a number', 3, /^augmentation: must be an object or a list or a string, got 3/],
  ])('is told by its place: %s', (_, augmentation, message) => {
    expect(problems(augmentation)[0]).toMatch(message);
  });
});

describe('in words', () => {
  test('an augmentation is a line an operation, without ranges that do nothing', () => {
    const spec = parse([
      { op: 'fliplr', p: 0.5 },
      { op: 'rot90', k: [1, 3] },
      {
        op: 'someOf',
        count: [1, null],
        p: 0.9,
        children: [
          { op: 'affine', rotate: [-10, 10], scale: 1.5 },
          { op: 'gaussianNoise', perChannel: true },
        ],
      },
      { op: 'oneOf', children: [{ op: 'hueSaturation', hue: 0 }] },
      { op: 'sometimes', children: [{ op: 'flipud' }] },
    ]);
    expect(describeAugmentation(spec)).toEqual([
      'all of:',
      '  fliplr (p 0.5)',
      '  rot90: k 1, 3',
      '  1 to 2 of (p 0.9):',
      '    affine: scale 1.5, rotate -10 to 10',
      '    gaussianNoise: scale 0 to 15, perChannel',
      '  one of:',
      '    hueSaturation: saturation 0.8 to 1.2',
      '  all or none of (p 0.5):',
      '    flipud',
    ]);
  });
});
