import js from '@eslint/js';
import boundaries from 'eslint-plugin-boundaries';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** Who may import what: docs/architecture.md explains the table. */
const elements = [
  { type: 'shared', pattern: 'shared/**' },
  { type: 'main', pattern: 'electron/main/**' },
  { type: 'preload', pattern: 'electron/preload/**' },
  { type: 'engine', pattern: 'electron/core/engine/**' },
  { type: 'ports', pattern: 'electron/core/ports/**' },
  { type: 'step', pattern: 'electron/core/steps/*/**', capture: ['step'] },
  { type: 'adapter', pattern: 'electron/core/adapters/*/**', capture: ['adapter'] },
  { type: 'service', pattern: 'electron/core/services/*/**', capture: ['service'] },
  { type: 'api', pattern: 'electron/core/api/**' },
  { type: 'core', pattern: 'electron/core/*' },
  { type: 'host', pattern: 'electron/hosts/**' },
  { type: 'feature', pattern: 'renderer/features/*/**', capture: ['feature'] },
  { type: 'ui', pattern: 'renderer/ui/**' },
  { type: 'page-api', pattern: 'renderer/api/**' },
  { type: 'page-app', pattern: 'renderer/app/**' },
  { type: 'page-entry', pattern: 'renderer/*' },
  { type: 'practice', pattern: 'practice/**' },
  { type: 'tests', pattern: ['tests/**', 'bench/**'] },
].map((element) => ({ ...element, partialMatch: false }));

/** One row of the table: `from` may import `targets`; a pair narrows a target to a captured folder. */
const may = (from, ...targets) => ({
  from: { element: { type: from } },
  allow: targets.map((target) =>
    Array.isArray(target)
      ? { to: { element: { type: target[0], captured: target[1] } } }
      : { to: { element: { type: target } } },
  ),
});

export default tseslint.config(
  // The templates and the example are programs of their own; tests/system builds and checks them with their own tools.
  { ignores: ['out/**', 'dist/**', 'node_modules/**', 'resources/templates/**', 'examples/**'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.node.json', './tsconfig.web.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        AbortSignal: 'readonly',
        Buffer: 'readonly',
        fetch: 'readonly',
      },
    },
  },
  { files: ['renderer/**/*.{ts,tsx}'], ...reactHooks.configs.flat['recommended-latest'] },
  {
    // It tells which components the React compiler would leave alone; the page is not compiled with it.
    files: ['renderer/**/*.{ts,tsx}'],
    rules: { 'react-hooks/incompatible-library': 'off' },
  },
  {
    files: ['{shared,electron,renderer,practice,tests,bench}/**/*.{ts,tsx}'],
    plugins: { boundaries },
    settings: {
      'boundaries/elements': elements,
      'import/resolver': {
        typescript: {
          project: ['./tsconfig.node.json', './tsconfig.web.json'],
          noWarnOnMultipleProjects: true,
        },
      },
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [
            may('shared', 'shared'),
            may('preload', 'shared'),
            may('main', 'main', 'shared'),
            may('engine', 'engine', 'shared'),
            may('ports', 'ports', 'shared'),
            may(
              'step',
              'engine',
              'ports',
              'shared',
              ['step', { step: '{{from.captured.step}}' }],
              ['step', { step: 'common' }],
            ),
            may(
              'adapter',
              'ports',
              'shared',
              ['adapter', { adapter: '{{from.captured.adapter}}' }],
              ['adapter', { adapter: 'common' }],
            ),
            may('service', 'engine', 'ports', 'adapter', 'step', 'shared', 'service'),
            may('api', 'api', 'service', 'core', 'engine', 'ports', 'shared'),
            may('core', 'core', 'api', 'service', 'adapter', 'ports', 'engine', 'shared'),
            may('host', 'host', 'core', 'api', 'service', 'engine', 'ports', 'shared'),
            may('feature', 'ui', 'page-api', 'shared', ['feature', { feature: '{{from.captured.feature}}' }]),
            may('ui', 'ui', 'shared'),
            may('page-api', 'page-api', 'shared'),
            may('page-app', 'page-app', 'feature', 'ui', 'page-api', 'shared'),
            may('page-entry', 'page-entry', 'page-app', 'ui', 'page-api', 'shared'),
            may('practice', 'practice', 'shared'),
            may('tests', '*'),
          ],
        },
      ],
    },
  },
  {
    files: ['shared/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(?!zod$|\\.|#shared/)', message: 'shared imports zod only.' }] },
      ],
    },
  },
  { files: ['shared/**/*.test.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: [
      'electron/core/**/*.ts',
      'electron/hosts/browser/**/*.ts',
      'electron/hosts/cli.ts',
      'electron/hosts/cli/**/*.ts',
      'practice/**/*.ts',
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [{ name: 'electron', message: 'Only main, preload and hosts/desktop.ts import electron.' }],
        },
      ],
    },
  },
  {
    files: ['renderer/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ group: ['node:*', 'electron', '#core/*'], message: 'The page imports shared only.' }],
        },
      ],
    },
  },
  {
    files: ['**/*.test.{ts,tsx}', 'tests/**/*.ts'],
    rules: {
      // A test may set up whatever it needs around the unit that it tests.
      'boundaries/dependencies': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
);
