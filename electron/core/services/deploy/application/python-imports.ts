import { type PythonImport, type PythonSource, replaceSpans, type Span } from './python-source';
import type { AffectedRoute, OpenPoint } from '#shared/model/application';

/** What the new `supabase_auth.py` offers, by the names that applications have for it. */
const authNames: Readonly<Record<string, string>> = {
  get_current_user: 'get_current_user',
  get_current_active_user: 'get_current_user',
  require_user: 'get_current_user',
  get_optional_user: 'get_optional_user',
  get_current_user_optional: 'get_optional_user',
};

/** The fields that a signed-in user has now. `role` is left out: it means something else. */
const userFields = new Set(['id', 'email', 'app_metadata', 'user_metadata', 'is_anonymous', 'session_id']);

/** The public methods of `storage_service.py`. */
const storageMethods = new Set([
  'upload_file',
  'download_file',
  'stream_file',
  'delete_file',
  'file_exists',
  'get_file_info',
  'list_files',
  'get_presigned_url',
  'get_presigned_upload_url',
  'get_public_url',
  'get_file_url',
]);

const databaseNames = new Set(['Base', 'Database', 'SessionLocal', 'get_db', 'get_engine']);

export interface RewrittenPython {
  text: string;
  reasons: string[];
  routes: AffectedRoute[];
  open: OpenPoint[];
}

/** Leads a file from `auth.py` and `minio_service.py` to what replaces them, and tells which routes are concerned and what it can't decide. */
export function rewritePython(path: string, source: PythonSource): RewrittenPython {
  const changes: (Span & { text: string })[] = [];
  const reasons: string[] = [];
  const open: OpenPoint[] = [];
  const ask = (offset: number, what: string): void => {
    open.push({ path, line: source.lineOf(offset), what });
  };
  const login: Span[] = [];
  const storage: Span[] = [];

  for (const found of source.imports) {
    if (found.module === 'auth') {
      reasons.push('Who sends a request is told by the session of Supabase Auth.');
      changes.push({ ...spanOf(found), text: authImport(found, ask) });
      for (const name of localNames(found)) login.push(...source.uses(name));
      if (found.names.length === 0) {
        for (const { attribute, from, to } of source.attributesOf(found.local)) {
          const now = authNames[attribute];
          if (now === undefined) ask(from, `auth.${attribute} is gone: accounts are at Supabase Auth.`);
          else if (now !== attribute) changes.push({ from, to, text: `${found.local}.${now}` });
        }
      }
      for (const { user, from } of userParameters(source, found)) checkUser(source, user, from, ask);
    } else if (found.module === 'minio_service') {
      reasons.push('Files are in R2, behind the same methods.');
      changes.push({ ...spanOf(found), text: 'from storage_service import get_storage_service' });
      for (const { name, local } of found.names) {
        const uses = source.uses(local);
        storage.push(...uses);
        if (name === 'MinioService')
          ask(
            found.from,
            'MinioService is StorageService now; get_storage_service() gives the one of the process.',
          );
        for (const use of uses) changes.push({ ...use, text: 'get_storage_service()' });
        for (const { attribute, from } of source.attributesOf(local)) {
          if (!storageMethods.has(attribute)) ask(from, `storage_service.py has no ${attribute}.`);
        }
      }
      if (found.names.length === 0) ask(found.from, 'Use get_storage_service() in the place of this module.');
    } else if (found.module === 'database') {
      for (const { name } of found.names.filter((one) => !databaseNames.has(one.name)))
        ask(
          found.from,
          name === 'engine' ? 'engine is get_engine() now.' : `database.py has no ${name} any more.`,
        );
    }
  }
  const routes = source.handlers.flatMap((handler): AffectedRoute[] => {
    const inside = (span: Span): boolean => span.from >= handler.from && span.to <= handler.to;
    const needs: AffectedRoute['needs'] = [
      ...(login.some(inside) ? (['login'] as const) : []),
      ...(storage.some(inside) ? (['storage'] as const) : []),
    ];
    const { method, path: route, name } = handler;
    const line = source.lineOf(handler.from);
    return needs.length === 0 ? [] : [{ method, path: route, handler: name, file: path, line, needs }];
  });
  return { text: replaceSpans(source.text, changes), reasons, routes, open };
}

const spanOf = ({ from, to }: Span): Span => ({ from, to });

const localNames = (found: PythonImport): string[] =>
  found.names.length === 0 ? [found.local] : found.names.map(({ local }) => local);

function authImport(found: PythonImport, ask: (offset: number, what: string) => void): string {
  if (found.names.length === 0) return `import supabase_auth as ${found.local}`;
  const kept = found.names.flatMap(({ name, local }) => {
    const now = authNames[name];
    if (now === undefined) {
      ask(found.from, `${name} is gone: accounts are at Supabase Auth.`);
      return [];
    }
    return [local === now ? now : `${now} as ${local}`];
  });
  return kept.length === 0 ? 'import supabase_auth' : `from supabase_auth import ${kept.join(', ')}`;
}

/** Parameters that hold the signed-in user: `user: User = Depends(get_current_user)`. */
function userParameters(source: PythonSource, found: PythonImport): { user: string; from: number }[] {
  const names =
    found.names.length === 0
      ? Object.keys(authNames).map((name) => `${found.local}.${name}`)
      : found.names.filter(({ name }) => name in authNames).map(({ local }) => local);
  return source.handlers.flatMap((handler) => {
    const text = source.text.slice(handler.from, handler.to);
    return [...text.matchAll(/(\w+)\s*(?::[^=,()]+)?=\s*Depends\(\s*([\w.]+)\s*\)/g)].flatMap(
      ([, user = '', dependency = '']) => (names.includes(dependency) ? [{ user, from: handler.from }] : []),
    );
  });
}

/** The user of a request used to be a row of the users table; fields that only the row has need another way. */
function checkUser(
  source: PythonSource,
  user: string,
  from: number,
  ask: (offset: number, what: string) => void,
): void {
  const handler = source.handlers.find((one) => one.from === from);
  for (const use of source.attributesOf(user)) {
    if (handler === undefined || use.from < handler.from || use.to > handler.to) continue;
    if (use.attribute === 'role')
      ask(
        use.from,
        `${user}.role is the role of the token now; a role of the application comes by RequireRole.`,
      );
    else if (!userFields.has(use.attribute))
      ask(use.from, `The signed-in user has no ${use.attribute}; read it from the database by ${user}.id.`);
  }
}
