import type { ConnectionTest } from '#shared/contract/connections';
import { AppError, isCancelled, toErrorShape } from '#shared/model/errors';
import { settingNameSchema } from '#shared/model/settings';
import type { ObjectStore } from '../../ports/objects';
import type { Settings } from '../../ports/settings';
import { createObjectStore } from './object-store';
import { chosenBuckets, sourceConfig, targetConfig } from './endpoints';
import { createStoreClient } from './store-client';

type Outcome = Omit<ConnectionTest, 'end' | 'at' | 'latencyMs'>;

const quick = { attempts: 2, base: 200, longest: 500 };
const silence = 10_000;
const namesShown = 20;

/** Lists the buckets of the source and reads one page of the first. Failures come back as `ok: false`; only an abort throws. */
export function testSourceObjects(settings: Settings, signal: AbortSignal): Promise<Outcome> {
  return outcome(signal, async () => {
    const client = createStoreClient({ ...sourceConfig(settings), retries: quick, silence });
    try {
      const store = createObjectStore(client, chosenBuckets(settings));
      const buckets = await store.buckets(signal);
      const [first] = buckets;
      // Listing names and reading a bucket are two permissions.
      if (first !== undefined) await store.list(first, {}, signal)[Symbol.asyncIterator]().next();
      return {
        ok: true,
        facts: bucketFacts(store.endpoint, buckets),
        warnings: plainHttp(store.endpoint, 'source'),
      };
    } finally {
      await client.close();
    }
  });
}

/** Lists the buckets of R2. Writes nothing, so whether the token may write is known only when a run begins. */
export function testR2(settings: Settings, signal: AbortSignal): Promise<Outcome> {
  return outcome(signal, async () => {
    const client = createStoreClient({ ...targetConfig(settings), retries: quick, silence });
    try {
      const store = createObjectStore(client);
      const warnings = plainHttp(store.endpoint, 'target');
      const buckets = await allowedBuckets(store, signal);
      return buckets === undefined
        ? {
            ok: true,
            facts: [{ label: 'Endpoint', value: store.endpoint }],
            warnings: [...warnings, objectsOnly],
          }
        : { ok: true, facts: bucketFacts(store.endpoint, buckets), warnings };
    } finally {
      await client.close();
    }
  });
}

const objectsOnly = {
  code: 'R2_TOKEN_OBJECTS_ONLY',
  message: 'The token is valid but may not list buckets.',
  hint: 'Create the target buckets before the run, or use a token with Admin Read & Write.',
};

/** The bucket names, or undefined when the token is good but limited to objects. */
async function allowedBuckets(store: ObjectStore, signal: AbortSignal): Promise<string[] | undefined> {
  try {
    return await store.buckets(signal);
  } catch (error) {
    if (error instanceof AppError && error.code === 'OBJECTS_PERMISSION_DENIED') return undefined;
    throw error;
  }
}

async function outcome(signal: AbortSignal, test: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await test();
  } catch (error) {
    if (signal.aborted || isCancelled(error)) throw error;
    const shape = toErrorShape(error);
    const setting = settingNameSchema.safeParse(shape.details?.['setting']);
    return {
      ok: false,
      facts: [],
      warnings: [],
      error: shape,
      ...(setting.success ? { setting: setting.data } : {}),
    };
  }
}

function bucketFacts(endpoint: string, buckets: readonly string[]): Outcome['facts'] {
  const more = buckets.length > namesShown ? `, and ${buckets.length - namesShown} more` : '';
  return [
    { label: 'Endpoint', value: endpoint },
    {
      label: 'Buckets',
      value: buckets.length === 0 ? 'none' : `${buckets.slice(0, namesShown).join(', ')}${more}`,
    },
  ];
}

function plainHttp(endpoint: string, side: 'source' | 'target'): Outcome['warnings'] {
  const { protocol, hostname } = new URL(endpoint);
  if (protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) return [];
  return [
    {
      code: 'CONNECTION_NOT_ENCRYPTED',
      message: `${endpoint} is plain HTTP: files cross the network unencrypted.`,
      hint: side === 'source' ? 'Use HTTPS, an SSH tunnel or a private network.' : 'R2 answers on HTTPS.',
    },
  ];
}
