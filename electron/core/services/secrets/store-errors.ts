import { AppError } from '#shared/model/errors';
import type { SettingName } from '#shared/model/settings';

/** The vault holds what is asked for, and its passphrase was not given yet. */
export function vaultLocked(): AppError {
  return new AppError('SECRETS_LOCKED', 'The secrets of this workspace are locked.', {
    hint: 'Enter the passphrase of the workspace; the command line takes it from CUTOVER_PASSPHRASE or asks for it.',
  });
}

/** There is no vault yet to put a secret into. */
export function noVaultYet(): AppError {
  return new AppError('SECRETS_LOCKED', 'This workspace has no place for secrets yet.', {
    hint: 'Choose a passphrase for the workspace first, or give the secrets in the environment or an env file.',
  });
}

/** The secrets were stored by the key store of a desktop that this process can't reach. */
export function keyStoreUnavailable(): AppError {
  return new AppError(
    'SECRETS_STORE_UNAVAILABLE',
    'The secrets of this workspace are kept by the key store of the desktop app, which can not be reached from here.',
    {
      hint: 'Open the workspace in the desktop app, or give the secrets in the environment or with --env-file.',
    },
  );
}

/** The workspace takes its secrets from the environment and stores none. */
export function environmentOnly(): AppError {
  return new AppError(
    'SECRETS_STORE_UNAVAILABLE',
    'This workspace takes its secrets from the environment and stores none.',
    { hint: 'Change the environment or the env file, or create another workspace.' },
  );
}

/** A new vault's passphrase is too short. */
export function passphraseTooShort(shortest: number): AppError {
  return new AppError('INVALID_INPUT', `The passphrase is shorter than ${shortest} characters.`, {
    hint: 'Choose a longer one; several words are good.',
  });
}

/** A stored value does not decrypt, though the store is open. */
export function storedValueDamaged(name: SettingName): AppError {
  return new AppError('WORKSPACE_UNREADABLE', `The stored value of ${name} was changed or damaged.`, {
    hint: 'Restore secrets.json from a copy, or delete it and enter the secrets anew.',
    details: { setting: name },
  });
}
