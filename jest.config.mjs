/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/test/support/node-environment.cjs',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.lesionflow'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  maxWorkers: 2,
  // Real trainers on two busy cores: a limit for what hangs, not for what is slow.
  testTimeout: 240_000,
};
