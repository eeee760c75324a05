import { z } from 'zod';
import type { secretStoreSchema } from '#shared/contract/workspaces';
import type { AppError } from '#shared/model/errors';
import { settingNames, settingNameSchema, type SettingName } from '#shared/model/settings';
import type { SecretsBroker } from '../../ports/secrets-broker';
import { applyChanges, type Changes, type SettingValues } from '../settings/variables';
import { jsonFile } from '../workspaces/json-file';
import {
  environmentOnly,
  keyStoreUnavailable,
  noVaultYet,
  passphraseTooShort,
  storedValueDamaged,
  vaultLocked,
} from './store-errors';
import {
  deriveKey,
  kdfSchema,
  newKdf,
  seal,
  sealCheck,
  type Sealed,
  sealedSchema,
  unlockVault,
  unseal,
} from './vault';

const safeStorageFileSchema = z.object({
  version: z.literal(1),
  kind: z.literal('safeStorage'),
  values: z.partialRecord(settingNameSchema, z.base64()),
});
const vaultFileSchema = z.object({
  version: z.literal(1),
  kind: z.literal('passphrase'),
  kdf: kdfSchema,
  check: sealedSchema,
  values: z.partialRecord(settingNameSchema, sealedSchema),
});
const storeFileSchema = z.discriminatedUnion('kind', [safeStorageFileSchema, vaultFileSchema]);
type SafeStorageFile = z.infer<typeof safeStorageFileSchema>;
type VaultFile = z.infer<typeof vaultFileSchema>;
type StoreFile = z.infer<typeof storeFileSchema>;

export type SecretStoreView = z.infer<typeof secretStoreSchema>;
export type SettingChanges = Changes<string>;

export interface StoredSecrets {
  values: SettingValues;
  /** Stored, and not readable yet. */
  locked: SettingName[];
  /** The failure that a locked value stands for. */
  lockedError: () => AppError;
}

/** Shorter passphrases fall to guessing, whatever the key derivation costs. */
const shortestPassphrase = 8;

/** Where a workspace keeps its secrets: `secrets.json` (mode 600), encrypted, or nowhere. */
export interface SecretStore {
  view(): Promise<SecretStoreView>;
  /** Throws `WORKSPACE_UNREADABLE` when the file or a value was changed. */
  read(): Promise<StoredSecrets>;
  /** Throws `SECRETS_LOCKED` or `SECRETS_STORE_UNAVAILABLE` when a value can't be stored; nothing is written then. */
  update(changes: SettingChanges): Promise<void>;
  /** Opens the vault, or makes it when there is none. Throws `SECRETS_PASSPHRASE_WRONG`. */
  unlock(passphrase: string): Promise<void>;
}

export interface SecretStoreOptions {
  file: string;
  broker: SecretsBroker | undefined;
  /** True when secrets come from the environment, so that an absent store is not something to ask for. */
  fromEnvironment: boolean;
  /** True for a workspace that never stores a secret. */
  neverStored: boolean;
}

/** Opens the store; reads nothing yet. Several processes may use one store at the same time. */
export function openSecretStore(options: SecretStoreOptions): SecretStore {
  const stored = jsonFile<StoreFile>(options.file, storeFileSchema, 0o600);
  let opened: { salt: string; key: Buffer } | undefined;
  // Told by the salt: another process may have replaced the vault by one of another passphrase.
  const keyFor = (file: VaultFile) => (opened?.salt === file.kdf.salt ? opened.key : undefined);
  const usableBroker = async () =>
    options.broker !== undefined && (await options.broker.available()) ? options.broker : undefined;

  const openVault = async (passphrase: string, file: VaultFile): Promise<void> => {
    opened = { salt: file.kdf.salt, key: await unlockVault(passphrase, file.kdf, file.check) };
  };

  return {
    view: async () => {
      const file = await stored.read();
      if (file?.kind === 'passphrase') {
        return { kind: 'passphrase', state: keyFor(file) === undefined ? 'locked' : 'open' };
      }
      const broker = await usableBroker();
      if (file !== undefined) return { kind: 'safeStorage', state: broker === undefined ? 'locked' : 'open' };
      if (options.neverStored) return { kind: 'environment', state: 'open' };
      if (broker !== undefined) return { kind: 'safeStorage', state: 'open' };
      return options.fromEnvironment
        ? { kind: 'environment', state: 'open' }
        : { kind: 'passphrase', state: 'new' };
    },
    read: async () => {
      const file = await stored.read();
      if (file === undefined) return { values: {}, locked: [], lockedError: vaultLocked };
      return file.kind === 'passphrase'
        ? readVault(file, keyFor(file))
        : readSafeStorage(file, await usableBroker());
    },
    update: async (changes) => {
      const adds = Object.values(changes).some((value) => value !== null);
      if (adds && options.neverStored) throw environmentOnly();
      if (!adds && (await stored.read()) === undefined) return;
      const broker = await usableBroker();
      await stored.update((file) => {
        if (file?.kind === 'passphrase') return changedVault(file, changes, keyFor(file));
        if (file === undefined && broker === undefined) throw noVaultYet();
        return changedSafeStorage(file, changes, broker);
      });
    },
    unlock: async (passphrase) => {
      if (options.neverStored) throw environmentOnly();
      const file = await stored.read();
      if (file?.kind === 'safeStorage') throw keyStoreUnavailable();
      if (file !== undefined) return openVault(passphrase, file);
      if (passphrase.length < shortestPassphrase) throw passphraseTooShort(shortestPassphrase);
      const kdf = newKdf();
      const key = await deriveKey(passphrase, kdf);
      const made = { version: 1, kind: 'passphrase', kdf, check: sealCheck(key, kdf), values: {} } as const;
      // Another process may have made a store meanwhile: then the passphrase has to be that one's.
      const present = await stored.update((current) => current ?? made);
      if (present.kind === 'safeStorage') throw keyStoreUnavailable();
      if (present.kdf.salt === kdf.salt) opened = { salt: kdf.salt, key };
      else await openVault(passphrase, present);
    },
  };
}

function readVault(file: VaultFile, key: Buffer | undefined): StoredSecrets {
  const values: SettingValues = {};
  const locked: SettingName[] = [];
  for (const name of settingNames) {
    const sealed = file.values[name];
    if (sealed === undefined) continue;
    if (key === undefined) locked.push(name);
    else {
      const text = unseal(key, file.kdf, name, sealed);
      if (text === undefined) throw storedValueDamaged(name);
      values[name] = text;
    }
  }
  return { values, locked, lockedError: vaultLocked };
}

async function readSafeStorage(
  file: SafeStorageFile,
  broker: SecretsBroker | undefined,
): Promise<StoredSecrets> {
  const values: SettingValues = {};
  const locked: SettingName[] = [];
  for (const name of settingNames) {
    const sealed = file.values[name];
    if (sealed === undefined) continue;
    if (broker === undefined) locked.push(name);
    else {
      values[name] = await broker.decrypt(sealed).catch(() => {
        throw storedValueDamaged(name);
      });
    }
  }
  return { values, locked, lockedError: keyStoreUnavailable };
}

function changedVault(file: VaultFile, changes: SettingChanges, key: Buffer | undefined): VaultFile {
  if (key === undefined) throw vaultLocked();
  const sealed: Changes<Sealed> = {};
  for (const name of settingNames) {
    const value = changes[name];
    if (value !== undefined) sealed[name] = value === null ? null : seal(key, file.kdf, name, value);
  }
  return { ...file, values: applyChanges(file.values, sealed) };
}

async function changedSafeStorage(
  file: SafeStorageFile | undefined,
  changes: SettingChanges,
  broker: SecretsBroker | undefined,
): Promise<SafeStorageFile> {
  if (broker === undefined) throw keyStoreUnavailable();
  const sealed: Changes<string> = {};
  for (const name of settingNames) {
    const value = changes[name];
    if (value !== undefined) sealed[name] = value === null ? null : await broker.encrypt(value);
  }
  return { version: 1, kind: 'safeStorage', values: applyChanges(file?.values ?? {}, sealed) };
}
