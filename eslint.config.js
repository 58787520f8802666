/** @file Lint rules. Each exception carries its reason. Layers come from test/tidy/layers.mjs. */
import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';
import { guardedModules, layers } from './test/tidy/layers.mjs';

const folders = Object.keys(layers);

/** The import restrictions of one folder, with the reason in the message. */
function layerRule(folder) {
  const allowed = new Set([...layers[folder], folder, 'contract']);
  const forbidden = folders.filter((name) => !allowed.has(name));
  const files = folder === 'engine' ? ['src-main/engine/*.ts'] : [`src-main/${folder}/**/*.ts`];
  return {
    files,
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: forbidden.map((name) => ({
            group: name === 'engine' ? ['#engine/*.ts'] : [`#${name}/**`],
            message: `${folder} may not import ${name}: see test/tidy/layers.mjs.`,
          })),
          paths: guardedModules
            .filter((guard) => !guard.allowed.includes(folder))
            .flatMap((guard) =>
              guard.modules.map((name) => ({ name, message: `${guard.reason}.` })),
            ),
        },
      ],
    },
  };
}

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'native/target/', 'native/index.js', 'native/index.d.ts'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Ports are implemented by synchronous code where the machine offers nothing else.
      '@typescript-eslint/require-await': 'off',
    },
  },
  { files: ['**/*.svelte'], extends: [...tseslint.configs.recommended] },
  ...svelte.configs['flat/recommended'],
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: {
        projectService: true,
        extraFileExtensions: ['.svelte'],
        parser: tseslint.parser,
      },
    },
    rules: {
      // svelte-check knows the types, these included.
      'no-undef': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      // What a view shows is $state; a plain Map beside it is plain on purpose.
      'svelte/prefer-svelte-reactivity': 'off',
      'prefer-const': 'off',
      'svelte/prefer-const': ['error', { destructuring: 'all' }],
      // Addresses are hashes, made by routes.ts; there is no server that resolves them.
      'svelte/no-navigation-without-resolve': 'off',
    },
  },
  {
    files: ['src-renderer/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(#(?!contract/)|node:|electron$)',
              message:
                'The UI knows the contract and nothing else of src-main: see test/tidy/layers.mjs.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.mjs', '*.js', 'native/**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        AbortSignal: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
  ...folders.map(layerRule),
  prettier,
);
