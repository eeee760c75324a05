import { z } from 'zod';
import { AppError } from '#shared/model/errors';
import { classifyDockerMessage } from '../../adapters/docker/classify';
import type { ComposeBundle } from './compose-bundle';
import { type DeployHost, lostHost } from './deploy-host';
import type { Tell } from './rollout';

/**
 * Before anything changes: a missing image, a refused login or a full disk must not surface in the middle of an update. Answers the images
 * of registries with the digests that they have now.
 */
export async function pullImages(
  host: DeployHost,
  bundle: ComposeBundle,
  tell: Tell,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const pinned: Record<string, string> = {};
  for (const image of new Set(bundle.services.map((service) => service.image))) {
    tell({ type: 'log', source: 'images', line: `Pull ${image}` });
    try {
      await host.runDocker(['pull', '-q', image], signal);
      const digests = await host.runDocker(
        ['image', 'inspect', '-f', '{{json .RepoDigests}}', image],
        signal,
      );
      const digest = digestFor(image, z.array(z.string()).parse(JSON.parse(digests)));
      if (digest !== undefined) pinned[image] = digest;
    } catch (error) {
      if (!(error instanceof AppError) || lostHost.has(error.code)) throw error;
      if (error.code === 'HOST_DISK_FULL') throw diskFull(image, error);
      const present = await host.runDocker(['image', 'inspect', '-f', '{{.Id}}', image], signal).then(
        () => true,
        () => false,
      );
      if (!present) throw imageFailure(image, error);
      tell({ type: 'log', source: 'images', line: `${image} is not in a registry; the host has it itself.` });
    }
  }
  return pinned;
}

/** `shop/web:2@sha256:…`: the tag for people, the digest for the engine. An image that names a digest already is left alone. */
function digestFor(image: string, digests: readonly string[]): string | undefined {
  if (image.includes('@')) return undefined;
  const repository = image.replace(/:[^/:]+$/, '');
  // The engine lists Docker Hub's images without the registry and the name `library`.
  const short = repository.replace(/^docker\.io\/(?:library\/)?/, '');
  const found = digests.find((entry) => entry.startsWith(`${short}@`));
  return found === undefined ? undefined : `${image}@${found.slice(short.length + 1)}`;
}

function diskFull(image: string, error: AppError): AppError {
  const message = `The host’s disk became full while it got the image ${image}. No service was changed.`;
  return new AppError('HOST_DISK_FULL', message, {
    hint: error.hint,
    details: { ...error.details, image },
    cause: error,
  });
}

function imageFailure(image: string, error: AppError): AppError {
  const known = classifyDockerMessage(error.details?.docker ?? error.details?.output ?? error.message);
  return new AppError(
    known?.code ?? 'IMAGE_NOT_FOUND',
    `The host can't get the image ${image}: ${error.details?.docker ?? error.details?.output ?? error.message}`,
    {
      hint: known?.hint ?? 'Check the image’s name and tag, and that the host reaches its registry.',
      details: { image },
    },
  );
}
