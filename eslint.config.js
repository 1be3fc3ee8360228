'use strict';

const tseslint = require('typescript-eslint');

module.exports = tseslint.config(
  {
    ignores: [
      'dist/',
      'data/',
      'node_modules/',
      'src/graphql/operations.generated.ts',
      '**/*.js',
      '**/*.mjs',
      '**/*.cjs',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: __dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Classes of type-graphql, TypeORM and Nest-like wiring are described by decorators alone.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      'max-params': ['error', 3],
      // `== null` is the one way to ask for both null and undefined.
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-restricted-imports': [
        'error',
        {
          name: 'node:crypto',
          importNames: ['generateKeyPairSync'],
          message: 'Its KeyObjects can stop a process for ever: see test/kit/keyPairs.ts.',
        },
      ],
    },
  },
  {
    files: ['test/kit/keyPairs.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    // process.env is read in one room.
    files: ['src/**/*.ts'],
    ignores: ['src/config/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Read configuration through src/config.' },
      ],
    },
  },
  {
    // The signatures of resolvers and of graphql-ws's hooks are not ours to choose.
    files: ['src/security/applyPermissions.ts', 'src/server/socketProtocol.ts'],
    rules: { 'max-params': 'off' },
  },
  {
    // Money is never a float.
    files: ['src/domain/**/*.ts', 'src/exchanges/**/*.ts', 'src/trading/**/*.ts', 'src/bots/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', { name: 'parseFloat', message: 'Use src/domain/decimal.' }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.name='Number']",
          message: 'Money is never a float: use src/domain/decimal.',
        },
        {
          selector: "CallExpression[callee.object.name='Number'][callee.property.name='parseFloat']",
          message: 'Use src/domain/decimal.',
        },
        { selector: "UnaryExpression[operator='+']", message: 'Money is never a float: use src/domain/decimal.' },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'max-params': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
