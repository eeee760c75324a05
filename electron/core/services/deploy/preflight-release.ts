import type { PreflightFinding } from '#shared/model/deploy';
import { AppError } from '#shared/model/errors';
import type { ComposeBundle } from './compose-bundle';
import type { DeployHost } from './deploy-host';
import type { Runtime } from './runtime';

/** Looks whether the host can take this release: its ports are free and its images can be had. Reads only. */
export async function preflightRelease(
  host: DeployHost,
  runtime: Runtime,
  bundle: ComposeBundle,
  signal: AbortSignal,
): Promise<PreflightFinding[]> {
  return [await portsFinding(host, runtime, bundle, signal), await imagesFinding(host, bundle, signal)];
}

/** A release's files that can't be read: the rest of the host can be looked at all the same. */
export function unreadableRelease(error: AppError): PreflightFinding {
  return {
    id: 'release',
    severity: 'warning',
    title: 'Release files',
    message: `Ports and images were not looked at: ${error.message}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}

/** The ports that the release publishes, and whose they are now. */
export async function portsFinding(
  host: DeployHost,
  runtime: Runtime,
  bundle: ComposeBundle,
  signal: AbortSignal,
): Promise<PreflightFinding> {
  const wanted = [...new Set(bundle.services.flatMap(({ ports }) => ports))];
  const title = 'Ports';
  if (wanted.length === 0)
    return { id: 'ports', severity: 'ok', title, message: 'The release publishes none.' };
  const { own, others } = await runtime.ports(signal);
  const listening = listeningPorts(
    await host.run('cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; true', signal),
  );
  const taken = wanted.flatMap((port) => {
    if (own.has(port)) return [];
    const holder = others.get(port);
    if (holder !== undefined) return [`${port} (by ${holder})`];
    return listening.has(port) ? [String(port)] : [];
  });
  if (taken.length === 0)
    return { id: 'ports', severity: 'ok', title, message: `${wanted.join(', ')} can be published.` };
  return {
    id: 'ports',
    severity: 'blocker',
    title,
    message: `Taken on the host: ${taken.join(', ')}.`,
    hint: 'Publish another port, or stop what uses it: ss -ltnp on the host names it. Behind a proxy no port is needed.',
  };
}

/** Local ports in state LISTEN (0A), as the kernel lists its sockets. */
function listeningPorts(table: string): Set<number> {
  return new Set(
    [...table.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A /gm)].map(([, port = '']) =>
      Number.parseInt(port, 16),
    ),
  );
}

async function imagesFinding(
  host: DeployHost,
  bundle: ComposeBundle,
  signal: AbortSignal,
): Promise<PreflightFinding> {
  const images = [...new Set(bundle.services.map(({ image }) => image))];
  const problems: { image: string; error: AppError }[] = [];
  for (const image of images) {
    const present = await host.runDocker(['image', 'inspect', '-f', '{{.Id}}', image], signal).then(
      () => true,
      () => false,
    );
    if (present) continue;
    // What the engine does by itself for a registry on loopback.
    const insecure = /^(?:localhost|127\.[\d.]+)[:/]/.test(image) ? ['--insecure'] : [];
    try {
      await host.runDocker(['manifest', 'inspect', ...insecure, image], signal);
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'SSH_FAILED') throw error;
      problems.push({ image, error });
    }
  }
  const [first] = problems;
  const title = 'Images';
  if (first === undefined) {
    const message = `${images.length === 1 ? 'It is' : `All ${images.length} are`} on the host or in a registry that it reaches.`;
    return { id: 'images', severity: 'ok', title, message };
  }
  const known = problems.some(
    ({ error: { code } }) => code === 'IMAGE_NOT_FOUND' || code === 'REGISTRY_AUTH_FAILED',
  );
  return {
    id: 'images',
    severity: known ? 'blocker' : 'warning',
    title,
    message: problems.map(({ image, error }) => `${image}: ${error.message}`).join(' '),
    hint: first.error.hint ?? 'The release gets all images before it changes anything.',
  };
}
