export const dynamic = 'force-dynamic';

/** 200 while the process serves, 503 once it drains. `start.mjs` sets the mark. */
export function GET(): Response {
  const draining = Reflect.get(globalThis, 'draining') === true;
  return Response.json(
    { status: draining ? 'draining' : 'ok', version: process.env.APP_VERSION ?? 'development' },
    { status: draining ? 503 : 200 },
  );
}
