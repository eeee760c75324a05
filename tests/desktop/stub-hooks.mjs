/** Resolves `electron` to the stub, for programs that were built for Electron and run in Node. */
export function resolve(specifier, context, next) {
  if (specifier !== 'electron') return next(specifier, context);
  return { url: new URL('./electron-stub.ts', import.meta.url).href, shortCircuit: true };
}
