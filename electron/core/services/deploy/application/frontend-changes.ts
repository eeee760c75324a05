import { z } from 'zod';
import { type ApplicationChanges, below, type FileChange, type FileTree, takeOver } from './changes';

const reasons: Readonly<Record<string, string>> = {
  'src/lib/supabase.ts': 'The client of Supabase Auth.',
  'src/lib/store.ts': 'Follows the Supabase session in the place of the own token.',
  'src/lib/api.ts': 'Sends the session’s token and renews it once when it is refused.',
  'src/app/login/page.tsx': 'Signs in at Supabase Auth, with every refusal explained.',
  'src/app/register/page.tsx': 'Registers at Supabase Auth, with the mail to confirm.',
  'src/app/forgot-password/page.tsx': 'Asks Supabase Auth for the mail.',
  'src/app/reset-password/page.tsx': 'Where the link of that mail leads.',
  'src/app/api/health/route.ts': 'Tells whether the process serves or drains.',
  'start.mjs': 'Drains on SIGTERM, so that a release drops no request.',
  Dockerfile: 'Builds the standalone server, runs it without root, checks its health.',
};

/** What the application has of its own. */
const kept = new Set([
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'next.config.mjs',
  'src/app/layout.tsx',
  'src/app/page.tsx',
  'src/app/globals.css',
]);

/** What the old store and the old requests offered is gone; these names are what the new files offer. */
const offered: Readonly<Record<string, ReadonlySet<string>>> = {
  'lib/store': new Set(['useSession', 'followSession', 'sessionKnown', 'signOut']),
  'lib/api': new Set(['api', 'fetchMe', 'Me']),
};

const packageSchema = z.object({
  scripts: z.record(z.string(), z.string()).default({}),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

/** The folder of the Next.js application; undefined when there is none with its code under `src/app`. */
export function findFrontend(tree: FileTree): string | undefined {
  for (const path of tree.keys()) {
    if (!/(?:^|\/)package\.json$/.test(path)) continue;
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    const inside = below(folder, 'src/app/');
    if ([...tree.keys()].some((name) => name.startsWith(inside))) return folder;
  }
  return undefined;
}

/** What becomes of the frontend in `folder`. `template` holds the files of the frontend template by their paths in it. */
export function frontendChanges(tree: FileTree, folder: string, template: FileTree): ApplicationChanges {
  const changes: ApplicationChanges = { files: [], routes: [], open: [] };
  for (const [name, text] of template) {
    if (kept.has(name)) continue;
    changes.files.push(
      ...takeOver(tree, below(folder, name), text, reasons[name] ?? 'Part of the template.'),
      ...otherSpellings(tree, below(folder, name)),
    );
  }
  addPackages(tree, folder, template, changes);
  addStandalone(tree, folder, changes);
  addFollower(tree, folder, changes);
  findUses(tree, folder, template, changes);
  return changes;
}

/** A page that was written in another language than the template's would be the same page twice. */
function otherSpellings(tree: FileTree, path: string): FileChange[] {
  const [, stem] = /^(.+\/page)\.tsx$/.exec(path) ?? [];
  if (stem === undefined) return [];
  return ['.jsx', '.js', '.ts'].flatMap((ending) => {
    const before = tree.get(`${stem}${ending}`);
    return before === undefined
      ? []
      : [{ path: `${stem}${ending}`, before, after: undefined, reasons: [`${path} is this page now.`] }];
  });
}

function addPackages(tree: FileTree, folder: string, template: FileTree, changes: ApplicationChanges): void {
  const path = below(folder, 'package.json');
  const before = tree.get(path) ?? '{}';
  const whole = z.record(z.string(), z.unknown()).parse(JSON.parse(before));
  const own = packageSchema.parse(whole);
  const wanted = packageSchema.parse(JSON.parse(template.get('package.json') ?? '{}'));
  const content = {
    ...whole,
    scripts: { ...wanted.scripts, ...own.scripts, start: wanted.scripts['start'] ?? 'node start.mjs' },
    // Versions that the application chose stay.
    dependencies: { ...wanted.dependencies, ...own.dependencies },
    devDependencies: { ...wanted.devDependencies, ...own.devDependencies },
  };
  const after = `${JSON.stringify(content, undefined, 2)}\n`;
  changes.files.push(
    ...takeOver(tree, path, after, 'The client of Supabase and what the new files need; own versions stay.'),
  );
  changes.open.push({
    path: below(folder, 'package-lock.json'),

    what: 'Run npm install once and commit the lock file: the image installs what it names.',
  });
}

const configNames = ['next.config.mjs', 'next.config.js', 'next.config.ts'];

function addStandalone(tree: FileTree, folder: string, changes: ApplicationChanges): void {
  const reason = 'The image holds the standalone server alone.';
  const path = configNames.map((name) => below(folder, name)).find((name) => tree.has(name));
  if (path === undefined) {
    const text = "/** @type {import('next').NextConfig} */\nexport default { output: 'standalone' };\n";
    changes.files.push(...takeOver(tree, below(folder, 'next.config.mjs'), text, reason));
    return;
  }
  const before = tree.get(path) ?? '';
  if (/output:\s*['"]standalone/.test(before)) return;
  const after = before.replace(
    /((?:export default|module\.exports =|const \w+(?:: NextConfig)? =) \{)/,
    "$1\n  output: 'standalone',\n ",
  );
  if (after === before) changes.open.push({ path, what: "Set output: 'standalone' in this configuration." });
  else changes.files.push({ path, before, after, reasons: [reason] });
}

/** The session is followed from the first page on, which the layout of all pages begins. */
function addFollower(tree: FileTree, folder: string, changes: ApplicationChanges): void {
  const path = ['tsx', 'jsx', 'js']
    .map((end) => below(folder, `src/app/layout.${end}`))
    .find((name) => tree.has(name));
  const before = path === undefined ? '' : (tree.get(path) ?? '');
  const [body] = /<body[^>]*>/.exec(before) ?? [];
  if (path === undefined || body === undefined) {
    changes.open.push({
      path: path ?? below(folder, 'src/app/layout.tsx'),
      what: 'Put <SessionFollower /> of @/components/session-follower into the layout’s body.',
    });
    return;
  }
  if (before.includes('SessionFollower')) return;
  const [directive = ''] = /^(?:['"]use client['"];?\s*\n)/.exec(before) ?? [];
  const after =
    `${directive}import { SessionFollower } from '@/components/session-follower';\n${before.slice(directive.length)}`.replace(
      body,
      `${body}\n        <SessionFollower />`,
    );
  changes.files.push({ path, before, after, reasons: ['Follows the session from the first page on.'] });
}

/** Other files that import from the store or the requests what these no longer have. */
function findUses(tree: FileTree, folder: string, template: FileTree, changes: ApplicationChanges): void {
  for (const [path, text] of tree) {
    const inside = below(folder, 'src/');
    if (!path.startsWith(inside) || !/\.[jt]sx?$/.test(path)) continue;
    if (template.has(folder === '' ? path : path.slice(folder.length + 1))) continue;
    for (const found of text.matchAll(/import\s+(?:type\s+)?\{([^}]*)\}\s+from\s+['"]([^'"]+)['"]/g)) {
      const [, list = '', module = ''] = found;
      const names = Object.entries(offered).find(([name]) => module.endsWith(name))?.[1];
      const gone = list
        .split(',')
        .map(
          (name) =>
            name
              .replace(/^\s*type\s/, '')
              .trim()
              .split(/\s/)[0] ?? '',
        )
        .filter((name) => name !== '' && names?.has(name) === false);
      if (gone.length > 0)
        changes.open.push({
          path,
          line: text.slice(0, found.index).split('\n').length,
          what: `${module} has no ${gone.join(', ')} any more; useSession gives the session and signOut ends it.`,
        });
    }
  }
}
