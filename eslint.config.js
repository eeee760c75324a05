import js from '@eslint/js';
import boundaries from 'eslint-plugin-boundaries';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** Who may import what: docs/architecture.md explains the table. */
const elements = [
  { type: 'shared', pattern: 'shared/**', mode: 'full' },
  { type: 'main', pattern: 'electron/main/**', mode: 'full' },
  { type: 'preload', pattern: 'electron/preload/**', mode: 'full' },
  { type: 'engine', pattern: 'electron/core/engine/**', mode: 'full' },
  { type: 'ports', pattern: 'electron/core/ports/**', mode: 'full' },
  { type: 'step', pattern: 'electron/core/steps/*/**', mode: 'full', capture: ['step'] },
  { type: 'steps', pattern: 'electron/core/steps/*', mode: 'full' },
  { type: 'adapter', pattern: 'electron/core/adapters/*/**', mode: 'full', capture: ['adapter'] },
  { type: 'service', pattern: 'electron/core/services/*/**', mode: 'full', capture: ['service'] },
  { type: 'api', pattern: 'electron/core/api/**', mode: 'full' },
  { type: 'core', pattern: 'electron/core/*', mode: 'full' },
  { type: 'host', pattern: 'electron/hosts/**', mode: 'full' },
  { type: 'feature', pattern: 'renderer/features/*/**', mode: 'full', capture: ['feature'] },
  { type: 'ui', pattern: 'renderer/ui/**', mode: 'full' },
  { type: 'page-api', pattern: 'renderer/api/**', mode: 'full' },
  { type: 'page-app', pattern: 'renderer/app/**', mode: 'full' },
  { type: 'page-entry', pattern: 'renderer/*', mode: 'full' },
  { type: 'practice', pattern: 'practice/**', mode: 'full' },
  { type: 'tests', pattern: ['tests/**', 'bench/**'], mode: 'full' },
  { type: 'config', pattern: ['*.config.ts', '*.config.js', 'scripts/**', 'bin/**'], mode: 'full' },
];

const may = (from, ...allow) => ({ from: [from], allow });

export default tseslint.config(
  { ignores: ['out/**', 'dist/**', 'node_modules/**'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: ['./tsconfig.node.json', './tsconfig.web.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', setTimeout: 'readonly', clearTimeout: 'readonly', AbortSignal: 'readonly', Buffer: 'readonly', fetch: 'readonly' } },
  },
  { files: ['renderer/**/*.{ts,tsx}'], ...reactHooks.configs.flat['recommended-latest'] },
  {
    files: ['{shared,electron,renderer,practice,tests,bench}/**/*.{ts,tsx}'],
    plugins: { boundaries },
    settings: {
      'boundaries/elements': elements,
      'import/resolver': { typescript: { project: ['./tsconfig.node.json', './tsconfig.web.json'] } },
    },
    rules: {
      'boundaries/element-types': [
        'error',
        {
          default: 'disallow',
          rules: [
            may('shared', 'shared'),
            may('preload', 'shared'),
            may('main', 'main', 'shared'),
            may('engine', 'engine', 'shared'),
            may('ports', 'ports', 'shared'),
            may('step', 'engine', 'ports', 'shared', ['step', { step: '${from.step}' }], ['step', { step: 'common' }]),
            may('steps', 'engine', 'ports', 'shared', 'step', 'steps'),
            may('adapter', 'ports', 'shared', ['adapter', { adapter: '${from.adapter}' }], ['adapter', { adapter: 'common' }]),
            may('service', 'engine', 'ports', 'adapter', 'steps', 'step', 'shared', 'service'),
            may('api', 'api', 'service', 'core', 'engine', 'ports', 'shared'),
            may('core', 'core', 'api', 'service', 'steps', 'adapter', 'ports', 'engine', 'shared'),
            may('host', 'host', 'core', 'api', 'service', 'engine', 'ports', 'shared'),
            may('feature', 'ui', 'page-api', 'shared', ['feature', { feature: '${from.feature}' }]),
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
  { files: ['shared/**/*.ts'], rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: '^(?!zod$|\\.|#shared/)', message: 'shared imports zod only.' }] }] } },
  { files: ['shared/**/*.test.ts'], rules: { 'no-restricted-imports': 'off' } },
  { files: ['electron/core/**/*.ts', 'electron/hosts/browser*.ts', 'electron/hosts/cli*.ts', 'electron/hosts/cli/**/*.ts', 'practice/**/*.ts'], rules: { 'no-restricted-imports': ['error', { paths: [{ name: 'electron', message: 'Only main, preload and hosts/desktop.ts import electron.' }] }] } },
  { files: ['renderer/**/*.{ts,tsx}'], rules: { 'no-restricted-imports': ['error', { patterns: [{ group: ['node:*', 'electron', '#core/*'], message: 'The page imports shared only.' }] }] } },
  { files: ['**/*.test.{ts,tsx}', 'tests/**/*.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'error', '@typescript-eslint/no-empty-function': 'off' } },
);
