import { type ApplicationChanges, below, type FileChange, type FileTree, takeOver } from './changes';
import { mainFile } from './main-file';
import { rewritePython } from './python-imports';
import { readPython } from './python-source';
import { mergeRequirements } from './requirements';

const removed: Readonly<Record<string, string>> = {
  'auth.py': 'Passwords, tokens and accounts are at Supabase Auth; supabase_auth.py reads its sessions.',
  'minio_service.py': 'Files are in R2; storage_service.py has the same methods.',
};

const reasons: Readonly<Record<string, string>> = {
  'supabase_auth.py': 'Validates the tokens of Supabase Auth, and the old ones during the changeover.',
  'auth_admin.py': 'Finds the account that a token of the old login names.',
  'old_users.py': 'Tells which account an old id belongs to, where ids were no uuids.',
  'storage_service.py': 'Files in R2, with the public methods of minio_service.py.',
  'database.py': 'Connects to Supabase: few connections, both poolers, TLS.',
  'routers/auth.py':
    'The own endpoints are gone: /auth/me, the exchange of old sessions and answers for what moved stay.',
  'serve.py': 'Serves, and drains on SIGTERM, so that a release drops no request.',
  'health.py': 'Tells whether the process lives and whether its services answer.',
  'settings.py': 'All settings in one place, checked at the start.',
  'environment.py': 'Reads Docker secrets and encoded values.',
  'observability.py': 'Logs with a request id.',
  'celery_app.py': 'The worker, with its health.',
  Dockerfile: 'Pinned packages, no root, a health check.',
};

/** These are put together from the application's and the template's. */
const merged = new Set(['main.py', 'requirements.txt']);

/** Where the application has one of its own, that stays. */
const ownFirst = /^(?:tests\/|.*__init__\.py$|pyproject\.toml$|requirements.*\.in$|celery_app\.py$)/;

/** The folder that holds `auth.py` or `minio_service.py` beside `main.py`; undefined when there is none. */
export function findBackend(tree: FileTree): string | undefined {
  for (const path of tree.keys()) {
    const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name in removed && tree.has(below(folder, 'main.py'))) return folder;
  }
  return undefined;
}

/** What becomes of the backend in `folder`. `template` holds the files of the backend template by their paths in it. */
export function backendChanges(tree: FileTree, folder: string, template: FileTree): ApplicationChanges {
  const changes: ApplicationChanges = { files: [], routes: [], open: [] };
  const { files } = changes;
  for (const [name, reason] of Object.entries(removed)) {
    const path = below(folder, name);
    const before = tree.get(path);
    if (before !== undefined) files.push({ path, before, after: undefined, reasons: [reason] });
  }
  for (const [name, text] of template) {
    const path = below(folder, name);
    if (merged.has(name)) continue;
    if (ownFirst.test(name) && tree.has(path)) {
      if (!name.endsWith('__init__.py'))
        changes.open.push({
          path,
          what: `Kept as it is; compare it with ${name} of the template.`,
        });
      continue;
    }
    files.push(...takeOver(tree, path, text, reasons[name] ?? 'Part of the template.'));
  }
  addMain(tree, folder, template, changes);
  addRequirements(tree, folder, template, files);
  rewriteOthers(tree, folder, template, changes);
  return changes;
}

function addMain(tree: FileTree, folder: string, template: FileTree, changes: ApplicationChanges): void {
  const path = below(folder, 'main.py');
  const own = tree.get(path);
  const text = template.get('main.py');
  if (own === undefined || text === undefined) return;
  const made = mainFile(path, own, text);
  changes.open.push(...made.open);
  changes.files.push(
    ...takeOver(
      tree,
      path,
      made.text,
      'Starts without MinIO, opens what the application shares, includes the routers as before.',
    ),
  );
}

function addRequirements(tree: FileTree, folder: string, template: FileTree, files: FileChange[]): void {
  const path = below(folder, 'requirements.txt');
  const pinned = template.get('requirements.txt');
  if (pinned === undefined) return;
  const kept = [...tree].filter(
    ([name]) =>
      name.startsWith(below(folder, '')) &&
      name.endsWith('.py') &&
      !(name.slice(name.lastIndexOf('/') + 1) in removed),
  );
  const imported = new Set(
    kept.flatMap(([name, text]) =>
      template.has(folder === '' ? name : name.slice(folder.length + 1))
        ? []
        : readPython(text).imports.map(({ module }) => module.split('.')[0] ?? module),
    ),
  );
  const text = mergeRequirements(tree.get(path) ?? '', pinned, imported);
  files.push(
    ...takeOver(tree, path, text, 'What the template needs, pinned, and the application’s other packages.'),
  );
}

function rewriteOthers(
  tree: FileTree,
  folder: string,
  template: FileTree,
  changes: ApplicationChanges,
): void {
  for (const [path, text] of tree) {
    if (!path.startsWith(below(folder, '')) || !path.endsWith('.py')) continue;
    const name = folder === '' ? path : path.slice(folder.length + 1);
    if (name in removed) continue;
    const source = readPython(text);
    const result = rewritePython(path, source);
    changes.routes.push(...result.routes);
    // What the template brings is replaced as a whole.
    if (template.has(name) && !ownFirst.test(name)) continue;
    changes.open.push(...result.open);
    // Alembic makes a connection of its own, from a variable that may be encoded now.
    if (/(?:^|\/)env\.py$/.test(path) && /\balembic\b/.test(text) && !/\bget_engine\b/.test(text))
      changes.open.push({ path, what: 'Let Alembic connect by get_engine() of database.py.' });
    if (result.text !== text)
      changes.files.push({ path, before: text, after: result.text, reasons: [...new Set(result.reasons)] });
  }
}
