import { createHash } from 'node:crypto';
import { settingsOf } from '#shared/model/settings';
import { openBucketStores, type BucketStores } from '../../adapters/s3/open-buckets';
import { openObjectPorts } from '../../adapters/s3/open';
import type { ObjectPorts } from '../../ports/objects';
import type { Settings } from '../../ports/settings';

/** The stores as the settings are now. */
export interface OpenStores extends BucketStores {
  readonly settings: Settings;
  /** For copies from one side to the other. */
  readonly ports: ObjectPorts;
}

/** Keeps connections open between calls, and opens new ones when the settings have changed. */
export function createStoreHolder(readSettings: () => Promise<Settings>) {
  let held: { fingerprint: string; stores: OpenStores } | undefined;
  return {
    /** The stores to use for one act. Those of earlier settings stay open for acts that are under way. */
    current: async (): Promise<OpenStores> => {
      const settings = await readSettings();
      const fingerprint = fingerprintOf(settings);
      if (held?.fingerprint !== fingerprint) held = { fingerprint, stores: open(settings) };
      return held.stores;
    },
    close: async (): Promise<void> => {
      await held?.stores.close();
      held = undefined;
    },
  };
}

function open(settings: Settings): OpenStores {
  const stores = openBucketStores(settings);
  let ports: ObjectPorts | undefined;
  return {
    settings,
    reader: (side) => stores.reader(side),
    writer: () => stores.writer(),
    get ports() {
      ports ??= openObjectPorts(settings);
      return ports;
    },
    close: async () => {
      await Promise.all([stores.close(), ports?.close()]);
    },
  };
}

/** A setting that is missing or wrong is reported by the act that needs it. */
function fingerprintOf(settings: Settings): string {
  const hash = createHash('sha256');
  for (const name of [...settingsOf('sourceObjects'), ...settingsOf('r2')]) {
    let value: string | undefined;
    try {
      value = settings.get(name);
    } catch {
      value = undefined;
    }
    hash.update(`${name}=${value ?? ''}\0`);
  }
  return hash.digest('hex');
}
