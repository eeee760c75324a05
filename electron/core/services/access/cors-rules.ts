import type { BucketAccess, CorsWish, Preflight } from '#shared/contract/access';

type Rule = BucketAccess['current'][number];

const methodsOfR2: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE']);
/** What pages send along with a signed upload or a read of a range. */
const requestHeaders = [
  'content-type',
  'content-md5',
  'content-disposition',
  'cache-control',
  'range',
  'if-match',
  'if-none-match',
];
const responseHeaders = ['ETag', 'Content-Length', 'Content-Range', 'Content-Disposition'];
/** Seconds. */
const remembered = 3600;

/** The rules that a bucket should have: those of the source, as far as R2 knows their methods, and one for the application's pages. */
export function proposedRules(source: readonly Rule[], { origins, uploads }: CorsWish): Rule[] {
  const kept = source.flatMap((rule) => {
    const methods = rule.methods.filter((method) => methodsOfR2.has(method));
    return methods.length === 0 ? [] : [{ ...rule, methods }];
  });
  if (origins.length === 0) return kept;
  const own: Rule = {
    origins,
    methods: uploads ? ['GET', 'HEAD', 'PUT', 'POST'] : ['GET', 'HEAD'],
    headers: requestHeaders,
    expose: responseHeaders,
    maxAge: remembered,
  };
  return [...kept, own];
}

/** Whether an answer to a preflight lets a page of `origin` go on with `method`. */
export function isAllowed(
  answer: { status: number; headers: Readonly<Record<string, string>> },
  origin: string,
  method: string,
): Pick<Preflight, 'allowed' | 'answer'> {
  const { status, headers } = answer;
  const allowedOrigin = headers['access-control-allow-origin'];
  const methods = (headers['access-control-allow-methods'] ?? '').split(',').map((name) => name.trim());
  // Reading with GET and HEAD needs no leave of its own.
  const simple = method === 'GET' || method === 'HEAD';
  const allowed =
    status >= 200 &&
    status < 300 &&
    (allowedOrigin === '*' || allowedOrigin === origin) &&
    (simple || methods.includes(method) || methods.includes('*'));
  return {
    allowed,
    answer: `HTTP ${status}, origin ${allowedOrigin ?? 'not allowed'}, methods ${methods.join(' ') || 'none'}`,
  };
}
