/** The arrows of ARCHITECTURE.md: imports go one way. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: `^${from}/` },
  to: {
    path: '^(wording|contracts|graph|maskrcnn|augmentation|datasets|evaluation|storage|trainer|activities|workflows|workers|cli|report|infra|examples|bench)/',
    pathNot: [`^${from}/`, ...allowed.map((room) => `^${room}`)],
  },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    only(
      'graph-knows-nobody',
      'graph',
      [],
      'graph/ is useful to others: it knows nothing of this project',
    ),
    only('wording-is-plain', 'wording', [], 'what is wrong with an input, in words for a person'),
    only(
      'maskrcnn-knows-graph-only',
      'maskrcnn',
      ['graph/', 'wording/'],
      'the model library stands alone',
    ),
    only(
      'evaluation-is-plain',
      'evaluation',
      ['maskrcnn/boxes/', 'maskrcnn/shapes'],
      'scores work on plain arrays',
    ),
    only(
      'augmentation',
      'augmentation',
      ['maskrcnn/random', 'maskrcnn/training/annotated-image'],
      'changes of a training image need its type and chance, nothing else',
    ),
    only(
      'contracts-know-schemas',
      'contracts',
      ['maskrcnn/config', 'augmentation/schema', 'wording/'],
      'contracts embed the schemas of the model config and of augmentation',
    ),
    {
      name: 'augmentation-schema-is-plain',
      comment: 'workflows check their input by it',
      severity: 'error',
      from: { path: '^augmentation/(schema|operations|presets)' },
      to: { pathNot: ['^augmentation/(schema|operations|presets)', '^node_modules/zod/'] },
    },
    only('storage', 'storage', ['contracts/'], 'storage knows keys and manifests only'),
    only(
      'datasets',
      'datasets',
      ['contracts/', 'storage/', 'maskrcnn/', 'evaluation/', 'augmentation/'],
      'data rooms sit above model and store',
    ),
    only(
      'report',
      'report',
      ['contracts/', 'storage/', 'evaluation/', 'maskrcnn/', 'datasets/'],
      'pictures of results',
    ),
    only(
      'trainer',
      'trainer',
      [
        'contracts/',
        'storage/',
        'datasets/',
        'maskrcnn/',
        'evaluation/',
        'graph/',
        'report/',
        'augmentation/',
      ],
      'the trainer owns TensorFlow',
    ),
    only(
      'activities',
      'activities',
      ['contracts/', 'storage/', 'datasets/', 'trainer/', 'evaluation/', 'report/', 'maskrcnn/'],
      'activities are thin',
    ),
    only(
      'workflows-see-contracts',
      'workflows',
      ['contracts/', 'wording/', 'activities/'],
      'values from contracts only; activities as types',
    ),
    {
      name: 'workflow-activities-type-only',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    only(
      'examples-use-the-library',
      'examples',
      ['maskrcnn/', 'augmentation/'],
      'an example shows what a user of the model library can do with it',
    ),
    only(
      'bench-measures-the-library',
      'bench',
      ['maskrcnn/', 'augmentation/', 'datasets/', 'report/', 'trainer/', 'graph/', 'infra/'],
      'the bench runs what the trainer runs, without the pipeline',
    ),
    only(
      'workers',
      'workers',
      ['contracts/', 'activities/', 'workflows/', 'storage/', 'trainer/'],
      'workers wire activities to queues',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^test/|^dist/|^\\.lesionflow/)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js', '.cjs', '.json'] },
  },
};
