import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import type { Plugin } from 'vite';

const here = import.meta.dirname;

/**
 * Leaves out how zod's schemas describe themselves as JSON Schema: the page never asks, and no bundler can tell. 2.5 kB gzipped.
 *
 * @throws Error when zod's module no longer has the assignments that this looks for.
 */
function withoutJsonSchema(): Plugin {
  return {
    name: 'without-json-schema',
    transform: {
      filter: { id: /zod\/v4\/classic\/schemas\.js$/ },
      handler(code) {
        const lean = code.replaceAll(/^ *inst\._zod\.processJSONSchema = .*;$/gm, '');
        if (lean === code) throw new Error('zod assigns processJSONSchema in another way now.');
        return { code: lean, map: null };
      },
    },
  };
}

/** One build for every host: the desktop shell, the utility process that runs the core, the CLI (which is also the browser host), and the page. */
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      sourcemap: true,
      rolldownOptions: {
        input: {
          main: resolve(here, 'electron/main/main.ts'),
          desktop: resolve(here, 'electron/hosts/desktop.ts'),
          cli: resolve(here, 'electron/hosts/cli.ts'),
          'load-worker': resolve(here, 'electron/core/adapters/load/load-worker.ts'),
          'pg-dump-worker': resolve(here, 'electron/core/adapters/postgres/pg-dump-worker.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      rolldownOptions: {
        input: { preload: resolve(here, 'electron/preload/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'renderer',
    plugins: [react(), withoutJsonSchema()],
    build: {
      outDir: 'out/renderer',
      emptyOutDir: true,
      minify: true,
      // The page comes from this machine; its budget is checked gzipped, by a test.
      chunkSizeWarningLimit: 1200,
      rolldownOptions: { input: resolve(here, 'renderer/index.html') },
    },
  },
});
