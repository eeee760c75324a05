import { resolve } from 'node:path';
import { defineConfig } from 'vite';

const here = import.meta.dirname;

/** The practice environment is built apart from the application, so that packaging can leave it out. */
export default defineConfig({
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'out/practice',
    sourcemap: true,
    rolldownOptions: {
      input: { practice: resolve(here, 'practice/practice.ts') },
      output: { format: 'es', entryFileNames: '[name].js' },
    },
  },
});
