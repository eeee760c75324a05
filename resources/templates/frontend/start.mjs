/**
 * Runs the built server. On SIGTERM it goes on serving for DRAIN_SECONDS while /api/health answers 503, so that a proxy that looks only
 * now and then has stopped sending requests before the process ends.
 */
process.env.NEXT_MANUAL_SIG_HANDLE = 'true';
const seconds = Number(process.env.DRAIN_SECONDS ?? '20');

process.on('SIGTERM', () => {
  if (globalThis.draining === true) process.exit(0);
  globalThis.draining = true;
  setTimeout(() => process.exit(0), seconds * 1000);
});
process.on('SIGINT', () => process.exit(0));

await import('./server.js');
