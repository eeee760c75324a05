import { safeStorage } from 'electron';
import { AppError } from '#shared/model/errors';

/**
 * Whether the system has a real key store. Without a keyring Linux falls back to a fixed password that anyone can read in
 * Chromium's source, which protects nothing.
 */
async function available(): Promise<boolean> {
  if (process.platform === 'linux') {
    const backend = safeStorage.getSelectedStorageBackend();
    if (backend === 'basic_text' || backend === 'unknown') return false;
  }
  return safeStorage.isAsyncEncryptionAvailable();
}

async function demandStore(): Promise<void> {
  if (await available()) return;
  throw new AppError(
    'SECRETS_STORE_UNAVAILABLE',
    'This system has no key store that Cutover can keep secrets in.',
    {
      hint: 'Start a keyring such as GNOME Keyring or KWallet and restart Cutover, or use a passphrase for this workspace.',
    },
  );
}

/** Encrypts and decrypts for the core with the system's key store; encrypted text is base64. Rejects with `SECRETS_STORE_UNAVAILABLE`. */
export async function useKeyStore(
  operation: 'available' | 'encrypt' | 'decrypt',
  text: string,
): Promise<string | boolean> {
  switch (operation) {
    case 'available':
      return available();
    case 'encrypt':
      await demandStore();
      return (await safeStorage.encryptStringAsync(text)).toString('base64');
    case 'decrypt': {
      await demandStore();
      try {
        return (await safeStorage.decryptStringAsync(Buffer.from(text, 'base64'))).result;
      } catch {
        // The cause is left out: it could hold a part of what was decrypted.
        throw new AppError(
          'SECRETS_STORE_UNAVAILABLE',
          'A secret could not be decrypted with this system’s key store.',
          {
            hint: 'It was stored by another user or on another machine. Enter the secret again.',
          },
        );
      }
    }
  }
}
