import type { OpenPoint } from '#shared/model/application';
import { readPython, type PythonSource, type Span } from './python-source';

const includes =
  '    for router in (health.router, auth.router, *routers):\n        app.include_router(router)\n';

/** `uvicorn main:app` and tests go on to find `app`; nothing is set up before somebody asks for it. */
const lazyApp = `

@lru_cache
def _default_app() -> FastAPI:
    return create_app()


def __getattr__(name: str) -> FastAPI:
    if name == "app":
        return _default_app()
    raise AttributeError(name)
`;

/**
 * The template's `main.py` with the application's routers. Whatever else the old one did and the template does not do by itself is an open
 * point: nothing is dropped in silence.
 */
export function mainFile(path: string, own: string, template: string): { text: string; open: OpenPoint[] } {
  const source = readPython(own);
  const open: OpenPoint[] = [];
  const routers: string[] = [];
  const needed = new Set<string>();
  for (const span of source.statements) {
    const text = own.slice(span.from, span.to);
    const [, router] = /^\w+\.include_router\(\s*([\w.]+)/.exec(text) ?? [];
    if (router !== undefined) {
      if (router === 'auth.router' || router === 'auth_router') {
        if (/prefix/.test(text))
          open.push(
            point(path, source, span, 'The login’s routes had a prefix of their own; theirs is /auth now.'),
          );
        continue;
      }
      routers.push(text.replace(/^\w+/, 'app'));
      needed.add(router.split('.')[0] ?? router);
    } else if (!isCovered(text)) {
      open.push(
        point(path, source, span, `The new main.py does not have this: ${text.split('\n')[0]?.trim() ?? ''}`),
      );
    }
  }
  const imports = importsFor(source, needed);
  const filled = template
    .replace('from routers import auth\n', `from routers import auth\n${imports}`)
    .replace(includes, `${includes}${routers.map((line) => `    ${line}\n`).join('')}`);
  const named = /^app\s*[:=]/m.test(own);
  const text = named
    ? `${filled.replace('from contextlib import asynccontextmanager\n', 'from contextlib import asynccontextmanager\nfrom functools import lru_cache\n').trimEnd()}\n${lazyApp}`
    : filled;
  return { text, open };
}

const point = (path: string, source: PythonSource, span: Span, what: string): OpenPoint => ({
  path,
  line: source.lineOf(span.from),
  what,
});

/** What the template's `main.py` does by itself. */
const isCovered = (text: string): boolean =>
  /^(?:import|from)\s/.test(text) ||
  /^(?:[rbuf]?"""|''')/.test(text) ||
  /^app(?::\s*FastAPI)?\s*=\s*FastAPI\(/.test(text) ||
  /^app\.add_middleware\(\s*CORSMiddleware/.test(text) ||
  /^@app\.get\(\s*["']\/health/.test(text) ||
  (/^@app\.on_event\(/.test(text) && isStorageSetUp(text)) ||
  /^if __name__ ==/.test(text) ||
  /^logg(?:er|ing)\b/.test(text);

/** A start-up function that does nothing but prepare MinIO's bucket. */
const isStorageSetUp = (text: string): boolean =>
  text
    .split('\n')
    .filter((line) => !/^\s*(?:@|(?:async )?def |#|"""|$)/.test(line))
    .every((line) => /minio/i.test(line));

/** The imports that bind the routers' names, one a line, without what they bind besides. */
function importsFor(source: PythonSource, needed: ReadonlySet<string>): string {
  const lines = source.imports.flatMap(({ module, names, local, from, to }) => {
    if (names.length === 0) return needed.has(local) ? [source.text.slice(from, to)] : [];
    const wanted = names.filter((one) => needed.has(one.local));
    const list = wanted.map(({ name, local: own }) => (name === own ? name : `${name} as ${own}`));
    return list.length === 0 ? [] : [`from ${module} import ${list.join(', ')}`];
  });
  return lines.map((line) => `${line}\n`).join('');
}
